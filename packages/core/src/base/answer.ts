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
    onFailure(`threw ${textOf(error)}`);
  }
  return undefined;
}

/**
 * Whether a user's function said exactly `true`. Anything that is no boolean is told as a failure too: whoever returns
 * `undefined` has most likely forgotten to return.
 */
export function saysTrue(ask: () => unknown, onFailure: (why: string) => void): boolean {
  let hasFailed = false;
  const answer = answerOf(ask, (why) => {
    hasFailed = true;
    onFailure(why);
  });
  if (!hasFailed && typeof answer !== 'boolean') onFailure(`returned ${kindOf(answer)} rather than true or false`);
  return answer === true;
}

/** What was thrown, as text: it may be anything at all, and telling of it must not throw again. */
export function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return kindOf(error);
  }
}

/** What a value is, without what is in it: it may be a visitor's, or anything else that was thrown. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (isList(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A proxy that was revoked cannot even be asked that. */
function isList(value: unknown): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** Looks after a promise that nobody waits for. */
export function ignoreRejection(value: unknown): void {
  if (isThenable(value)) Promise.resolve(value).catch(() => {});
}

/**
 * A promise of what a thenable comes to, whose `then` is called now: a query builder begins its work there, and where it does
 * that says whose part the work is.
 */
export function begun(thenable: PromiseLike<unknown>): Promise<unknown> {
  // Where nothing begins with it.
  if (thenable.then === Promise.prototype.then) return Promise.resolve(thenable);
  return new Promise((resolve, reject) => void thenable.then(resolve, reject));
}

/** Whether something is a promise, or can be waited for as one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
