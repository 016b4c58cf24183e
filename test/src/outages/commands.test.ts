import { describe, expect, it } from '@jest/globals';
import { MemcachedServer } from '../servers/memcached.js';
import { RedisServer } from '../servers/redis.js';
import { closeAfterEach } from '../support/site.js';
import { siteOver } from './site-over.js';

closeAfterEach();

/** What a connection says by itself: that it is there, and who it is. */
/** A busy machine's server may take longer for an exchange than an app would wait. */
const PATIENT = { maxEntries: 1, l1MaxLag: '1h', deadline: '30s' } as const;
const BY_ITSELF = ['ping', 'info', 'hello', 'client|setinfo', 'config|resetstat', 'subscribe', 'get'];
const PAGES = ['/a', '/b', '/c'];

describe('what a request costs the server', () => {
  it('of Redis: one command for a hit that memory does not have', async () => {
    const redis = await RedisServer.start();
    try {
      // One response in memory, so that the next page is never there. Without a lag the bus asks for nothing meanwhile.
      const { get, untilHit } = await siteOver({ store: redis.url, ...PATIENT }, (path) => path);
      for (const path of PAGES) await untilHit(path);
      await redis.command('CONFIG', 'RESETSTAT');
      for (let i = 0; i < 60; i++)
        expect(await get(PAGES[i % 3] ?? '')).toMatchObject({ isHit: true, text: PAGES[i % 3] });
      const counts = await redis.commandCounts();
      expect(Object.fromEntries([...counts].filter(([name]) => !BY_ITSELF.includes(name)))).toEqual({ mget: 60 });
      // Those of probes are not the requests'.
      expect(counts.get('get') ?? 0).toBeLessThan(30);
    } finally {
      await redis.stop();
    }
  });

  it('of Memcached: one round trip for a hit that memory does not have, and no delete for a miss', async () => {
    const memcached = await MemcachedServer.start();
    try {
      const store = `memcached://127.0.0.1:${memcached.port}`;
      const { get, untilHit } = await siteOver({ store, ...PATIENT }, (path) => path);
      for (const path of PAGES) await untilHit(path);
      for (let i = 0; i < 60; i++) await get(`/missing${i}`);
      for (const path of PAGES) await untilHit(path);
      const count = async (names: readonly string[]): Promise<number> =>
        (await Promise.all(names.map((name) => memcached.count(name)))).reduce((sum, it) => sum + it, 0);
      const writes = ['cmd_set', 'cmd_touch', 'cmd_flush', 'incr_hits', 'incr_misses', 'cas_hits', 'cas_misses'];
      const before = await count(writes);
      for (let i = 0; i < 60; i++)
        expect(await get(PAGES[i % 3] ?? '')).toMatchObject({ isHit: true, text: PAGES[i % 3] });
      expect(await count(writes)).toBe(before);
      expect(await count(['delete_hits', 'delete_misses'])).toBe(0);
    } finally {
      await memcached.kill();
    }
  });
});
