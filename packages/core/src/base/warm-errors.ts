import { CacheError } from './errors.js';
import { withoutSecrets } from './without-secrets.js';

/** What a cache was to be warmed with could not be read: a sitemap or an access log; `cause` says why, where that is known. */
export class WarmSourceError extends CacheError {
  static readonly code = 'ERR_CACHE_WARM_SOURCE';
  readonly code = WarmSourceError.code;
  static override get name(): string {
    return 'WarmSourceError';
  }
  override readonly name = 'WarmSourceError';

  /** The file, or the URL, without a login in it and without the values of its query. */
  readonly source: string;

  constructor(source: string, problem: string, cause?: unknown) {
    const why = isError(cause) ? `: ${cause.message}${codeBelow(cause)}` : '';
    super(withoutSecrets(`${source} ${problem}${why}`), cause === undefined ? undefined : { cause });
    this.source = source.includes('://') ? withoutSecrets(source) : source;
  }
}

/** `fetch` says no more than that it has failed; what lies below it says why. */
function codeBelow({ cause }: Error): string {
  if (!isError(cause)) return '';
  return ` (${'code' in cause ? String(cause.code) : cause.message})`;
}

/** Of any realm: `fetch` may be of another one. */
function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}
