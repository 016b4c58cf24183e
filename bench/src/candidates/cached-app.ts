import type { Express } from 'express';
import { type AppOptions, makeApp } from './express-app.js';
import type { Counters } from './serve.js';
import { cachePage, createCache } from './viewcache.js';

/** Few enough entries that the miss path evicts one for each it stores. */
const MAX_ENTRIES = 1_000;

/** Makes the app of all our own candidates: `app.use(cachePage(…))` over a bounded memory store. */
export function makeCachedApp(options: Omit<AppOptions, 'middleware'> & { beforeMiddleware?: boolean } = {}): {
  app: Express;
  counters: Counters;
} {
  const { beforeMiddleware = false, ...appOptions } = options;
  const cache = createCache({ store: `memory:?maxEntries=${MAX_ENTRIES}` });
  const { app, counters } = makeApp({ ...appOptions, middleware: cachePage({ ttl: 3_600, cache, beforeMiddleware }) });
  return { app, counters: { ...counters, entries: () => cache.stats().entries } };
}
