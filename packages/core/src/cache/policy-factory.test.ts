import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import type { CacheEvent } from '../ports/event-sink.js';
import type { EvictionPolicy } from '../ports/eviction-policy.js';
import { FakeClock } from '../testing/fake-clock.js';
import { createCache } from './create-cache.js';

/** Evicts what came last, until it is told to fail. */
class NewestFirst implements EvictionPolicy {
  readonly name = 'newest-first';
  fails = false;
  readonly #slots = new Set<number>();
  grow(): void {}
  insert(slot: number): void {
    this.#slots.add(slot);
  }
  hit(): void {}
  remove(slot: number): void {
    this.#slots.delete(slot);
  }
  victim(): number {
    if (this.fails) throw new Error('broken');
    return [...this.#slots].at(-1) as number;
  }
  order(): Iterable<number> {
    return this.#slots;
  }
  clear(): void {
    this.#slots.clear();
  }
}

const set = async (cache: ReturnType<typeof createCache>, from: number, to: number) => {
  for (let key = from; key < to; key++) await cache.set(`key ${key}`, 'v', 'forever');
};

describe('the policy of a cache', () => {
  it.each([
    [undefined, 'auto', 'tinylfu'],
    ['auto', 'auto', 'tinylfu'],
    ['sieve', 'sieve', 'sieve'],
    [{ name: 'lfu', ageing: true }, 'lfu', 'lfu'],
    [{ name: 'random', minAge: '1m' }, 'random', 'random'],
    [{ name: 'tinylfu', window: 0.2 }, 'tinylfu', 'tinylfu'],
  ] as const)('%j is told by the statistics', (policy, name, current) => {
    const { eviction } = createCache({ policy }).stats();
    expect(eviction).toEqual({ policy: name, current, hitRatios: {}, switches: 0, lastSwitch: undefined });
  });

  it('is read from the URL, and an option wins', () => {
    const store = 'memory:?policy=s3fifo&maxBytes=1mb';
    expect(createCache({ store }).stats().eviction?.policy).toBe('s3fifo');
    expect(createCache({ store, policy: 'gdsf' }).stats().eviction?.policy).toBe('gdsf');
  });

  it('is none where nothing is stored', () => {
    expect(createCache({ store: 'off:' }).stats().eviction).toBeUndefined();
  });

  it('says when auto changes, with its reasons, as an event and in the statistics', async () => {
    const cache = createCache({ maxEntries: 100, clock: new FakeClock() });
    const events: CacheEvent[] = [];
    cache.on((event) => event.type === 'policy-switched' && events.push(event));
    for (let i = 0; i < 4_000; i++) await cache.getOrSet(`key ${i % 150}`, () => 'v', { ttl: 'forever', tags: ['t'] });
    const { eviction } = cache.stats();
    expect(eviction).toMatchObject({ policy: 'auto', current: 'mru', switches: 1 });
    expect(events).toMatchObject([{ from: 'tinylfu', to: 'mru', reason: 'hit-ratio' }]);
    expect(eviction?.lastSwitch).toMatchObject({ from: 'tinylfu', to: 'mru', at: expect.any(Number) });
    expect(eviction?.hitRatios['mru']).toBeGreaterThan(0.6);
    expect(eviction?.hitRatios['lru']).toBe(0);
  });

  it('is one of the user’s own, and lru once that has failed, with an event', async () => {
    const own = new NewestFirst();
    const cache = createCache({ policy: own, maxEntries: 3 });
    const events: CacheEvent[] = [];
    cache.on((event) => event.type === 'policy-switched' && events.push(event));
    await set(cache, 0, 5);
    expect(cache.stats().eviction).toMatchObject({ policy: 'newest-first', current: 'newest-first', switches: 0 });
    own.fails = true;
    await set(cache, 5, 9);
    expect(cache.stats()).toMatchObject({ entries: 3, eviction: { current: 'lru', switches: 1 } });
    expect(events).toMatchObject([{ from: 'newest-first', to: 'lru', reason: 'failed', error: { message: 'broken' } }]);
    expect(await cache.get('key 8')).toBe('v');
  });

  it('is refused at the start where it is none, or decides in another cache', () => {
    expect(() => createCache({ policy: () => ({}) as EvictionPolicy })).toThrow(ConfigError);
    const own = new NewestFirst();
    createCache({ policy: own });
    expect(() => createCache({ policy: own })).toThrow('decides in another store already');
  });
});
