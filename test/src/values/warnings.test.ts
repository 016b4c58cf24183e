import { describe, expect, it } from '@jest/globals';
import { registerClass } from '@viewcache/core';
import { openMemory, openOn, servers } from './stores.js';

/** Where registered classes are, for every copy of the package. */
const slot = Symbol.for('viewcache.classes');

describe('a warning', () => {
  it('names the key and what to do of a value that cannot be stored, once for each kind', async () => {
    const { cache, warnings } = await openMemory();
    for (const id of [1, 2]) await cache.set(`broken:${id}`, { f: () => 1 }, { ttl: 60, name: 'broken' });
    await cache.getOrSet('late', () => ({ rows: Promise.resolve(1) }), { ttl: 60, name: 'late' });
    const listOf = cache.memoize(async (_id: number) => [Symbol('s')], { ttl: 60, name: 'listOf' });
    await listOf(7);
    expect(warnings()).toEqual([
      'broken: value.f is a function; it was not stored (broken:1)',
      'late: value.rows is a Promise: await it first; it was not stored (late)',
      'listOf: value[0] is a symbol; it was not stored (listOf(7))',
    ]);
  });

  it('names the class that is to be registered', async () => {
    class Unheard {
      readonly n = 1;
    }
    const { cache, warnings } = await openOn(servers.redis.url);
    await cache.set('one', [new Unheard()], { ttl: 60 });
    expect(warnings()).toEqual([expect.stringContaining('registerClass(Unheard)')]);
  });

  it('names the class that the reading process does not know, which is no damage', async () => {
    class Forgotten {
      readonly n = 1;
    }
    registerClass(Forgotten);
    const { cache, events, other } = await openOn(servers.redis.url);
    await cache.set('one', new Forgotten(), { ttl: 60 });
    const classes = globalThis as unknown as { [slot]: { byName: Map<string, unknown> } };
    classes[slot].byName.delete('Forgotten');
    const reader = await other();
    reader.on((event) => void events.push(event));
    expect(await reader.get('one')).toBeUndefined();
    expect(events).toContainEqual(expect.objectContaining({ type: 'unreadable', reason: 'class' }));
    expect(events).toContainEqual({ type: 'warning', message: expect.stringContaining('class "Forgotten"') });
  });

  it('tells of tags that are no list of tags', async () => {
    const { cache, warnings } = await openMemory();
    for (const tags of ['users', [1], undefined])
      await cache.getOrSet('tagged', () => 1, { ttl: 60, name: 'tagged', tags: (() => tags) as never });
    expect(warnings()).toEqual([
      'tags of tagged returned a string rather than a list of tags, nothing was stored',
      'tags of tagged returned a list with what is no tag rather than a list of tags, nothing was stored',
      'tags of tagged returned null rather than a list of tags, nothing was stored',
    ]);
  });
});
