import { describe, expect, it } from '@jest/globals';
import { ValueTimeoutError } from '@viewcache/core';
import { settled } from '@viewcache/core/testing';
import { gate } from '../support/gate.js';
import { counting } from './counting.js';
import { errorOf, openMemory, openOn, stores, until } from './stores.js';

describe.each(stores)('what is stale, by getOrSet in %s', (_name, store) => {
  it('staleWhileRevalidate answers at once, and one run behind it makes the next value', async () => {
    const { cache, jump, events } = await openOn(store);
    const made = gate<string>();
    let runs = 0;
    const options = { ttl: 10, staleWhileRevalidate: 60 };
    await cache.getOrSet('k', () => 'old', options);
    await settled(cache);
    jump(10_000);
    const refreshes: boolean[] = [];
    const make = ({ isRefresh, stale }: { isRefresh: boolean; stale: unknown }) => {
      runs++;
      refreshes.push(isRefresh);
      expect(stale).toBe('old');
      return made.passed;
    };
    expect(await cache.getOrSet('k', make, options)).toBe('old');
    await until(() => runs > 0);
    expect(await Promise.all([1, 2, 3].map(() => cache.getOrSet('k', make, options)))).toEqual(['old', 'old', 'old']);
    made.open('new');
    await settled(cache);
    expect(await cache.getOrSet('k', make, options)).toBe('new');
    expect([runs, refreshes]).toEqual([1, [true]]);
    expect(events.filter(({ type }) => type === 'refresh')).toHaveLength(1);
    // get() answers with what is fresh, and with nothing else.
    jump(10_000);
    expect(await cache.get('k')).toBeUndefined();
    jump(60_000);
    expect(await cache.getOrSet('k', () => 'made', options)).toBe('made');
  });

  it('an error that staleIfError hides is told of by an event and by explain', async () => {
    const { cache, jump, events } = await openOn(store);
    const options = { ttl: 10, staleIfError: '1h', name: 'prices' };
    await cache.getOrSet('k', () => 1, options);
    await settled(cache);
    const failures: readonly (readonly [unknown, string])[] = [
      [new TypeError('prices:\nECONNRESET'), 'TypeError: prices:\\nECONNRESET'],
      ['x'.repeat(10_000), `${'x'.repeat(200)}…`],
      [Object.create(null), 'an object'],
    ];
    for (const [error, detail] of failures) {
      // Past its ttl, and past the time for which a producer that has failed is left alone.
      jump(120_000);
      expect(await cache.getOrSet('k', () => Promise.reject(error), options)).toBe(1);
      const refused = { type: 'refused', key: 'k', route: 'prices', reason: 'failed', detail };
      expect(events.filter(({ type }) => type === 'refused').at(-1)).toEqual(refused);
      expect((await cache.explain({ key: 'k' })).refusals).toMatchObject([{ reason: 'failed', detail }]);
    }
    expect(events.filter(({ type }) => type === 'stale')).toHaveLength(failures.length);
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

  it('isStale has a value that is found made anew, once for all who ask', async () => {
    const { cache, other, jump } = await openOn(store);
    await cache.getOrSet('k', () => ({ v: 1 }), 60);
    // What was made since he asked is handed to whoever has waited.
    jump(1);
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
    // Past that memory asks the store, which may hear of it only when who was behind the answer has.
    await settled(cache);
    jump(50_000);
    expect(await cache.getOrSet('k', make, options)).toBe(2);
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
    expect(error).toMatchObject({ code: 'ERR_CACHE_VALUE_TIMEOUT', route: 'report', key: 'k', timeoutMs: 1_000 });
    expect((error as Error).message).toBe('k: the producer took longer than 1000 ms');
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

  it('is named by its key, as people can read it and no longer than they do', async () => {
    const { cache, clock } = await openMemory();
    const slow = cache.memoize((_id: number, _more: string) => new Promise<void>(() => {}), {
      name: 'slow',
      ttl: 60,
      hardTimeout: 1,
    });
    const long = `line\n${'x'.repeat(1_000)}`;
    const asked = [
      slow(7, 'b'),
      cache.namespace('n').getOrSet(long, () => new Promise(() => {}), { ttl: 60, hardTimeout: 1 }),
      cache.getOrSetMany([8], () => new Promise<Map<number, number>>(() => {}), { ttl: 60, hardTimeout: 1 }),
    ].map(errorOf);
    await clock.advanceAsync(1_000);
    const keys = (await Promise.all(asked)).map((error) => (error as ValueTimeoutError).key);
    expect(keys).toEqual(['slow(7, "b")', expect.stringMatching(/^n › line\\nx+…$/), '8']);
    expect(keys[1]).toHaveLength(200);
    await cache.close();
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
