import { type Clock, createCache } from '@viewcache/core';

// A process that has nothing but a cache. It says how far it came.
const [store = '', what, haste = '1'] = process.argv.slice(2);

/** Time that passes so many times as fast, so that nobody waits for the end of the cache's patience. */
function fast(times: number): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now() * times,
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs / times).unref();
      return { cancel: () => clearTimeout(timer) };
    },
  };
}

const cache = createCache({ store, l1MaxLag: '100ms', ...(haste === '1' ? {} : { clock: fast(Number(haste)) }) });

switch (what) {
  case 'ready':
    await cache.ready();
    break;
  case 'invalidate':
    await cache.invalidate({ tags: 'a' });
    break;
  case 'confirm':
    await cache.ready();
    await cache.invalidate({ tags: 'a' }, { confirm: 'all' });
    break;
  case 'close':
    await cache.close();
    break;
}
process.stdout.write('done');
