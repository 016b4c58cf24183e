import { describe, expect, it } from '@jest/globals';
import type { Cache, ValueOptions } from '@viewcache/core';
import { openMemory, openOn, stores } from './stores.js';

const THOUSAND = 1_000;

/** A list of so many rows, each of them a value with a tag of its own, and how often it was made. */
function listOf(cache: Cache, rows: number, options: ValueOptions<number> = {}, onFound: () => unknown = () => {}) {
  const products = cache.namespace('products');
  const ids = Array.from({ length: rows }, (_, i) => i);
  const list = {
    runs: 0,
    products,
    ask: () =>
      cache.getOrSet(
        'list',
        async () => {
          list.runs++;
          const load = (missing: readonly number[]): { id: number }[] => missing.map((id) => ({ id }));
          const tags = ({ id }: { id: number }) => [`product#${id}`];
          const found = await products.getOrSetMany(ids, load, { by: 'id', ttl: '1h', tags });
          await onFound();
          return found.size;
        },
        { ttl: '1h', name: 'list', ...options },
      ),
  };
  return list;
}

describe.each(stores)('a value made of a thousand others, in %s', (_name, store) => {
  it.each([
    ['made', false],
    ['found', true],
  ])('is stored, and gone with any of them, which were %s', async (_how, areFound) => {
    const { cache } = await openOn(store);
    const list = listOf(cache, THOUSAND);
    const writes = [
      () => cache.invalidate({ tags: 'product#0' }),
      () => cache.invalidate({ tags: 'product!bulk' }),
      () => list.products.set(500, { id: 500 }, '1h'),
      () => list.products.delete(THOUSAND - 1),
      () => cache.invalidate({ namespace: 'products' }),
    ];
    // To make a thousand anew with a shared store takes some of its time.
    const some = store === undefined ? 2 : 1;
    for (const [i, write] of writes.slice(0, areFound ? writes.length : some).entries()) {
      expect(await list.ask()).toBe(THOUSAND);
      expect(await list.ask()).toBe(THOUSAND);
      expect(list.runs).toBe(i + 1);
      await write();
      expect(await cache.has('list')).toBe(false);
      if (!areFound) await list.products.clear();
    }
  });

  it('is stored for others who share the store, and nothing else ends it', async () => {
    const { cache, other, stored } = await openOn(store);
    expect(await listOf(cache, THOUSAND).ask()).toBe(THOUSAND);
    await stored(THOUSAND + 1);
    await cache.invalidate({ tags: [`product#${THOUSAND}`, 'product'] });
    const there = listOf(store === undefined ? cache : await other(), THOUSAND);
    expect([await there.ask(), there.runs]).toEqual([THOUSAND, 0]);
  });

  it('is not stored where one of them was invalidated before the last was read', async () => {
    const { cache } = await openOn(store);
    const list = listOf(cache, THOUSAND, {}, () => cache.invalidate({ tags: 'product#7' }));
    expect(await list.ask()).toBe(THOUSAND);
    expect(await cache.has('list')).toBe(false);
  });
});

describe('a value made of too many others', () => {
  it('is not stored, which is said once with what to do, and is with a higher maxTags', async () => {
    const { cache, warnings } = await openMemory();
    const list = listOf(cache, 2_000);
    for (let i = 0; i < 2; i++) await list.ask();
    expect(list.runs).toBe(2);
    expect(warnings()).toEqual([
      'list: it is made of other values that have 6005 tags between them, and 4096 is the most: make it of fewer, or raise its maxTags; it was not stored (list)',
    ]);
    expect((await cache.explain({ key: 'list' })).refusals).toMatchObject([
      { reason: 'too-many-tags', detail: expect.stringContaining('6005 tags') },
    ]);
    const more = listOf(cache, 2_000, { maxTags: 10_000 });
    for (let i = 0; i < 2; i++) await more.ask();
    expect(more.runs).toBe(1);
    await cache.delete('list');
    // Fewer tags of its own than most are allowed is no word on those of what it is made of.
    const fewer = listOf(cache, 1_000, { maxTags: 1 });
    for (let i = 0; i < 2; i++) await fewer.ask();
    expect(fewer.runs).toBe(1);
  });

  it('is one with fewer the deeper these are made inside of one another', async () => {
    const { cache, warnings } = await openMemory();
    const down = (n: number): Promise<number> =>
      cache.getOrSet(`down ${n}`, async () => (n === 0 ? 0 : 1 + (await down(n - 1))), { ttl: '1h', name: 'down' });
    await down(300);
    expect(await cache.getMany(['down 100', 'down 200'])).toEqual(new Map([['down 100', 100]]));
    expect(warnings()).toEqual([expect.stringContaining('256 is the most where they are made inside one another')]);
  });

  it('says so of tags of its own', async () => {
    const { cache, warnings } = await openMemory();
    expect(await cache.set('k', 1, { ttl: 60, tags: ['a', 'b', 'c'], maxTags: 2, name: 'prices' })).toBe(false);
    expect(warnings()).toEqual([
      'prices: it depends on more than 2 tags, even by group: name fewer, or raise its maxTags; it was not stored (k)',
    ]);
  });
});
