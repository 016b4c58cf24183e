import { begun, isThenable } from '../base/answer.js';
import { runInView, type ViewContext } from '../engine/view-context.js';

/**
 * Runs a producer in a context of its own, and tells what it has made, or why it has not: at once where it returns no promise.
 *
 * What goes wrong with what was made counts as the producer's own failure: somebody waits to be told. Whatever goes on in the
 * context from then on is no part of what was made.
 */
export function runProducer(
  context: ViewContext,
  produce: () => unknown,
  made: (value: unknown) => void,
  failed: (error: unknown) => void,
): void {
  const succeed = (value: unknown): void => {
    context.end();
    made(value);
  };
  const fail = (error: unknown): void => {
    context.end();
    failed(error);
  };
  try {
    const value = runInView(context, () => {
      const returned = produce();
      return isThenable(returned) ? begun(returned) : returned;
    });
    if (isThenable(value)) Promise.resolve(value).then(succeed).catch(fail);
    else succeed(value);
  } catch (error) {
    fail(error);
  }
}
