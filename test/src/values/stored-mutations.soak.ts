import { describe, expect, it } from '@jest/globals';
import { readMutated } from './stored-mutations.js';
import { servers } from './stores.js';

const COUNT = 100_000;

describe('the bytes of values, changed at random in Redis 10⁵ times', () => {
  it.each([
    ['damaged', 11],
    ['signed', 12],
  ] as const)(
    'are a miss each, and an event (%s)',
    async (way, seed) => {
      await servers.redis.command('FLUSHALL');
      const { tried, found, unreadable } = await readMutated(servers.redis.url, way, COUNT, seed);
      expect({ found, unreadable }).toEqual({ found: 0, unreadable: tried });
    },
    600_000,
  );

  it('harm nobody where they are made to look whole', async () => {
    await servers.redis.command('FLUSHALL');
    const { found } = await readMutated(servers.redis.url, 'mended', COUNT, 13);
    expect(found).toBeGreaterThan(0);
  }, 600_000);
});
