import { describe, expect, it } from '@jest/globals';
import { InvalidationUnheardError } from '@viewcache/core';
import { errorOf, openMemory, openOn, servers } from './stores.js';

describe('keys of values, where people read them', () => {
  it('are the targets of what a call of the low-level cache ends', async () => {
    const { cache, events } = await openMemory();
    const cart = cache.namespace('cart');
    await cache.delete('q');
    await cache.deleteMany(['q', 'r']);
    await cache.delete('q', { version: 2 });
    await cart.delete('z');
    await cart.clear();
    await cache.set('t', 1, 60);
    await cache.touch('t', 0);
    const said = events.flatMap((event) => (event.type === 'invalidated' ? event.targets : []));
    expect(said.slice(0, 6)).toEqual([
      'key: q',
      'key: q',
      'key: r',
      'key: q (version 2)',
      'key: cart › z',
      'namespace: cart',
    ]);
    expect(said.filter((target) => target.startsWith('undefined'))).toEqual([]);
  });

  it('are the targets of what a memoized function invalidates', async () => {
    const { cache, events } = await openMemory();
    const statsOf = cache.memoize(async (n: number) => n, { name: 'statsOf', ttl: 60 });
    await statsOf(20);
    await statsOf.invalidate(20);
    await statsOf.cacheClear();
    const said = events.flatMap((event) => (event.type === 'invalidated' ? [event.targets] : []));
    expect(said).toEqual([['key: statsOf(20)'], ['namespace: memo:statsOf']]);
  });

  it('are what an error tells that no store has heard of', async () => {
    const { cache } = await openMemory({
      store: 'redis://127.0.0.1:1',
      clock: undefined as never,
      deadline: '50ms',
      onInvalidateFailure: 'throw',
    });
    const error = await errorOf(cache.delete('q'));
    expect(error).toBeInstanceOf(InvalidationUnheardError);
    expect(error).toMatchObject({ targets: ['key: q'] });
  });

  it('break no line of a log, in whatever event, warning or statistic', async () => {
    const { cache, events } = await openOn(servers.redis.url, { ttl: 60 });
    const forged = 'a\nERROR forged \u202e';
    await cache.get(forged);
    await cache.set(forged, () => 1, { name: forged });
    await cache.getOrSet(forged, () => 1, { name: forged });
    await cache.namespace(forged).increment(forged);
    await cache.memoize(async (text: string) => text, { name: forged })(forged);
    await cache.invalidate({ namespace: forged });
    const explained = await cache.explain({ key: forged });
    const said = JSON.stringify([events, explained, Object.keys(cache.stats().routes)], (_, value) =>
      typeof value === 'string' && /\p{Cc}|\u202e/u.test(value) ? `unprintable: ${value}` : value,
    );
    expect(said).not.toContain('unprintable');
    expect(explained.key).toBe('a\\nERROR forged \\u202e');
    expect(explained.refusals).toEqual([expect.objectContaining({ key: explained.key })]);
  });
});
