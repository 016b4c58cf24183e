import type { Cache, CacheEvent } from '@viewcache/core';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import type { RequestHandler } from 'express';
import type { expresses } from '../support/expresses.js';
import { makeCache, type Site, serve } from '../support/site.js';

/** A site whose every page is behind one `cachePage`, and what became of what it was asked. */
interface OptionsSite {
  readonly site: Site;
  readonly cache: Cache;
  warnings(): string[];
  /** How often a handler ran. */
  calls(): number;
}

/** Makes sites with options of `cachePage`, on a version of Express. */
export function optionsSite(
  express: (typeof expresses)[number][1],
): (options: Partial<CachePageOptions>, handler?: RequestHandler) => Promise<OptionsSite> {
  return async (options, handler) => {
    let calls = 0;
    const cache = options.cache ?? makeCache();
    const events: CacheEvent[] = [];
    cache.on((event) => events.push(event));
    const app = express();
    app.use(express.json());
    const count: RequestHandler = (_req, _res, next) => {
      calls++;
      next();
    };
    app.use(cachePage({ ttl: 60, ...options, cache }), count);
    app.use(handler ?? ((_req, res) => void res.send(`${calls}`)));
    const warnings = () => events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    return { site: await serve(app), cache, warnings, calls: () => calls };
  };
}
