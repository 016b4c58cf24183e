import { createCache, ValueTimeoutError } from '@viewcache/core';

// A process that has nothing but a cache. It says what it was answered, if it lives to hear it.
const [store = '', what] = process.argv.slice(2);
const cache = createCache({ store, ttl: 60 });
const never = () => new Promise<never>(() => {});

async function ask(): Promise<unknown> {
  switch (what) {
    case 'hard':
      return await cache.getOrSet('k', never, { hardTimeout: '50ms' });
    case 'soft':
      await cache.set('k', 'old', { ttl: '1ms', staleIfError: 60 });
      while (await cache.has('k'));
      return await cache.getOrSet('k', never, { staleIfError: 60, softTimeout: '50ms' });
    case 'many':
      return await cache.getOrSetMany(['k'], never, { hardTimeout: '50ms' });
    case 'memoized':
      return await cache.memoize(async () => await never(), { name: 'f', hardTimeout: '50ms' })();
    case 'joined':
      void cache.getOrSet('k', never);
      return await cache.getOrSet('k', never, { hardTimeout: '50ms' });
    case 'made':
      return await cache.getOrSet(`k${process.pid}`, () => 'made');
    default:
      return await cache.getOrSet('k', never);
  }
}

try {
  process.stdout.write(String(await ask()));
} catch (error) {
  process.stdout.write(error instanceof ValueTimeoutError ? 'timeout' : String(error));
}
