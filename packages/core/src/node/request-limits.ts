import type { IncomingMessage } from 'node:http';
import type { RequestDirective } from '../config/view-options.js';
import type { LocalItem } from '../engine/local-item.js';
import { type CacheControl, NO_CACHE_CONTROL, parseCacheControl } from '../http/cache-control.js';
import { forbidsStale, isAcceptable } from '../http/freshness.js';

/** What a request asks of a stored response, as far as it is heard (RFC 9111 §5.2.1). */
export class RequestLimits {
  readonly #heard: CacheControl;

  constructor({ headers }: IncomingMessage, honours: ReadonlySet<RequestDirective>) {
    // Pragma counts only where there is no Cache-Control (§5.4).
    const said = parseCacheControl(headers['cache-control'] ?? headers.pragma);
    this.#heard = {
      ...NO_CACHE_CONTROL,
      noStore: honours.has('no-store') && said.noStore,
      noCache: honours.has('no-cache') && said.noCache,
      maxAge: honours.has('max-age') ? said.maxAge : undefined,
      minFresh: honours.has('min-fresh') ? said.minFresh : undefined,
      maxStale: honours.has('max-stale') ? said.maxStale : undefined,
      onlyIfCached: honours.has('only-if-cached') && said.onlyIfCached,
    };
  }

  /** Nothing of it is to be stored. */
  get noStore(): boolean {
    return this.#heard.noStore;
  }

  /** What is stored will not do unless its handler says so. */
  get noCache(): boolean {
    return this.#heard.noCache !== false;
  }

  /** No handler is to be asked. */
  get onlyIfCached(): boolean {
    return this.#heard.onlyIfCached;
  }

  /** Whether a stored response will do that may answer by itself, fresh or not. */
  accepts(item: LocalItem, now: number): boolean {
    return this.#isAcceptable({ ...this.#heard, maxStale: Number.POSITIVE_INFINITY }, item, now, true);
  }

  /** Whether one will do that is too old to answer anybody who has not asked for such. */
  acceptsStale(item: LocalItem, now: number): boolean {
    if (this.#heard.maxStale === undefined) return false;
    const lines = item.stored.headers.filter((_, at, all) => at % 2 === 1 && isCacheControl(all[at - 1]));
    return this.#isAcceptable(this.#heard, item, now, !forbidsStale(parseCacheControl(lines)));
  }

  #isAcceptable(heard: CacheControl, item: LocalItem, now: number, mayBeStale: boolean): boolean {
    return isAcceptable(heard, item.stored.lifetimeMs, now - item.generatedAt, mayBeStale);
  }
}

function isCacheControl(name: string | undefined): boolean {
  return name?.toLowerCase() === 'cache-control';
}
