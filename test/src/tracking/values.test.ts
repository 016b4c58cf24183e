import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Cache } from '@viewcache/core';
import { view } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { gate } from '../support/gate.js';
import { closeAfterEach, serve } from '../support/site.js';
import { openMemory, openOn, stores } from '../values/stores.js';
import { now, type Source, watchedSource } from './source.js';

closeAfterEach();

const [[, express]] = expresses as [(typeof expresses)[number]];

/** The ways in which a value is made of a row. */
const ways: readonly (readonly [string, (cache: Cache, users: Source) => () => Promise<unknown>])[] = [
  ['getOrSet', (cache, users) => () => cache.getOrSet('user', () => users.read(1))],
  [
    'getOrSetMany',
    (cache, users) => async () =>
      (await cache.getOrSetMany(['user'], async () => ({ user: users.read(1) }))).get('user'),
  ],
  ['a memoized function', (cache, users) => cache.memoize(async () => users.read(1), { name: 'user' })],
  [
    'a value within a value',
    (cache, users) => () => cache.getOrSet('outer', () => cache.getOrSet('inner', () => users.read(1))),
  ],
];

describe.each(stores)('values that read a watched data source (%s)', (_name, store) => {
  describe.each(ways)('%s', (_way, make) => {
    it('needs no ttl, is kept without a warning, and is invalidated by a write', async () => {
      const { cache, jump, warnings } = await openOn(store);
      const users = watchedSource(cache);
      const user = make(cache, users);
      expect(await user()).toBe('nobody');
      if (store === undefined) jump(365 * 86_400_000);
      expect([await user(), users.heard]).toEqual(['nobody', 1]);
      await users.write(2, 'Bob');
      expect([await user(), users.heard]).toEqual(['nobody', 1]);
      await users.write(1, 'Eve');
      expect([await user(), users.heard]).toEqual(['Eve', 2]);
      expect(warnings()).toEqual([]);
      users.stop();
    });

    it('passes on to a view what it has read, made or found', async () => {
      const { cache } = await openOn(store);
      const users = watchedSource(cache);
      const user = make(cache, users);
      const app = express();
      app.get(['/a', '/b'], cachePage({ cache }), async (_req, res) => void res.json(await user()));
      const site = await serve(app);
      const isHit = async (path: string) => (await site.get(path)).isHit;
      for (const path of ['/a', '/b']) expect(await isHit(path)).toBe(false);
      for (const path of ['/a', '/b']) expect(await isHit(path)).toBe(true);
      await users.write(2, 'Bob');
      for (const path of ['/a', '/b']) expect(await isHit(path)).toBe(true);
      await users.write(1, 'Eve');
      for (const path of ['/a', '/b']) expect(await isHit(path)).toBe(false);
      users.stop();
    });
  });
});

describe('values of which nothing says when they change', () => {
  it('are not stored without a ttl, and a warning says what to do', async () => {
    const { cache, warnings } = await openMemory();
    const users = watchedSource(cache);
    let runs = 0;
    for (let i = 0; i < 2; i++) await cache.getOrSet('weather', () => ++runs, { name: 'weather' });
    expect(runs).toBe(2);
    expect(cache.stats().refused).toEqual({ 'nothing-tracked': 2 });
    expect(warnings()).toEqual([expect.stringMatching(/^weather: .*ttl.*view\(\)\.dependsOn\(\)/)]);
    users.stop();
  });

  it('of functions that were memoized before anything was watched are as if it had been', async () => {
    const { cache, warnings } = await openMemory();
    const rows: { read?: (id: number) => string } = {};
    const userOf = cache.memoize(async (id: number) => rows.read?.(id), { name: 'userOf' });
    const lonely = cache.memoize(async () => 1, { name: 'lonely' });
    expect(warnings()).toEqual([]);
    const users = watchedSource(cache);
    rows.read = users.read;
    users.rows.set(1, 'Ana');
    await userOf(1);
    await users.write(1, 'Eve');
    expect(await userOf(1)).toBe('Eve');
    expect(warnings()).toEqual([]);
    users.stop();
    await lonely();
    await lonely();
    expect(warnings()).toEqual([expect.stringMatching(/^lonely says neither a ttl/)]);
  });

  it("are kept with a ttl, with the cache's, with a tag, or 'forever' where that is said of the value", async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    for (const options of [60, 'forever', { tags: ['a'] }, { trackReads: false }] as const) {
      const key = JSON.stringify(options);
      await cache.getOrSet(key, () => 1, options);
      expect(await cache.has(key)).toBe(true);
    }
    users.stop();
  });

  it('keep a view without a ttl that is made of them from being stored', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    const app = express();
    app.get('/page', cachePage({ cache }), async (_req, res) => {
      res.json([users.read(1), await cache.getOrSet('weather', () => 'rain')]);
    });
    const site = await serve(app);
    await site.get('/page');
    expect((await site.get('/page')).isHit).toBe(false);
    expect(cache.stats().refused).toMatchObject({ untracked: 2 });
    expect(cache.explain('/page').refusals[0]?.detail).toBe('value weather');
    users.stop();
  });

  it('let a view without a ttl be as fresh as they are', async () => {
    const { cache, clock } = await openMemory();
    const users = watchedSource(cache);
    const app = express();
    const weather = () =>
      cache.getOrSet(
        'weather',
        () => {
          view().untracked('the weather');
          return 'rain';
        },
        60,
      );
    app.get('/:page', cachePage({ cache }), async (_req, res) => {
      res.json([users.read(1), await weather()]);
    });
    const site = await serve(app);
    await site.get('/a');
    clock.advance(20_000);
    await site.get('/b');
    clock.advance(39_000);
    for (const path of ['/a', '/b']) expect((await site.get(path)).isHit).toBe(true);
    clock.advance(1_000);
    for (const path of ['/a', '/b']) expect((await site.get(path)).isHit).toBe(false);
    users.stop();
  });
});

describe('trackReads of a value', () => {
  it('false: it does not depend on what it reads, nor does a view for its sake', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    const app = express();
    app.get('/page', cachePage({ cache, ttl: 60 }), async (_req, res) => {
      res.json(await cache.getOrSet('user', () => users.read(1), { ttl: 60, trackReads: false }));
    });
    const site = await serve(app);
    await site.get('/page');
    await users.write(1, 'Eve');
    expect((await site.get('/page')).text).toBe('"nobody"');
    users.stop();
  });

  it('goes from one cache to a view of another, which alone hears of writes', async () => {
    const [{ cache }, other] = [await openMemory(), await openMemory()];
    const users = watchedSource(cache);
    const app = express();
    app.get('/page', cachePage({ cache }), async (_req, res) => {
      res.json(await other.cache.getOrSet('user', () => users.read(1), { ttl: 60 }));
    });
    const site = await serve(app);
    await site.get('/page');
    expect(cache.explain('/page').stored[0]?.tags).toEqual(['users#1']);
    await users.write(1, 'Eve');
    expect((await site.get('/page')).isHit).toBe(false);
    users.stop();
  });
});

describe('values that are read within a transaction', () => {
  it.each([true, false])('go to nobody who waits for them (it has written: %s)', async (hasWritten) => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    users.rows.set(1, 'Eve');
    const began = now();
    const leads = gate();
    const goesOn = gate();
    const first = cache.getOrSet(
      'user',
      async () => {
        leads.open();
        await goesOn.passed;
        return `uncommitted ${users.readWithin(1, began, hasWritten)}`;
      },
      60,
    );
    await leads.passed;
    const second = cache.getOrSet('user', () => users.read(1), 60);
    await turn();
    goesOn.open();
    expect(await Promise.all([first, second])).toEqual(['uncommitted Eve', 'Eve']);
    expect(cache.stats().refused).toEqual({ [hasWritten ? 'uncommitted-read' : 'older-snapshot']: 1 });
    users.stop();
  });

  it('are kept from being stored, and what began before the transaction is not', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    const app = express();
    app.get('/page', cachePage({ cache }), async (_req, res) => {
      const began = now();
      res.json(await cache.getOrSet('user', () => users.readWithin(1, began)));
    });
    const site = await serve(app);
    await site.get('/page');
    expect(cache.stats().refused).toEqual({ 'older-snapshot': 1 });
    expect((await site.get('/page')).isHit).toBe(true);
    users.stop();
  });

  it('keep all that is made of them from being stored where it has written', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    await cache.getOrSet('outer', () => cache.getOrSet('inner', () => users.readWithin(1, now(), true), 60), 60);
    expect(cache.stats().refused).toEqual({ 'uncommitted-read': 2 });
    expect(cache.stats().entries).toBe(0);
    users.stop();
  });

  it('keep those that one loader has loaded from being stored', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    await cache.getOrSetMany([1, 2], () => new Map([1, 2].map((id) => [id, users.readWithin(id, 0)])), 60);
    expect(cache.stats().refused).toEqual({ 'older-snapshot': 2 });
    users.stop();
  });
});
