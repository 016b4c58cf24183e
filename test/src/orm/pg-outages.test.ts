import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CacheOptions } from '@viewcache/core';
import { RedisServer } from '../servers/redis.js';
import { PgWorld } from './pg-world.js';

/** A deadline of the cache, and what else a busy machine may take for one UPDATE. */
const DEADLINE_MS = 50;
/** What a busy machine may take to find that out: to wait for the store has no end. */
const PATIENCE_MS = 20_000;

/** A store that answers whatever it is asked by throwing. */
function throwing(): CacheOptions['store'] {
  const fail = (): never => {
    throw new Error('the store is broken');
  };
  return { opts: {}, get: fail, set: fail, delete: fail, clear: fail, on: () => {} } as never;
}

describe('a write through pg, while the store of the cache is out of order', () => {
  const world = new PgWorld();
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await redis.stop();
  });

  async function rename(options: CacheOptions, before: () => void = () => {}, after: () => void = () => {}) {
    const { cache, driver, site } = await world.open({ ...options, deadline: `${DEADLINE_MS}ms` });
    await cache.ready();
    await site.ran();
    before();
    try {
      const began = performance.now();
      const result = await driver.writes.renameUser(1, 'Anabela');
      const tookMs = performance.now() - began;
      expect(result.rowCount).toBe(1);
      expect(tookMs).toBeLessThan(PATIENCE_MS);
      // Exact in this process all the same.
      expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
      expect(driver.watch.counts()).toMatchObject({ commits: 1, unacknowledged: 1, failures: 0 });
      return { cache, driver, site };
    } finally {
      after();
    }
  }

  it('that hangs, has its result within the deadline (44)', async () => {
    const { cache } = await rename(
      { store: redis.url },
      () => redis.pause(),
      () => redis.resume(),
    );
    // What could not be said is said when it answers again.
    if (cache.health().unheardInvalidations > 0)
      await new Promise<void>((resolve) => {
        cache.on(({ type }) => type === 'invalidations-drained' && resolve());
      });
  });

  it.each(['promise', 'callback'])('that is slow, goes on when that has answered: by %s', async (way) => {
    const { cache, driver, pool } = await world.open({ store: redis.url, deadline: '30s' });
    await cache.ready();
    const order: string[] = [];
    redis.pause();
    const sql = "UPDATE users SET name = 'slow' WHERE id = 1";
    const written = way === 'promise' ? pool.query(sql) : new Promise((resolve) => void pool.query(sql, resolve));
    const gone = written.then(() => order.push('gone on'));
    while (driver.watch.counts().commits === 0) await world.admin.query('SELECT 1');
    await world.admin.query('SELECT 1');
    order.push('answered');
    redis.resume();
    await gone;
    expect(order).toEqual(['answered', 'gone on']);
  });

  it('that throws, has its result (44)', async () => {
    await rename({ store: throwing() });
  });

  it('that throws, and the cache is to say so, has its result (44)', async () => {
    await rename({ store: throwing(), onInvalidateFailure: 'throw' });
  });

  it('that hangs, does not gather writes: of many at once few wait', async () => {
    const { cache, driver } = await world.open({ store: redis.url, deadline: '500ms' });
    await cache.ready();
    redis.pause();
    try {
      const began = performance.now();
      // Of each of them by itself it would be a hundred seconds.
      await Promise.all(Array.from({ length: 200 }, (_, i) => driver.writes.renameUser(1, `x${i}`)));
      expect(performance.now() - began).toBeLessThan(2 * PATIENCE_MS);
    } finally {
      redis.resume();
    }
    expect(driver.watch.counts()).toMatchObject({ commits: 200, failures: 0 });
  });

  it('of another process is seen through a shared store (60)', async () => {
    const shared = { store: redis.url, consistency: 'strict', namespace: 'two' } as const;
    const [a, b] = [await world.open(shared), await world.open(shared)];
    await Promise.all([a.cache.ready(), b.cache.ready()]);
    for (const name of ['Anabela', 'Ana Maria', 'Aninha']) {
      await a.site.get('V1');
      await b.driver.writes.renameUser(1, name);
      expect(await a.site.get('V1')).toMatchObject({ name });
    }
    // The other user's page is still the one that either has stored.
    await a.site.get('V2');
    await b.driver.writes.renameUser(1, 'Ana');
    await a.site.get('V2');
    expect(a.site.runs.get('/users/2')).toBe(1);
  });
});
