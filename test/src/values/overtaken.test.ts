import { describe, expect, it } from '@jest/globals';
import { gate } from '../support/gate.js';
import { openOn, stores } from './stores.js';

/** A producer whose runs read what the database holds when they begin, and end when they are let. */
function database() {
  const ends: ReturnType<typeof gate<void>>[] = [];
  return {
    value: 1,
    /** Lets the run that was the so-manieth to begin end. */
    end: (run: number) => ends[run - 1]?.open(),
    begun: async (run: number) => {
      while (ends.length < run) await new Promise(setImmediate);
    },
    async read(): Promise<number> {
      const { value } = this;
      const end = gate<void>();
      ends.push(end);
      await end.passed;
      return value;
    },
  };
}

describe.each(stores)('a run that began before another one, in %s', (_name, store) => {
  it('does not replace what forceRefresh has stored, nor answer who comes after that', async () => {
    const { cache } = await openOn(store);
    const db = database();
    const read = () => db.read();
    const slow = cache.getOrSet('k', read, '1h');
    await db.begun(1);
    db.value = 2;
    const forced = cache.getOrSet('k', read, { ttl: '1h', forceRefresh: true });
    await db.begun(2);
    db.end(2);
    expect(await forced).toBe(2);
    expect(await cache.getOrSet('k', () => 'made anew', '1h')).toBe(2);
    db.end(1);
    expect(await slow).toBe(1);
    expect(await cache.get('k')).toBe(2);
    expect(cache.stats().refused).toEqual({ overtaken: 1 });
  });

  it('does not replace what refresh() of a memoized function has stored', async () => {
    const { cache } = await openOn(store);
    const db = database();
    const f = cache.memoize(async (_id: number) => await db.read(), { name: 'f', ttl: '1h' });
    const slow = f(7);
    await db.begun(1);
    db.value = 2;
    const refreshed = f.refresh(7);
    await db.begun(2);
    db.end(2);
    expect(await refreshed).toBe(2);
    expect(await f(7)).toBe(2);
    db.end(1);
    await slow;
    expect(await f(7)).toBe(2);
  });

  it.each(['left alone', 'touched'])('does not replace it where both were forced, and it was %s', async (what) => {
    const { cache } = await openOn(store);
    const db = database();
    const options = { ttl: '1h', forceRefresh: true } as const;
    const first = cache.getOrSet('k', () => db.read(), options);
    await db.begun(1);
    db.value = 2;
    const second = cache.getOrSet('k', () => db.read(), options);
    await db.begun(2);
    db.end(2);
    await second;
    if (what === 'touched') expect(await cache.touch('k', '2h')).toBe(true);
    db.end(1);
    expect(await first).toBe(1);
    expect(await cache.get('k')).toBe(2);
  });

  it('answers those who had joined it, and is replaced by what began later and ended later', async () => {
    const { cache } = await openOn(store);
    const db = database();
    const options = { ttl: '1h', forceRefresh: true } as const;
    const crowd = [1, 2, 3].map(() => cache.getOrSet('k', () => db.read(), '1h'));
    await db.begun(1);
    db.value = 2;
    const forced = cache.getOrSet('k', () => db.read(), options);
    await db.begun(2);
    db.end(1);
    expect(await Promise.all(crowd)).toEqual([1, 1, 1]);
    db.end(2);
    expect(await forced).toBe(2);
    expect(await cache.get('k')).toBe(2);
    expect(cache.stats().refused).toEqual({});
  });
});
