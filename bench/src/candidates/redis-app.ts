import { makeApp } from './express-app.js';
import { redisUrlFromArguments, serve } from './serve.js';
import { type CacheOptions, cachePage, createCache, createServer } from './viewcache.js';

/** Serves `app.use(cachePage(…))` over the bench's Redis. */
export async function serveFromRedis(options: Pick<CacheOptions, 'consistency' | 'maxBytes'> = {}): Promise<void> {
  const cache = createCache({
    ...options,
    store: redisUrlFromArguments(),
    // Redis shares its core with the load: the few times it is kept waiting, its answer is waited for and nothing else measured.
    deadline: '5s',
  });
  await cache.ready();
  const { app, counters } = makeApp({ middleware: cachePage({ ttl: 3_600, cache }) });
  serve(createServer(app), { ...counters, entries: () => cache.stats().entries });
}
