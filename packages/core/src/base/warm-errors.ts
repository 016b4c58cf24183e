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
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    super(withoutSecrets(`${source} ${problem}${why}`), cause === undefined ? undefined : { cause });
    this.source = source.includes('://') ? withoutSecrets(source) : source;
  }
}
