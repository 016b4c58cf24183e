import { CacheError } from './errors.js';

/** What counts: the name of the call. */
export type CountingCall = 'increment' | 'decrement';

/** Something that is no number was to be counted up or down. What is stored stays as it is. */
export class NotANumberError extends CacheError {
  static readonly code = 'ERR_CACHE_NOT_A_NUMBER';
  readonly code = NotANumberError.code;
  override readonly name = 'NotANumberError';

  constructor(
    readonly call: CountingCall,
    /** As it was given to the call. */
    readonly key: string | number,
    /** What kind of thing is stored. */
    readonly found: string,
  ) {
    super(`${call}: ${found} is stored under ${shown(key)}, which is no finite number`);
  }
}

/** A value could not be counted up or down: the store did not answer, or others were faster time and again. */
export class ValueUnavailableError extends CacheError {
  static readonly code = 'ERR_CACHE_VALUE_UNAVAILABLE';
  readonly code = ValueUnavailableError.code;
  override readonly name = 'ValueUnavailableError';

  constructor(
    readonly call: CountingCall,
    /** As it was given to the call. */
    readonly key: string | number,
    readonly reason: 'store' | 'contention',
  ) {
    const why = reason === 'store' ? 'the store does not answer' : 'others wrote the value time and again';
    super(`${call} of ${shown(key)}: ${why}`);
  }
}

/** A key may be of any length, and what stands at its end is seldom what tells it from others. */
function shown(key: string | number): string {
  const text = JSON.stringify(key);
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

/**
 * A producer took longer than `hardTimeout`, and nothing stored could answer in its stead. It goes on, and what it makes
 * is stored.
 */
export class ValueTimeoutError extends CacheError {
  static readonly code = 'ERR_CACHE_VALUE_TIMEOUT';
  readonly code = ValueTimeoutError.code;
  override readonly name = 'ValueTimeoutError';

  constructor(
    /** What the value is counted under. */
    readonly route: string,
    readonly timeoutMs: number,
  ) {
    super(`${route}: the producer took longer than ${timeoutMs} ms`);
  }
}

/**
 * What `loadMissing` of `getOrSetMany` has returned does not say which value belongs to which key: a list without `by`, for
 * one, as a database returns rows in an order of its own. Nothing of it was stored.
 */
export class LoadMissingError extends CacheError {
  static readonly code = 'ERR_CACHE_LOAD_MISSING';
  readonly code = LoadMissingError.code;
  override readonly name = 'LoadMissingError';

  constructor(
    /** What it has returned. */
    readonly returned: string,
    /** What it is to do instead. */
    readonly advice: string,
  ) {
    super(`getOrSetMany: loadMissing returned ${returned}; ${advice}`);
  }
}
