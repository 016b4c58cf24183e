import { CacheError } from './errors.js';

/** Something that is no number was to be counted up. What is stored stays as it is. */
export class NotANumberError extends CacheError {
  static readonly code = 'ERR_CACHE_NOT_A_NUMBER';
  readonly code = NotANumberError.code;
  override readonly name = 'NotANumberError';

  constructor(
    /** What kind of thing is stored. */
    readonly found: string,
  ) {
    super(`increment: ${found} is stored, which is no finite number`);
  }
}

/** A value could not be counted up: the store did not answer, or others were faster time and again. */
export class ValueUnavailableError extends CacheError {
  static readonly code = 'ERR_CACHE_VALUE_UNAVAILABLE';
  readonly code = ValueUnavailableError.code;
  override readonly name = 'ValueUnavailableError';

  constructor(readonly reason: 'store' | 'contention') {
    super(
      reason === 'store' ? 'increment: the store does not answer' : 'increment: others wrote the value time and again',
    );
  }
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
