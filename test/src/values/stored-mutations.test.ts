import { describe, expect, it } from '@jest/globals';
import { readMutated } from './stored-mutations.js';
import { servers, stores } from './stores.js';

// `npm run test:soak` goes on for longer.
const COUNT = 500;
const shared = stores.flatMap(([name, store]) => (store === undefined ? [] : [[name, store] as const]));

describe.each(shared)('the bytes of values, changed at random in %s', (_name, store) => {
  // What was there before has gone: its names are not to be found among those of this test.
  const clear = async (): Promise<unknown> =>
    store === servers.redis.url ? servers.redis.command('FLUSHALL') : servers.memcached.command('flush_all');

  it.each(['damaged', 'signed'] as const)('are a miss each, and an event (%s)', async (way) => {
    await clear();
    const { tried, found, unreadable } = await readMutated(store, way, COUNT, 1);
    expect({ found, unreadable }).toEqual({ found: 0, unreadable: tried });
  });

  it('harm nobody where they are made to look whole', async () => {
    await clear();
    const { found, unreadable } = await readMutated(store, 'mended', COUNT, 2);
    expect(found).toBeGreaterThan(0);
    expect(unreadable).toBeGreaterThan(0);
  });
});
