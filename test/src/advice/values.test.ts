import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@viewcache/core/testing';
import { closeAfterEach, makeCache } from '../support/site.js';

closeAfterEach();

describe('advice on values', () => {
  it('names a memoized function that hardly any call of is answered from memory', async () => {
    const cache = makeCache({ clock: new FakeClock() });
    const priceAt = cache.memoize(async (time: number) => time, { ttl: 60, name: 'priceAt' });
    for (let i = 0; i < 150; i++) await priceAt(i);

    expect(cache.advise()).toMatchObject([
      {
        kind: 'few-hits',
        route: 'priceAt',
        reason: 'every-key-new',
        examples: ['priceAt(147)', 'priceAt(148)', 'priceAt(149)'],
        message:
          'viewcache: priceAt answers 0 % of 150 calls from the cache (the last 1 s): every call is new, such as priceAt(147); round or leave out (ignore) the argument that the result does not differ by, or do not memoize it',
      },
    ]);
  });

  it('shows no text that was an argument', async () => {
    const cache = makeCache({ clock: new FakeClock() });
    const userBy = cache.memoize(async (by: { token: string; page: number }) => by, { ttl: 60, name: 'userBy' });
    for (let i = 0; i < 150; i++) await userBy({ token: `SECRET "${i}`, page: 7 });

    expect(cache.advise()).toMatchObject([{ route: 'userBy', examples: ['userBy({"page": 7, "token": <differs>})'] }]);
    expect(JSON.stringify(cache.advise())).not.toContain('SECRET');
  });

  it('shows names of properties only where all calls have them, or many do', async () => {
    const cache = makeCache({ clock: new FakeClock() });
    const find = cache.memoize(async (by: object) => by, { ttl: 60, name: 'find' });
    for (let i = 0; i < 150; i++) await find({ cityId: i, [`SECRET${i}`]: 1, ...(i % 2 === 0 && { page: i }) });

    const [finding] = cache.advise();
    expect(finding).toHaveProperty('examples', [
      'find({<differs>: 1, "cityId": 147})',
      'find({<differs>: 1, "cityId": 148, "page": 148})',
      'find({<differs>: 1, "cityId": 149})',
    ]);
  });

  it('counts the hits of the shortest way', async () => {
    const cache = makeCache({ clock: new FakeClock() });
    const nameOf = cache.memoize(async (id: number) => id, { ttl: 60, name: 'nameOf' });
    for (let i = 0; i < 150; i++) await nameOf(i % 50);

    expect(cache.advise()).toEqual([]);
  });

  it('tells of producers that fail', async () => {
    const cache = makeCache({ clock: new FakeClock() });
    const fail = async (): Promise<never> => {
      throw new Error('no rates');
    };
    for (let i = 0; i < 120; i++) await cache.getOrSet('rates', fail, { ttl: 60, name: 'rates' }).catch(() => {});

    expect(cache.advise()).toMatchObject([
      {
        ...{ route: 'rates', reason: 'refused', refusals: { failed: 120 } },
        message: expect.stringMatching(/: its values are not stored \(failed, 120 times\); .*or do not store it$/),
      },
    ]);
  });

  it('tells of a function that invalidates what it is made of', async () => {
    const cache = makeCache({ clock: new FakeClock() });
    const counted = cache.memoize(async () => await cache.invalidate({ tags: 'counts' }), {
      ...{ ttl: 60, name: 'counted', tags: ['counts'] },
    });
    for (let i = 0; i < 120; i++) await counted();

    expect(cache.advise()).toMatchObject([
      {
        ...{ route: 'counted', reason: 'invalidated-early' },
        message: expect.stringContaining('most often by what its own function writes'),
      },
    ]);
  });

  it('names values without a name for what they are', async () => {
    const cache = makeCache({ clock: new FakeClock() });
    for (let i = 0; i < 120; i++) await cache.getOrSet(`page:${i}`, async () => i, 60);

    expect(cache.advise()[0]?.message).toMatch(
      /^viewcache: \(values\), all values without a name, answers 0 % of 120 look-ups .*such as page:117; leave out of the key/,
    );
  });

  it('shows no example that has nothing to show', async () => {
    const cache = makeCache({ clock: new FakeClock() });
    for (let i = 0; i < 120; i++) await cache.getOrSet(`SECRET ${i}`, async () => i, { ttl: 60, name: 'tokens' });

    const [finding] = cache.advise();

    expect(finding).toHaveProperty('examples', ['<differs>']);
    expect(finding?.message).toContain('every key is new; leave out');
  });

  it('names values that never end and have no tags', async () => {
    const cache = makeCache({ clock: new FakeClock() });
    for (let i = 0; i < 150; i++) {
      await cache.getOrSet('endless', async () => 1, { ttl: 'forever', name: 'endless' });
      await cache.getOrSet('tagged', async () => 1, { ttl: 'forever', name: 'tagged', tags: ['rates'] });
      await cache.getOrSet('ending', async () => 1, { ttl: 60, name: 'ending' });
    }

    expect(cache.advise()).toMatchObject([
      { kind: 'no-ttl', route: 'endless', stored: 1, docs: 'docs/guides/reading-the-advice.md#no-ttl' },
    ]);
  });

  it('says that more space would be of no use where most keys are asked for once', async () => {
    const cache = makeCache({ clock: new FakeClock(), maxEntries: 50 });
    for (let i = 0; i < 400; i++) await cache.getOrSet(`page:${i}`, async () => i, { ttl: 60, name: 'pages' });

    expect(cache.advise()).toMatchObject([
      { kind: 'few-hits', reason: 'every-key-new', message: expect.stringMatching(/such as page:\d+; leave out/) },
      { kind: 'full-store', remedy: 'store-less', again: 0, evicted: 350 },
    ]);
  });

  it('does not take what is made again after a write for what more space would keep', async () => {
    const cache = makeCache({ clock: new FakeClock(), maxEntries: 50 });
    for (let i = 0; i < 300; i++) {
      await cache.getOrSet(`page:${i}`, async () => i, { ttl: 60, name: 'pages' });
      await cache.getOrSet('list', async () => i, { ttl: 60, name: 'lists', tags: ['pages'] });
      await cache.invalidate({ tags: 'pages' });
    }

    expect(cache.advise()).toMatchObject([
      { kind: 'few-hits', route: 'pages', reason: 'every-key-new' },
      { kind: 'few-hits', route: 'lists', reason: 'invalidated-early' },
      { kind: 'full-store', remedy: 'store-less', again: 0 },
    ]);
  });

  it('says that more space would help where what has left is asked for again, whatever else is made anew', async () => {
    const cache = makeCache({ clock: new FakeClock(), maxEntries: 20, policy: 'fifo' });
    for (let i = 0; i < 300; i++) {
      await cache.getOrSet(`page:${i % 40}`, async () => i, { ttl: 60, name: 'pages' });
      for (let write = 0; write < 5; write++) {
        await cache.getOrSet('list', async () => i, { ttl: 60, name: 'lists', tags: ['pages'] });
        await cache.invalidate({ tags: 'pages' });
      }
    }

    const full = cache.advise().find(({ kind }) => kind === 'full-store');

    expect(full).toMatchObject({ remedy: 'more-space' });
    expect(full).toHaveProperty('again', 260 / 301);
  });

  it('says nothing of a full store that answers enough', async () => {
    const cache = makeCache({ clock: new FakeClock(), maxEntries: 20, policy: 'lru' });
    for (let i = 0; i < 2_000; i++) {
      const key = i % 10 === 0 ? `once:${i}` : `often:${i % 10}`;
      await cache.getOrSet(key, async () => i, { ttl: 60, name: 'pages' });
    }
    expect(cache.stats().evicted).toBeGreaterThan(100);

    expect(cache.advise()).toEqual([]);
  });

  it('forgets what has happened with the statistics', async () => {
    const { runtimeOf } = await import('@viewcache/core/node');
    const cache = makeCache({ clock: new FakeClock() });
    for (let i = 0; i < 150; i++) await cache.getOrSet(`page:${i}`, async () => i, 60);
    expect(cache.advise()).toHaveLength(1);
    await runtimeOf(cache)?.reset();

    expect(cache.advise()).toEqual([]);
    for (let i = 0; i < 150; i++) await cache.getOrSet(`page:${i}`, async () => i, 60);
    expect(cache.advise()).toMatchObject([{ requests: 150 }]);
  });
});
