import { createCache } from '@viewcache/core';

// A process that has nothing but a cache. It says how far it came.
const [store = '', what] = process.argv.slice(2);
const cache = createCache({ store, l1MaxLag: '100ms' });

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
