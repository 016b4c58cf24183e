/**
 * The answer of a user's function that has to answer at once; `undefined` where it has thrown or promised instead.
 *
 * A promise that rejects later must not end the process, which is what Node does with one that nobody looks at.
 */
export function answerOf<T>(ask: () => T, onFailure: (why: string) => void = () => {}): T | undefined {
  try {
    const answer = ask();
    if (!isThenable(answer)) return answer;
    ignoreRejection(answer);
    onFailure('returned a promise');
  } catch (error) {
    onFailure(`threw ${error}`);
  }
  return undefined;
}

/** Looks after a promise that nobody waits for. */
export function ignoreRejection(value: unknown): void {
  if (isThenable(value)) Promise.resolve(value).catch(() => {});
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
