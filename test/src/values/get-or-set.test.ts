import { describe, expect, it } from '@jest/globals';
import { view } from '@viewcache/core';
import { type Gate, gate } from '../support/gate.js';
import { counting } from './counting.js';
import { errorOf, openOn, stores, until } from './stores.js';

describe.each(stores)('getOrSet in %s', (_name, store) => {
  it('makes a value once, and finds it from then on', async () => {
    const { cache, events } = await openOn(store);
    const { make } = counting();
    expect([await cache.getOrSet('k', make, 60), await cache.getOrSet('k', make, 60)]).toEqual([1, 1]);
    expect(await cache.get('k')).toBe(1);
    expect(events.map(({ type }) => type).filter((type) => type !== 'removed')).toEqual([
      'miss',
      'stored',
      'hit',
      'hit',
    ]);
  });

  it('has ended at exactly its ttl', async () => {
    const { cache, clock } = await openOn(store);
    const { make } = counting();
    await cache.getOrSet('k', make, '5m');
    // With all the timers that a store has set meanwhile, at whatever fractions of a millisecond.
    clock.advance('5m');
    expect(await cache.getOrSet('k', make, '5m')).toBe(2);
  });

  it('makes it once for a crowd, and hands each a value of his own', async () => {
    const { cache } = await openOn(store);
    const made = gate<{ n: number[] }>();
    let runs = 0;
    const make = () => {
      runs++;
      return made.passed;
    };
    const crowd = Array.from({ length: 20 }, () => cache.getOrSet('k', make, 60));
    await until(() => runs > 0);
    made.open({ n: [1] });
    const values = await Promise.all(crowd);
    expect(runs).toBe(1);
    expect(values).toEqual(Array(20).fill({ n: [1] }));
    expect(new Set(values).size).toBe(20);
    expect(cache.stats()).toMatchObject({ misses: 1, collapsed: 19 });
  });

  it('gives what cannot be copied to one caller alone: whoever waits makes his own, beside the others', async () => {
    const { cache, warnings } = await openOn(store);
    const runs: Gate[] = [];
    const make = async (): Promise<{ owner: number; work: () => void }> => {
      const run = gate();
      const owner = runs.push(run);
      await run.passed;
      return { owner, work: () => {} };
    };
    const asked = Promise.all([1, 2, 3].map(() => cache.getOrSet('k', make, 60)));
    await until(() => runs.length > 0);
    // Nobody has made his own before it is known that there is none to share.
    expect([runs.length, cache.stats().misses]).toEqual([1, 1]);
    runs[0]?.open();
    // Both others at the same time: none of them waits for the other.
    await until(() => runs.length === 3);
    for (const run of runs) run.open();
    const made = await asked;
    expect(made.map(({ owner }) => owner).sort()).toEqual([1, 2, 3]);
    for (const value of made) {
      expect(value).not.toHaveProperty('isMine');
      Object.assign(value, { isMine: true });
    }
    expect(await cache.has('k')).toBe(false);
    expect(cache.stats()).toMatchObject({ collapsed: 0, misses: 4, refused: { class: 3 } });
    expect(warnings()).toEqual([expect.stringContaining('value.work is a function; it was not stored')]);
  });

  it('tells everybody who waits the error itself, runs once for all, and keeps nothing of it', async () => {
    const { cache } = await openOn(store);
    const error = new Error('no connection');
    const broken = gate();
    let runs = 0;
    const fail = async () => {
      runs++;
      await broken.passed;
      throw error;
    };
    const crowd = Array.from({ length: 5 }, () => errorOf(cache.getOrSet('k', fail, 60)));
    await until(() => runs > 0);
    broken.open();
    for (const told of await Promise.all(crowd)) expect(told).toBe(error);
    expect(runs).toBe(1);
    expect(await cache.has('k')).toBe(false);
    expect(await cache.getOrSet('k', () => 'well', 60)).toBe('well');
    expect(cache.stats().refused).toMatchObject({ failed: 1 });
  });

  it.each([
    ['undefined', undefined],
    ['a string', 'boom'],
    ['a symbol', Symbol('boom')],
    ['an object without a prototype', Object.create(null)],
  ])('what is thrown may be %s', async (_what, thrown) => {
    const { cache } = await openOn(store);
    const throws = () => {
      throw thrown;
    };
    const rejects = () => Promise.reject(thrown);
    const options = {
      ttl: 60,
      softTimeout: 1,
      staleIfError: 0.001,
      isStale: throws as () => boolean,
      cacheErrors: throws as () => number,
    };
    for (const fail of [throws, rejects]) expect(await errorOf(cache.getOrSet('k', fail, options))).toBe(thrown);
    await cache.set('k', 1, 60);
    expect(await cache.getOrSet('k', () => 2, options)).toBe(2);
  });

  it('cacheErrors keeps an error, for so long, or until it is deleted, set or invalidated', async () => {
    const { cache, jump } = await openOn(store);
    let runs = 0;
    const fail = () => {
      view().dependsOn('said');
      throw new Error(`run ${++runs}`);
    };
    const ask = async () =>
      String(await errorOf(cache.getOrSet('k', fail, { ttl: 60, tags: ['named'], cacheErrors: 5 })));
    expect([await ask(), await ask()]).toEqual(['Error: run 1', 'Error: run 1']);
    jump(5_000);
    expect([await ask(), await ask()]).toEqual(['Error: run 2', 'Error: run 2']);
    const ends: (() => Promise<unknown>)[] = [
      () => cache.delete('k'),
      () => cache.invalidate({ tags: 'named' }),
      () => cache.invalidate({ tags: 'said' }),
      () => cache.invalidate({ key: 'k' }),
      () => cache.invalidate({ all: true }),
    ];
    for (const [i, end] of ends.entries()) {
      await end();
      expect([await ask(), await ask()]).toEqual([`Error: run ${i + 3}`, `Error: run ${i + 3}`]);
    }
    await cache.set('k', 'set', 60);
    expect(await cache.getOrSet('k', fail, { ttl: 60, cacheErrors: 5 })).toBe('set');
  });

  it('cacheErrors may be of the error; 0 keeps none', async () => {
    const { cache } = await openOn(store);
    let runs = 0;
    const fail = (code: string) => () => {
      runs++;
      throw Object.assign(new Error('failed'), { code });
    };
    const cacheErrors = (error: unknown) => ((error as { code: string }).code === 'GONE' ? '1m' : 0);
    const ask = (key: string, code: string) => errorOf(cache.getOrSet(key, fail(code), { ttl: 60, cacheErrors }));
    for (let i = 0; i < 2; i++) await ask('gone', 'GONE');
    expect(runs).toBe(1);
    for (let i = 0; i < 2; i++) await ask('down', 'DOWN');
    expect(runs).toBe(3);
  });

  it('forceRefresh makes a value whatever is stored, and stores it', async () => {
    const { cache } = await openOn(store);
    const { make } = counting();
    await cache.getOrSet('k', make, 60);
    expect(await cache.getOrSet('k', make, { ttl: 60, forceRefresh: true })).toBe(2);
    expect(await cache.getOrSet('k', make, 60)).toBe(2);
    // Whether there is a new one is what its caller asks.
    const error = new Error('down');
    const fail = () => Promise.reject(error);
    expect(await errorOf(cache.getOrSet('k', fail, { ttl: 60, forceRefresh: true }))).toBe(error);
    expect(await cache.getOrSet('k', make, 60)).toBe(2);
    await cache.set('k', 'older', { ttl: 60, staleIfError: 60 });
    expect(await cache.getOrSet('k', fail, { ttl: 60, forceRefresh: true })).toBe('older');
  });

  it('ttl and tags may be of the value', async () => {
    const { cache, jump } = await openOn(store);
    const options = {
      ttl: ({ s }: { s: number }) => s,
      tags: ({ s }: { s: number }) => [`s#${s}`],
    };
    await cache.getOrSet('short', () => ({ s: 1 }), options);
    await cache.getOrSet('long', () => ({ s: 100 }), options);
    await cache.getOrSet('not', () => ({ s: 0 }), options);
    expect([await cache.has('short'), await cache.has('long'), await cache.has('not')]).toEqual([true, true, false]);
    jump(1_000);
    expect([await cache.has('short'), await cache.has('long')]).toEqual([false, true]);
    await cache.invalidate({ tags: 's#100' });
    expect(await cache.has('long')).toBe(false);
  });

  it('storeIf keeps a value from being stored, and it answers who waits', async () => {
    const { cache } = await openOn(store);
    const made = gate<number>();
    const options = { ttl: 60, storeIf: (value: number) => value > 0 };
    let runs = 0;
    const make = () => {
      runs++;
      return made.passed;
    };
    const crowd = [1, 2, 3].map(() => cache.getOrSet('k', make, options));
    await until(() => runs > 0);
    made.open(0);
    expect(await Promise.all(crowd)).toEqual([0, 0, 0]);
    expect(runs).toBe(1);
    expect(await cache.has('k')).toBe(false);
    expect(cache.stats().refused).toMatchObject({ 'store-if': 1 });
  });

  it('inside a producer view() says the ttl, the tags, and that it is not to be stored', async () => {
    const { cache, jump } = await openOn(store);
    const { make } = counting();
    const say = (what: () => unknown) => async () => {
      await null;
      what();
      return make();
    };
    const short = say(() => view().ttl(1));
    expect([await cache.getOrSet('a', short, 60), await cache.getOrSet('a', short, 60)]).toEqual([1, 1]);
    jump(1_000);
    expect(await cache.getOrSet('a', short, 60)).toBe(2);
    const tagged = say(() => view().dependsOn('t'));
    await cache.getOrSet('b', tagged, 60);
    await cache.invalidate({ tags: 't' });
    expect(await cache.has('b')).toBe(false);
    await cache.getOrSet(
      'c',
      say(() => view().doNotStore()),
      60,
    );
    await cache.getOrSet(
      'd',
      say(() => view().dependsOn('')),
      60,
    );
    await cache.getOrSet(
      'e',
      say(() => view().varyOn('accept-language')),
      60,
    );
    expect(await cache.getMany(['c', 'd', 'e'])).toEqual(new Map());
    expect(cache.stats().refused).toMatchObject({ view: 1, tag: 1, 'vary-star': 1 });
  });

  it.each([
    ['before', () => view().varyOn('*').doNotStore()],
    ['after', () => view().doNotStore().varyOn('*')],
  ])(
    'what varies by nobody knows what is for one caller alone, said %s that it is not to be stored',
    async (_when, say) => {
      const { cache } = await openOn(store);
      const go = gate();
      let runs = 0;
      const part = async () => {
        say();
        await go.passed;
        return ++runs;
      };
      const whole = () => cache.getOrSet('whole', () => cache.getOrSet('part', part, 60), 60);
      const asked = [cache.getOrSet('k', part, 60), cache.getOrSet('k', part, 60), whole(), whole()];
      go.open();
      expect(new Set(await Promise.all(asked)).size).toBe(4);
      expect(await cache.getMany(['k', 'whole', 'part'])).toEqual(new Map());
    },
  );

  it('a producer that asks for its own value makes it, and waits for nobody', async () => {
    const { cache, events } = await openOn(store);
    const value = await cache.getOrSet('k', () => cache.getOrSet('k', () => 'inner', 60), 60);
    expect(value).toBe('inner');
    expect(events).toContainEqual(expect.objectContaining({ type: 'bypass', reason: 'recursion' }));
    const through = () =>
      cache.getOrSet('a', () => cache.getOrSet('b', () => cache.getOrSet('a', () => 1, 60), 60), 60);
    expect(await through()).toBe(1);
    expect(await cache.get('b')).toBe(1);
  });
});
