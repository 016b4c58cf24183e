import { describe, expect, it } from '@jest/globals';
import { ConfigError, ValueTimeoutError, view } from '@viewcache/core';
import { type Gate, gate } from '../support/gate.js';
import { errorOf, openMemory, openOn, stores, until } from './stores.js';

/** A producer that counts its runs and makes their number. */
function counting() {
  const counted = { runs: 0, make: () => ++counted.runs };
  return counted;
}

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
    const options = { ttl: 60, softTimeout: 1, isStale: throws as () => boolean, cacheErrors: throws as () => number };
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

  it('staleWhileRevalidate answers at once, and one run behind it makes the next value', async () => {
    const { cache, jump, events } = await openOn(store);
    const made = gate<string>();
    let runs = 0;
    const options = { ttl: 10, staleWhileRevalidate: 60 };
    await cache.getOrSet('k', () => 'old', options);
    jump(10_000);
    const refreshes: boolean[] = [];
    const make = ({ isRefresh, stale }: { isRefresh: boolean; stale: unknown }) => {
      runs++;
      refreshes.push(isRefresh);
      expect(stale).toBe('old');
      return made.passed;
    };
    // A store's lease goes by a clock of its own: for a moment it tells whoever asks that another has just made it.
    await until(async () => {
      expect(await cache.getOrSet('k', make, options)).toBe('old');
      return runs > 0;
    });
    expect(await Promise.all([1, 2, 3].map(() => cache.getOrSet('k', make, options)))).toEqual(['old', 'old', 'old']);
    made.open('new');
    await until(async () => (await cache.getOrSet('k', make, options)) === 'new');
    expect([runs, refreshes]).toEqual([1, [true]]);
    expect(events.filter(({ type }) => type === 'refresh')).toHaveLength(1);
    // get() answers with what is fresh, and with nothing else.
    jump(10_000);
    expect(await cache.get('k')).toBeUndefined();
    jump(60_000);
    expect(await cache.getOrSet('k', () => 'made', options)).toBe('made');
  });

  it('staleWhileRevalidate answers a crowd at once that has found it in the store, while one makes the next', async () => {
    const { cache, other, jump } = await openOn(store);
    const options = { ttl: 10, staleWhileRevalidate: '1h' } as const;
    await cache.set('k', 'old', options);
    const asked = store === undefined ? cache : await other();
    jump(10_000);
    let runs = 0;
    const never = () => {
      runs++;
      return new Promise<string>(() => {});
    };
    const crowd = () => Promise.all([1, 2, 3].map(() => asked.getOrSet('k', never, options)));
    expect(await crowd()).toEqual(['old', 'old', 'old']);
    expect(await crowd()).toEqual(['old', 'old', 'old']);
    await until(() => runs > 0);
    expect(runs).toBe(1);
  });

  it('isStale is heard also where no time has passed', async () => {
    const { cache } = await openOn(store, { consistency: 'strict' });
    await cache.set('k', 1, 60);
    expect(await cache.getOrSet('k', () => 2, { ttl: 60, isStale: (value) => value < 2 })).toBe(2);
  });

  it('nothing stale answers once it was invalidated, with staleWhileRevalidate alone', async () => {
    const { cache, jump } = await openOn(store);
    const options = { ttl: 10, tags: ['t'], staleWhileRevalidate: 60 };
    await cache.getOrSet('k', () => 'old', options);
    await cache.invalidate({ tags: 't' });
    expect(await cache.getOrSet('k', () => 'new', options)).toBe('new');
    jump(10_000);
    await cache.set('k', 'set', options);
    expect(await cache.getOrSet('k', () => 'made', options)).toBe('set');
  });

  it('staleIfError answers past the lifetime while the producer fails, and then no more', async () => {
    const { cache, jump, events } = await openOn(store);
    const options = { ttl: 10, staleIfError: 60 };
    const fail = async () => {
      throw new Error('down');
    };
    await cache.getOrSet('k', () => 'old', options);
    jump(10_000);
    expect(await cache.getOrSet('k', fail, options)).toBe('old');
    expect(events).toContainEqual(expect.objectContaining({ type: 'stale', reason: 'error' }));
    jump(60_000);
    expect(String(await errorOf(cache.getOrSet('k', fail, options)))).toBe('Error: down');
  });

  it('staleIfError answers with what was invalidated, where the store can tell; never with what was purged or deleted', async () => {
    const { cache } = await openOn(store);
    const options = { ttl: 10, tags: ['t'], staleIfError: 60 };
    const fail = () => {
      throw new Error('down');
    };
    await cache.getOrSet('k', () => 'old', options);
    await cache.invalidate({ tags: 't' });
    if (store?.startsWith('memcached') === true) {
      // It can only purge.
      expect(String(await errorOf(cache.getOrSet('k', fail, options)))).toBe('Error: down');
    } else expect(await cache.getOrSet('k', fail, options)).toBe('old');
    for (const remove of [
      () => cache.delete('k'),
      () => cache.purge({ tags: 't' }),
      () => cache.purge({ key: 'k' }),
      () => cache.set('k', 'gone', 0),
    ]) {
      await cache.set('k', 'old', options);
      await remove();
      expect(String(await errorOf(cache.getOrSet('k', fail, options)))).toBe('Error: down');
    }
  });

  it('forceRefresh makes a value whatever is stored, and stores it', async () => {
    const { cache } = await openOn(store);
    const { make } = counting();
    await cache.getOrSet('k', make, 60);
    expect(await cache.getOrSet('k', make, { ttl: 60, forceRefresh: true })).toBe(2);
    expect(await cache.getOrSet('k', make, 60)).toBe(2);
  });

  it('isStale has a value that is found made anew, once for all who ask', async () => {
    const { cache, other } = await openOn(store);
    await cache.getOrSet('k', () => ({ v: 1 }), 60);
    const made = gate<{ v: number }>();
    let runs = 0;
    const make = () => {
      runs++;
      return made.passed;
    };
    const options = { ttl: 60, isStale: ({ v }: { v: number }) => v < 2 };
    // Where there is another process, nothing is in its memory.
    const asked = store === undefined ? cache : await other();
    const crowd = Array.from({ length: 5 }, () => asked.getOrSet('k', make, options));
    await until(() => runs > 0);
    made.open({ v: 2 });
    expect(await Promise.all(crowd)).toEqual(Array(5).fill({ v: 2 }));
    expect(runs).toBe(1);
    expect(await asked.getOrSet('k', make, options)).toEqual({ v: 2 });
    expect(runs).toBe(1);
    // What is made and still will not do is handed out all the same.
    const never = { ttl: 60, isStale: () => true };
    expect(await asked.getOrSet('k', () => ({ v: 0 }), never)).toEqual({ v: 0 });
  });

  it('earlyRefresh makes a value new before it ends, behind an answer', async () => {
    const { cache, jump } = await openOn(store);
    const { make } = counting();
    const options = { ttl: 100, earlyRefresh: 20 };
    await cache.getOrSet('k', make, options);
    jump(79_999);
    expect(await cache.getOrSet('k', make, options)).toBe(1);
    jump(1);
    expect(await cache.getOrSet('k', make, options)).toBe(1);
    await until(async () => (await cache.getOrSet('k', make, options)) === 2);
    expect(await cache.getOrSet('k', make, options)).toBe(2);
    jump(50_000);
    expect(await cache.getOrSet('k', make, options)).toBe(2);
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

  it('getOrSetMany asks loadMissing once for what there is not, in the order of the keys', async () => {
    const { cache } = await openOn(store);
    await cache.set('b', 'stored', 60);
    const asked: (readonly string[])[] = [];
    const load = (missing: readonly string[]) => {
      asked.push(missing);
      return new Map(missing.filter((key) => key !== 'none').map((key) => [key, `made ${key}`]));
    };
    const found = await cache.getOrSetMany(['a', 'b', 'none', 'c', 'a'], load, 60);
    expect([...found]).toEqual([
      ['a', 'made a'],
      ['b', 'stored'],
      ['c', 'made c'],
    ]);
    expect(asked).toEqual([['a', 'none', 'c']]);
    expect(await cache.getMany(['a', 'c', 'none'])).toEqual(
      new Map([
        ['a', 'made a'],
        ['c', 'made c'],
      ]),
    );
    expect(await cache.getOrSetMany([], load, 60)).toEqual(new Map());
  });

  it('loadMissing may answer with an object or a list; with anything else, or by throwing, all fail', async () => {
    const { cache } = await openOn(store);
    expect([...(await cache.getOrSetMany([1, 2], () => ({ 2: 'two' }), 60))]).toEqual([[2, 'two']]);
    expect([...(await cache.getOrSetMany(['x', 'y'], () => ['X', undefined], 60))]).toEqual([['x', 'X']]);
    expect(await errorOf(cache.getOrSetMany(['p', 'q'], () => ['P'], 60))).toBeInstanceOf(TypeError);
    expect(await errorOf(cache.getOrSetMany(['p'], (() => 7) as never, 60))).toBeInstanceOf(TypeError);
    const error = new Error('down');
    const fail = () => Promise.reject(error);
    expect(await errorOf(cache.getOrSetMany(['p', 'q'], fail, 60))).toBe(error);
    expect(await cache.getMany(['p', 'q'])).toEqual(new Map());
  });

  it('what loadMissing returns by the other type of a key belongs to that key', async () => {
    const { cache, warnings } = await openOn(store);
    const byText = () => new Map([['101', 'a']]);
    expect([...(await cache.getOrSetMany([101, 102], byText, 60))]).toEqual([[101, 'a']]);
    const byNumber = () =>
      new Map([
        [103, 'b'],
        [1, 'no'],
      ]);
    expect([...(await cache.getOrSetMany(['103', '01', 'x'], byNumber, 60))]).toEqual([['103', 'b']]);
    expect(await cache.get('101')).toBe('a');
    expect(warnings()).toEqual([]);
  });

  it('warns once where nothing of what loadMissing returned was asked for', async () => {
    const { cache, warnings } = await openOn(store);
    const rows = (): object => ({ rows: [{ id: 1 }], count: 1 });
    expect(await cache.getOrSetMany([1, 2], rows as () => Record<string, unknown>, 60)).toEqual(new Map());
    expect(await cache.getOrSetMany([3], () => new Map([['user:3', 3]]), 60)).toEqual(new Map());
    expect(await cache.namespace('n').getOrSetMany([3], () => new Map([['user:3', 3]]), 60)).toEqual(new Map());
    expect(warnings()).toEqual([expect.stringMatching(/^getOrSetMany of \(values\) .*such as 1: .*'rows'/)]);
    const other = await cache.getOrSetMany(['a'], () => new Map([['b', 3]]), { ttl: 60, name: 'letters' });
    expect([other.size, warnings().length]).toEqual([0, 2]);
    // Nothing at all is an answer, and so are some.
    await cache.getOrSetMany(['x'], () => ({}), { ttl: 60, name: 'none' });
    await cache.getOrSetMany(['x', 'y'], () => ({ y: 1 }), { ttl: 60, name: 'some' });
    expect(warnings()).toHaveLength(2);
  });

  it('what is not loaded is asked for again; null is stored', async () => {
    const { cache } = await openOn(store);
    const asked: (readonly string[])[] = [];
    const load = (missing: readonly string[]) => {
      asked.push(missing);
      return missing.map((key) => (key === 'gone' ? null : undefined));
    };
    await cache.getOrSetMany(['gone', 'unknown'], load, 60);
    expect([...(await cache.getOrSetMany(['gone', 'unknown'], load, 60))]).toEqual([['gone', null]]);
    expect(asked).toEqual([['gone', 'unknown'], ['unknown']]);
  });

  it('keys keep their type, and literals are no types of their own', async () => {
    const { cache } = await openOn(store);
    const rows = [{ id: 1, name: 'Ada' }];
    const load = async (missing: readonly number[]) =>
      new Map(rows.filter(({ id }) => missing.includes(id)).map((row) => [row.id, row] as const));
    const anyId: number = 1;
    const byId: Map<number, { name: string }> = await cache.getOrSetMany([1, 2, 3], load, 60);
    expect(byId.get(anyId)?.name).toBe('Ada');
    const inPlace = await cache.getOrSetMany(
      [1, 2],
      async () => new Map(rows.map((row) => [row.id, row] as const)),
      60,
    );
    expect(inPlace.get(anyId)?.name).toBe('Ada');
    const found: Map<number, { name: string }> = await cache.getMany<{ name: string }>([1, 2]);
    expect(found.get(anyId)?.name).toBe('Ada');
    const texts: Map<string, number> = await cache.getMany<number>(['a', 'b']);
    const mixed: Map<string | number, number> = await cache.getMany<number>(['a', 1 as string | number]);
    expect([texts.size, mixed.size]).toEqual([0, 1]);
    // @ts-expect-error -- an object is no key
    expect(await errorOf(cache.getOrSetMany([{ id: 1 }], () => [1], 60))).toBeInstanceOf(ConfigError);
    // @ts-expect-error -- neither is a big integer
    expect(await errorOf(cache.getMany([1n]))).toBeInstanceOf(ConfigError);
  });

  it('getOrSetMany waits for what somebody makes already', async () => {
    const { cache } = await openOn(store);
    const made = gate<string>();
    let isMaking = false;
    const alone = cache.getOrSet(
      'a',
      () => {
        isMaking = true;
        return made.passed;
      },
      60,
    );
    await until(() => isMaking);
    const asked: (readonly string[])[] = [];
    const load = (missing: readonly string[]) => {
      asked.push(missing);
      return missing.map((key) => `many ${key}`);
    };
    const many = cache.getOrSetMany(['a', 'b'], load, 60);
    await until(() => asked.length > 0);
    made.open('alone');
    expect([...(await many)]).toEqual([
      ['a', 'alone'],
      ['b', 'many b'],
    ]);
    expect([await alone, asked]).toEqual(['alone', [['b']]]);
  });
});

describe('a producer that is slow', () => {
  const options = { ttl: 10, staleIfError: 60, softTimeout: '100ms', hardTimeout: '1s' } as const;

  it('past softTimeout what is stale answers, and what is made is stored', async () => {
    const { cache, clock, stored, events } = await openMemory();
    await cache.getOrSet('k', () => 'old', options);
    await clock.advanceAsync(10_000);
    const made = gate<string>();
    const answer = cache.getOrSet('k', () => made.passed, options);
    const waits = cache.getOrSet('k', () => 'not run', options);
    await clock.advanceAsync(100);
    expect(await Promise.all([answer, waits])).toEqual(['old', 'old']);
    expect(events).toContainEqual(expect.objectContaining({ type: 'stale', reason: 'timeout' }));
    made.open('new');
    await stored(2);
    expect(await cache.get('k')).toBe('new');
    await cache.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('past hardTimeout, with nothing to answer, the caller is told so; it goes on, and is stored', async () => {
    const { cache, clock, stored } = await openMemory();
    const made = gate<string>();
    const told = errorOf(cache.getOrSet('k', () => made.passed, { ...options, name: 'report' }));
    const waiter = errorOf(cache.getOrSet('k', () => 'not run', { ...options, hardTimeout: '2s' }));
    await clock.advanceAsync(1_000);
    const error = await told;
    expect(error).toBeInstanceOf(ValueTimeoutError);
    expect(error).toMatchObject({ code: 'ERR_CACHE_VALUE_TIMEOUT', route: 'report', timeoutMs: 1_000 });
    await clock.advanceAsync(1_000);
    expect(await waiter).toMatchObject({ timeoutMs: 2_000 });
    made.open('late');
    await stored(1);
    expect(await cache.get('k')).toBe('late');
    await cache.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('past refreshTimeout nobody waits for it any more, and nothing of it is stored', async () => {
    const { cache, clock } = await openMemory();
    const refreshing = { ttl: 10, staleWhileRevalidate: '1h', refreshTimeout: 5 } as const;
    await cache.getOrSet('k', () => 'old', refreshing);
    await clock.advanceAsync(10_000);
    const never = gate<string>();
    expect(await cache.getOrSet('k', () => never.passed, refreshing)).toBe('old');
    await clock.advanceAsync(5_000);
    expect(cache.stats().refused).toMatchObject({ aborted: 1 });
    expect(await cache.getOrSet('k', () => 'new', refreshing)).toBe('old');
    never.open('too late');
    await until(() => cache.stats().stored === 2);
    expect(await cache.get('k')).toBe('new');
  });

  it('one that never ends does not keep others from making the value, once it was given up', async () => {
    const { cache, clock } = await openMemory();
    const never = () => new Promise<string>(() => {});
    const first = errorOf(cache.getOrSet('k', never, { ttl: 10, hardTimeout: 1, refreshTimeout: 5 }));
    const second = cache.getOrSet('k', () => 'second', 10);
    await clock.advanceAsync(1_000);
    expect(await first).toBeInstanceOf(ValueTimeoutError);
    await clock.advanceAsync(5_000);
    expect(await second).toBe('second');
    await cache.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('a refresh that fails is not tried again at once, and what is stale goes on answering', async () => {
    const { cache, clock, warnings } = await openMemory();
    const refreshing = { ttl: 10, staleWhileRevalidate: '1h' } as const;
    await cache.getOrSet('k', () => 'old', refreshing);
    await clock.advanceAsync(10_000);
    let runs = 0;
    const fail = async () => {
      runs++;
      throw Symbol('down');
    };
    for (let i = 0; i < 5; i++) {
      expect(await cache.getOrSet('k', fail, refreshing)).toBe('old');
      await clock.advanceAsync(0);
    }
    expect(runs).toBe(1);
    expect(warnings()).toEqual(['(values) could not be made new: Symbol(down)']);
  });
});

describe('options', () => {
  it.each([
    ['an unknown one', { ttl: 1, nonsense: 1 }, 'getOrSet.nonsense'],
    ['tags that are text', { tags: 'users' }, 'getOrSet.tags'],
    ['an empty tag', { tags: [''] }, 'getOrSet.tags'],
    ['a version below 0', { ttl: 1, version: -1 }, 'getOrSet.version'],
    ['a version that is text', { ttl: 1, version: '1' }, 'getOrSet.version'],
    ['a clone of another kind', { ttl: 1, clone: 'deep' }, 'getOrSet.clone'],
    ['a storeIf that is no function', { ttl: 1, storeIf: true }, 'getOrSet.storeIf'],
    ['an isStale that is no function', { ttl: 1, isStale: 5 }, 'getOrSet.isStale'],
    ['a forceRefresh that is no boolean', { ttl: 1, forceRefresh: 'yes' }, 'getOrSet.forceRefresh'],
    ['a negative cacheErrors', { ttl: 1, cacheErrors: -1 }, 'getOrSet.cacheErrors'],
    ['an empty name', { ttl: 1, name: '' }, 'getOrSet.name'],
    ['maxTags of 0', { ttl: 1, maxTags: 0 }, 'getOrSet.maxTags'],
    ['a timeout that is nonsense', { ttl: 1, softTimeout: 'soon' }, 'getOrSet.softTimeout'],
    ['a jitter as long as the ttl', { ttl: 1, jitter: 1 }, 'getOrSet.jitter'],
    ['a ttl below 0', -1, 'getOrSet.ttl'],
    ['a ttl that is nonsense', 'soon', 'getOrSet.ttl'],
    ['a list', [60], 'getOrSet'],
    ['null', null, 'getOrSet.ttl'],
  ])('%s is an error that names it, whether or not something is stored', async (_what, options, setting) => {
    const { cache } = await openMemory();
    let runs = 0;
    for (const isStored of [false, true]) {
      if (isStored) await cache.set('k', 'stored', 60);
      for (const given of [options, structuredClone(options)]) {
        const error = await errorOf(cache.getOrSet('k', () => ++runs, given as never));
        expect(error).toBeInstanceOf(ConfigError);
        expect(error).toMatchObject({ setting });
      }
    }
    expect(runs).toBe(0);
  });

  it('set, add and increment refuse what only a producer could use', async () => {
    const { cache } = await openMemory();
    for (const given of [
      { softTimeout: 1 },
      { storeIf: () => true },
      { isStale: () => true },
      { forceRefresh: true },
    ]) {
      const options = { ttl: 1, ...given } as never;
      expect(await errorOf(cache.set('k', 1, options))).toBeInstanceOf(ConfigError);
      expect(await errorOf(cache.add('k', 1, options))).toBeInstanceOf(ConfigError);
      expect(await errorOf(cache.setMany({ k: 1 }, options))).toBeInstanceOf(ConfigError);
      expect(await errorOf(cache.increment('k', 1, options))).toBeInstanceOf(ConfigError);
    }
    for (const by of [Number.NaN, Number.POSITIVE_INFINITY, '1', null, 1n])
      expect(await errorOf(cache.increment('k', by as never))).toBeInstanceOf(ConfigError);
    expect(await errorOf(cache.increment('k', 1, { initial: 'x' } as never))).toBeInstanceOf(ConfigError);
  });

  it('a producer that is no function is an error', async () => {
    const { cache } = await openMemory();
    expect(await errorOf(cache.getOrSet('k', 'value' as never, 60))).toMatchObject({ setting: 'getOrSet.producer' });
    expect(await errorOf(cache.getOrSetMany(['k'], 5 as never, 60))).toMatchObject({
      setting: 'getOrSetMany.loadMissing',
    });
    expect(await errorOf(cache.getMany('k' as never))).toMatchObject({ setting: 'getMany.keys' });
    expect(await errorOf(cache.setMany('k' as never))).toMatchObject({ setting: 'setMany.values' });
    expect(() => cache.namespace('')).toThrow(ConfigError);
  });

  it('neither a ttl nor tags: 5 minutes, and one warning', async () => {
    const { cache, clock, warnings } = await openMemory();
    for (let i = 0; i < 3; i++) await cache.set(`k${i}`, i);
    expect(warnings()).toEqual([
      'set says neither a ttl nor tags: the value is kept for 5 minutes; give one, or createCache a ttl',
    ]);
    clock.advance(299_999);
    expect(await cache.get('k0')).toBe(0);
    clock.advance(1);
    expect(await cache.get('k0')).toBeUndefined();
  });

  it("tags without a ttl: until they are invalidated; the cache's own ttl is for what says none", async () => {
    const { cache, clock, warnings } = await openMemory();
    await cache.set('k', 1, { tags: ['t'] });
    clock.advance(1e12);
    expect(await cache.get('k')).toBe(1);
    const own = await openMemory({ ttl: '1m' });
    await own.cache.set('k', 1);
    own.clock.advance(59_999);
    expect(await own.cache.get('k')).toBe(1);
    own.clock.advance(1);
    expect(await own.cache.get('k')).toBeUndefined();
    expect([warnings(), own.warnings()]).toEqual([[], []]);
  });

  it.each([
    ['tags', { ttl: 60, tags: () => 'users' }],
    ['tags', { ttl: 60, tags: () => [''] }],
    ['ttl', { ttl: () => -1 }],
    ['ttl', { ttl: () => 'soon' }],
    ['storeIf', { ttl: 60, storeIf: () => undefined }],
  ])('a function %s that answers nonsense: the value answers, and is not stored', async (_what, options) => {
    const { cache } = await openMemory();
    expect(await cache.getOrSet('k', () => 'v', options as never)).toBe('v');
    expect(await cache.has('k')).toBe(false);
  });

  it('more tags than maxTags coarsen to their groups', async () => {
    const { cache } = await openMemory();
    const tags = Array.from({ length: 10 }, (_, i) => `row#${i}`);
    await cache.set('k', 1, { ttl: 60, tags, maxTags: 5 });
    await cache.invalidate({ tags: 'row#77' });
    expect(await cache.has('k')).toBe(false);
    expect(await cache.set('k', 1, { ttl: 60, tags: ['a', 'b', 'c'], maxTags: 2 })).toBe(false);
  });
});
