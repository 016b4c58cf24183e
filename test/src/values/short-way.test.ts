import { describe, expect, it } from '@jest/globals';
import { type Cache, createCache, type ValueCache, type ValueOptions, view } from '@viewcache/core';
import { FakeClock, pauseCache, resetCache } from '@viewcache/core/testing';
import fc from 'fast-check';
import { gate } from '../support/gate.js';
import { errorOf, openMemory } from './stores.js';

/** Calls of one key that count the runs of the producer; the third and later ones go the short way, as long as that is open. */
function asking(cache: ValueCache, key: string | number = 'k', usual: ValueOptions<number> = { ttl: 60 }) {
  let runs = 0;
  const asked = {
    ask: (options: ValueOptions<number> = usual) => cache.getOrSet(key, async () => ++runs, options),
    async asOften(times: number) {
      let value = 0;
      for (let i = 0; i < times; i++) value = await asked.ask();
      return value;
    },
  };
  return asked;
}

describe('what was found once is found again by the short way, but not', () => {
  const endings: readonly (readonly [string, (cache: Cache) => unknown])[] = [
    ['once it is deleted', (cache) => cache.delete('k')],
    ['once its tag is invalidated', (cache) => cache.invalidate({ tags: 't' })],
    ['once it is invalidated by its key', (cache) => cache.invalidate({ key: 'k' })],
    ['once all is purged', (cache) => cache.purge({ all: true })],
    ['once it is touched with 0', (cache) => cache.touch('k', 0)],
    ['once something else has taken its room', (cache) => cache.setMany({ a: 1, b: 2, c: 3 }, 60)],
    ['once the cache is reset', (cache) => resetCache(cache)],
  ];
  it.each(endings)('%s', async (_when, end) => {
    const { cache } = await openMemory({ maxEntries: 2, policy: 'lru' });
    const { ask, asOften } = asking(cache, 'k', { ttl: 60, tags: ['t'] });
    expect(await asOften(4)).toBe(1);
    await end(cache);
    expect(await asOften(4)).toBe(2);
    expect(await ask()).toBe(2);
  });

  it('past its ttl', async () => {
    const { cache, clock } = await openMemory();
    const { ask, asOften } = asking(cache);
    await asOften(4);
    clock.advance(59_999);
    expect(await ask()).toBe(1);
    clock.advance(1);
    expect(await asOften(4)).toBe(2);
    clock.advance(59_999);
    expect(await ask()).toBe(2);
  });

  it('past a ttl after which it is still of some use', async () => {
    const { cache, clock } = await openMemory();
    const { ask, asOften } = asking(cache, 'k', { ttl: 60, staleWhileRevalidate: 60 });
    await asOften(4);
    clock.advance(60_000);
    expect(await ask()).toBe(1);
    expect(await ask()).toBe(2);
  });

  it('past a ttl of so many weeks that it is looked at anew meanwhile', async () => {
    const { cache, jump } = await openMemory();
    const { ask, asOften } = asking(cache, 'k', { ttl: '30d' });
    await asOften(4);
    jump(29 * 86_400_000);
    expect(await asOften(2)).toBe(1);
    jump(86_400_000);
    expect(await ask()).toBe(2);
  });

  it('by the ttl that it had before it was touched', async () => {
    const { cache, clock } = await openMemory();
    const { ask, asOften } = asking(cache);
    await asOften(4);
    await cache.touch('k', 600);
    clock.advance(599_999);
    expect(await asOften(4)).toBe(1);
    await cache.touch('k', 1);
    clock.advance(1_000);
    expect(await ask()).toBe(2);
  });

  it('where something else was set, added, or counted up', async () => {
    const { cache } = await openMemory();
    const { ask, asOften } = asking(cache);
    await asOften(4);
    await cache.set('k', 10, 60);
    expect(await asOften(4)).toBe(10);
    await cache.increment('k', 5);
    expect(await asOften(4)).toBe(15);
    await cache.delete('k');
    await cache.add('k', 20, 60);
    expect(await ask()).toBe(20);
  });

  it('while the cache is paused, and then it is again', async () => {
    const { cache } = await openMemory();
    const { ask, asOften } = asking(cache);
    await asOften(4);
    const resume = pauseCache(cache);
    expect([await ask(), await ask()]).toEqual([2, 3]);
    await cache.set('k', 10, 60);
    expect([await ask(), await ask()]).toEqual([4, 5]);
    resume();
    expect(await asOften(4)).toBe(10);
  });

  it.each<[string, ValueOptions<number>]>([
    ['forceRefresh', { ttl: 60, forceRefresh: true }],
    ['isStale', { ttl: 60, isStale: () => true }],
    ['another version', { ttl: 60, version: 2 }],
  ])('with %s', async (_name, options) => {
    const { cache } = await openMemory();
    const { ask, asOften } = asking(cache);
    await asOften(4);
    expect(await ask(options)).toBe(2);
  });

  it('with an option that does not exist, or without a producer', async () => {
    const { cache } = await openMemory();
    const { ask, asOften } = asking(cache);
    await asOften(4);
    expect(await errorOf(ask({ tll: 60 } as ValueOptions<number>))).toMatchObject({ setting: 'getOrSet.tll' });
    expect(await errorOf(cache.getOrSet('k', undefined as never, 60))).toMatchObject({ setting: 'getOrSet.producer' });
  });

  it('early, where that was asked for', async () => {
    const { cache, clock } = await openMemory();
    const { ask, asOften } = asking(cache);
    await asOften(4);
    clock.advance(50_000);
    await ask({ ttl: 60, earlyRefresh: 20 });
    expect(await ask()).toBe(2);
  });
});

describe('by the short way', () => {
  it('each key, version and namespace has its own value; a number is its text', async () => {
    const { cache } = await openMemory();
    const places = [cache, cache.namespace('a'), cache.namespace('a').namespace('b'), cache.namespace('ab')];
    const all = places.flatMap((place, i) =>
      ['7', 'long-enough-to-be-copied', 'é\0\ud800', 'x'.repeat(65)].map((key, j) => ({ place, key, made: [i, j] })),
    );
    for (let round = 0; round < 4; round++)
      for (const { place, key, made } of all) expect(await place.getOrSet(key, () => made, 60)).toEqual(made);
    for (let round = 0; round < 2; round++) expect(await cache.getOrSet(7, () => 'none', 60)).toEqual([0, 0]);
    expect(await cache.getOrSet('7', () => 'other', { ttl: 60, version: 1 })).toBe('other');
    await cache.namespace('a').clear();
    expect(await cache.namespace('a').getOrSet('7', () => 'new', 60)).toBe('new');
    expect(await cache.namespace('ab').getOrSet('7', () => 'none', 60)).toEqual([3, 0]);
  });

  it('handles of a namespace that are made for each call find what others have found', async () => {
    const { cache } = await openMemory();
    for (let i = 0; i < 6; i++) expect(await cache.namespace('a').getOrSet('k', () => i, 60)).toBe(0);
    await cache.namespace('a').delete('k');
    for (let i = 6; i < 9; i++) expect(await cache.namespace('a').getOrSet('k', () => i, 60)).toBe(6);
  });

  it('each caller has a copy of his own, or all the same, as he says', async () => {
    const { cache } = await openMemory();
    const ask = (key: string, clone: 'structured' | 'freeze' | false = 'structured') =>
      cache.getOrSet(key, () => ({ n: [1] }), { ttl: 60, clone });
    for (let i = 0; i < 4; i++) (await ask('a')).n.push(2);
    expect(await ask('a')).toEqual({ n: [1] });
    const frozen = [await ask('b', 'freeze'), await ask('b', 'freeze'), await ask('b', 'freeze')];
    expect(new Set(frozen).size).toBe(1);
    expect(Object.isFrozen(frozen[0]?.n)).toBe(true);
    (await ask('b')).n.push(2);
    expect([await ask('b'), await ask('b', 'freeze')]).toEqual([{ n: [1] }, { n: [1] }]);
    const same = [await ask('c', false), await ask('c', false), await ask('c', false)];
    expect(new Set(same).size).toBe(1);
    expect(await ask('c')).not.toBe(same[0]);
    expect(await ask('c', false)).toBe(same[0]);
  });

  it('each caller has a promise of his own, whatever another one puts onto it', async () => {
    const { cache } = await openMemory();
    const memoized = cache.memoize(async (name: string) => `made of ${name}`, { name: 'made', clone: 'freeze' });
    for (const call of [() => cache.getOrSet('k', () => 'v', 60), () => memoized('k')]) {
      for (let i = 0; i < 4; i++) await call();
      const [one, other] = [call(), call()];
      expect(one).not.toBe(other);
      // biome-ignore lint/suspicious/noThenProperty: what it must not do to others.
      Object.assign(one, { then: (tell: (value: string) => void) => tell('poison') });
      expect(await Promise.all([other, call()])).toEqual([await other, await other]);
      expect(await other).not.toBe('poison');
    }
  });

  it('a ttl ends in a loop that never leaves its turn, too', async () => {
    const cache = createCache();
    try {
      const { ask } = asking(cache, 'k', { ttl: '20ms' });
      const end = performance.now() + 5_000;
      while ((await ask()) === 1) if (performance.now() > end) throw new Error('it never ends');
      expect(await ask()).toBeGreaterThan(1);
    } finally {
      await cache.close();
    }
  });

  it('a hit is counted and told as any', async () => {
    const { cache, events } = await openMemory();
    const { asOften } = asking(cache, 'k', { ttl: 60, name: 'numbers' });
    await asOften(6);
    const hit = { type: 'hit', key: 'k', route: 'numbers', collapsed: false };
    expect(events.filter(({ type }) => type === 'hit')).toEqual(Array(5).fill(hit));
    expect(cache.stats()).toMatchObject({ hits: 5, misses: 1, hitRatio: 5 / 6, routes: { numbers: { hits: 5 } } });
  });

  it('a hit is a use: of the least recently used, what was not used leaves first', async () => {
    const { cache } = await openMemory({ maxEntries: 3, policy: 'lru' });
    const asks = ['a', 'b', 'c'].map((key) => asking(cache, key));
    for (const { asOften } of asks) await asOften(4);
    await asks[0]?.asOften(3);
    await cache.set('d', 1, 60);
    expect([await cache.has('a'), await cache.has('b'), await cache.has('c')]).toEqual([true, false, true]);
  });

  it('what hears of a removal may ask for what was removed with it', async () => {
    const { cache } = await openMemory({ maxEntries: 2, policy: 'lru' });
    const { ask, asOften } = asking(cache);
    await asOften(4);
    const asked: Promise<number>[] = [];
    cache.on((event) => {
      if (event.type === 'removed' && asked.length === 0) asked.push(ask());
    });
    await cache.setMany({ a: 1, b: 2, c: 3 }, 60);
    expect(await Promise.all(asked)).toEqual([2]);
  });

  it('what is made of a value depends on it', async () => {
    const { cache } = await openMemory();
    const inner = asking(cache, 'inner', { ttl: 600, tags: ['of-inner'] });
    const outer = () => cache.getOrSet('outer', async () => [await inner.ask()], 600);
    await inner.asOften(4);
    for (let i = 0; i < 4; i++) expect(await outer()).toEqual([1]);
    await cache.invalidate({ tags: 'of-inner' });
    expect(await outer()).toEqual([2]);
    await inner.asOften(4);
    await cache.delete('inner');
    expect(await outer()).toEqual([3]);
  });

  it('that is so while other producers begin and end', async () => {
    const { cache } = await openMemory();
    const inner = asking(cache, 'inner', { ttl: 600, tags: ['of-inner'] });
    await inner.asOften(4);
    const [begun, other] = [gate<void>(), gate<void>()];
    const outer = () =>
      cache.getOrSet(
        'outer',
        async () => {
          await begun.passed;
          return [await inner.ask()];
        },
        600,
      );
    const asked = outer();
    const beside = cache.getOrSet('beside', () => other.passed, 60);
    const failed = errorOf(cache.getOrSet('failing', () => Promise.reject(new Error('no')), 60));
    await cache.getOrSet('sync', () => 1, 60);
    other.open();
    await Promise.all([beside, failed]);
    begun.open();
    expect(await asked).toEqual([1]);
    await cache.invalidate({ tags: 'of-inner' });
    expect(await outer()).toEqual([2]);
  });

  it('a view that goes on when its value was made is heard by nobody, and harms nobody', async () => {
    const { cache } = await openMemory();
    const { ask, asOften } = asking(cache);
    await asOften(4);
    const late = gate<void>();
    let behind: Promise<number> | undefined;
    await cache.getOrSet('outer', () => {
      behind = late.passed.then(() => {
        view().dependsOn('late');
        return ask();
      });
      return 'made';
    });
    late.open();
    expect(await behind).toBe(1);
  });

  it('the cache is what a plain Map with ttls would be, whatever is done to it', async () => {
    const keys = ['a', 'b', 7] as const;
    const key = fc.constantFrom(...keys);
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('ask' as const), key }) },
      fc.record({ do: fc.constant('set' as const), key }),
      fc.record({ do: fc.constant('delete' as const), key }),
      fc.record({ do: fc.constant('invalidate' as const), key }),
      fc.record({ do: fc.constant('touch' as const), key }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 40_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const clock = new FakeClock();
        const cache = createCache({ clock });
        const model = new Map<string | number, { value: number; until: number }>();
        let made = 0;
        const write = (name: string | number, ttl: number): number => {
          model.set(name, { value: ++made, until: clock.monotonic() + ttl });
          return made;
        };
        for (const each of steps) {
          if (each.do === 'wait') clock.advance(each.ms);
          else if (each.do === 'set')
            await cache.set(each.key, write(each.key, 60_000), { ttl: 60, tags: [`${each.key}`] });
          else if (each.do === 'ask') {
            const known = model.get(each.key);
            const isThere = known !== undefined && clock.monotonic() < known.until;
            const produce = () => write(each.key, 60_000);
            const got = await cache.getOrSet(each.key, produce, { ttl: 60, tags: [`${each.key}`] });
            expect(got).toBe(isThere ? known.value : made);
            expect(model.get(each.key)?.value).toBe(got);
          } else {
            const known = model.get(each.key);
            if (each.do === 'touch' && known !== undefined && clock.monotonic() < known.until)
              known.until = clock.monotonic() + 30_000;
            else if (each.do !== 'touch') model.delete(each.key);
            if (each.do === 'delete') await cache.delete(each.key);
            else if (each.do === 'invalidate') await cache.invalidate({ tags: `${each.key}` });
            else await cache.touch(each.key, 30);
          }
        }
        await cache.close();
      }),
      { numRuns: 300 },
    );
  });
});

describe('a memoized function, by the short way', () => {
  it('counts its hits, and tells of them', async () => {
    const { cache, events } = await openMemory();
    const double = cache.memoize(async (n: number) => 2 * n, { name: 'double', ttl: 60 });
    for (let i = 0; i < 5; i++) expect(await double(21)).toBe(42);
    expect(double.cacheInfo()).toMatchObject({ hits: 4, misses: 1, size: 1 });
    expect(events.filter(({ type }) => type === 'hit')).toEqual(
      Array(4).fill({ type: 'hit', key: 'double(21)', route: 'double', collapsed: false }),
    );
  });

  it('stays synchronous, and has each caller a copy', async () => {
    const { cache } = await openMemory();
    const list = cache.memoize((n: number) => [n], { name: 'list', ttl: 60 });
    for (let i = 0; i < 4; i++) list(1).push(2);
    expect(list(1)).toEqual([1]);
  });

  it('runs again when it was invalidated, cleared, or is past its ttl', async () => {
    const { cache, clock } = await openMemory();
    let runs = 0;
    const count = cache.memoize((_of: string | number) => ++runs, { name: 'count', ttl: 60 });
    const often = (): number => [count('a'), count('a'), count('a'), count('a')].at(-1) as number;
    expect(often()).toBe(1);
    await count.invalidate('a');
    expect(often()).toBe(2);
    await count.cacheClear();
    expect(often()).toBe(3);
    clock.advance(60_000);
    expect(often()).toBe(4);
  });

  it('tells arguments apart as it does by the long way', async () => {
    const { cache } = await openMemory();
    let runs = 0;
    const count = cache.memoize((..._of: unknown[]) => ++runs, { name: 'count', ttl: 60 });
    const lists = [[1], ['1'], [0], [-0], [Number.NaN], [1, undefined], [], [null], ['']];
    const first = lists.map((list) => count(...list));
    expect(new Set(first).size).toBe(lists.length);
    for (let i = 0; i < 3; i++) expect(lists.map((list) => count(...list))).toEqual(first);
  });

  it('uses what it finds: of a maxSize, the least recently used leaves', async () => {
    const { cache } = await openMemory();
    let runs = 0;
    const count = cache.memoize((_of: string) => ++runs, { maxSize: 2, name: 'count' });
    for (let i = 0; i < 4; i++) for (const of of ['a', 'b']) count(of);
    for (let i = 0; i < 3; i++) count('a');
    count('c');
    expect([count('a'), count('b')]).toEqual([1, 4]);
  });

  it('asks when first', async () => {
    const { cache } = await openMemory();
    let [runs, isCached] = [0, true];
    const count = cache.memoize(() => ++runs, { name: 'count', ttl: 60, when: () => isCached });
    const one = cache.memoize((_of: number) => ++runs, { name: 'one', ttl: 60, when: () => isCached });
    for (let i = 0; i < 4; i++) [count(), one(1)];
    isCached = false;
    expect([count(), one(1)]).toEqual([3, 4]);
  });
});
