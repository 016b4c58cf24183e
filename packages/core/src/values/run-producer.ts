import { begun, isThenable } from '../base/answer.js';
import type { ViewContext } from '../engine/view-context.js';
import { enterView } from '../engine/view-storage.js';
import type { Call } from './call.js';
import type { Producer, ProducerRun } from './producer.js';

/** So many producers run inside one another before the next one gets a stack of its own: a part of what any Node has room for. */
const DEEPEST = 16;

/** Producers that run inside one another on this stack: those that have returned a promise are not on it any more. */
let depth = 0;

/** Hears of the end of a run, once. */
export interface RunEnd {
  made(value: unknown): void;
  failed(error: unknown): void;
}

/**
 * Runs a producer in a context of its own, and tells what it has made, or why it has not: at once where it returns no promise.
 *
 * What goes wrong with what was made counts as the producer's own failure: somebody waits to be told. Whatever goes on in the
 * context from then on is no part of what was made.
 *
 * @param call - whose producer it is
 */
export function runProducer(
  context: ViewContext,
  call: Pick<Call, 'producer' | 'isNow'>,
  told: ProducerRun,
  end: RunEnd,
): void {
  const succeed = (value: unknown): void => {
    context.end();
    end.made(value);
  };
  const fail = (error: unknown): void => {
    context.end();
    end.failed(error);
  };
  try {
    context.begin();
    const value = enterView(context, call.isNow || depth < DEEPEST ? run : runLater, call.producer, told);
    if (isThenable(value)) Promise.resolve(value).then(succeed).catch(fail);
    else succeed(value);
  } catch (error) {
    fail(error);
  }
}

function run(produce: Producer, told: ProducerRun): unknown {
  depth++;
  try {
    const returned = produce(told);
    return isThenable(returned) ? begun(returned) : returned;
  } finally {
    depth--;
  }
}

/** When whatever runs now has returned, in the context of now. */
function runLater(produce: Producer, told: ProducerRun): Promise<unknown> {
  return Promise.resolve().then(() => run(produce, told));
}
