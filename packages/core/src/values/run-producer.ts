import { isThenable } from '../base/answer.js';
import { runInView, type ViewContext } from '../engine/view-context.js';

/**
 * Runs a producer in a context of its own, and tells what it has made, or why it has not: at once where it returns no promise.
 *
 * What goes wrong with what was made counts as the producer's own failure: somebody waits to be told.
 */
export function runProducer(
  context: ViewContext,
  produce: () => unknown,
  made: (value: unknown) => void,
  failed: (error: unknown) => void,
): void {
  try {
    const value = runInView(context, produce);
    if (isThenable(value)) Promise.resolve(value).then(made).catch(failed);
    else made(value);
  } catch (error) {
    failed(error);
  }
}
