import { CacheError } from './errors.js';

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
