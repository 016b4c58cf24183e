import { describe, expect, it } from '@jest/globals';
import { openOn, stores } from './stores.js';

describe.each(stores)('functions that are memoized in namespaces, in %s', (_name, store) => {
  it('have results of their own, however their names and namespaces run into one another', async () => {
    const { cache, warnings } = await openOn(store, { ttl: 60 });
    const memo = (text: string, name: string, space?: string) => {
      const made = async (n: number) => `${text}${n}`;
      return (space === undefined ? cache : cache.namespace(space)).memoize(made, { name });
    };
    const all = [
      memo('a', 'x:memo:y'),
      memo('b', 'y', 'memo:x'),
      memo('c', 'a:b'),
      memo('d', 'b', 'a'),
      memo('e', 'b', 'memo:a'),
      memo('f', 'a\n7:b'),
      memo('g', 'half \ud800'),
      memo('h', 'half \ud801'),
      memo('i', '"half \\ud800"'),
    ];
    for (const [i, fn] of all.entries()) expect(await fn(1)).toBe(`${'abcdefghi'[i]}1`);
    expect(warnings()).toEqual([]);
    expect(new Set(all.map((fn) => fn.keyFor(1))).size).toBe(all.length);
    await cache.namespace('memo:x').clear();
    expect(all.map((fn) => fn.cacheInfo().size)).toEqual([1, 0, 1, 1, 1, 1, 1, 1, 1]);
    await all[3]?.cacheClear();
    expect(all[2]?.cacheInfo().size).toBe(1);
  });

  it('are told of by namespace and name', async () => {
    const { cache, events } = await openOn(store, { ttl: 60 });
    const fn = cache.namespace('memo:x').memoize(async (text: string) => text, { name: 'memo:y' });
    // Ends like the tag of what a function has made of its own results.
    await fn.invalidate('\n~');
    const said = events.flatMap((event) => (event.type === 'invalidated' ? event.targets : []));
    expect(said).toEqual(['key: memo:x › memo:y("\\n~")']);
    expect((await fn.explain('a')).key).toBe('memo:x › memo:y("a")');
  });
});
