import { describe, expect, it } from '@jest/globals';
import { view } from '@viewcache/core';
import { errorOf, openMemory } from '../values/stores.js';

/** A database that refuses a text that is no number, and may be away. */
class Rows {
  readonly calls: string[] = [];
  isAway = false;

  readonly load = async (ids: readonly string[]): Promise<Map<string, string>> => {
    this.calls.push(ids.join());
    if (this.isAway) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const wrong = ids.find((id) => !/^\d+$/.test(id));
    if (wrong !== undefined) throw new Error('invalid input syntax for type integer');
    return new Map(ids.map((id) => [id, `row ${id}`]));
  };

  taken(): string[] {
    return this.calls.splice(0);
  }
}

const options = { name: 'rows', mode: 'read-through', ttl: 60, cacheErrors: '10s' } as const;

describe('what several ask for at the same time', () => {
  it('is told to each but whose key the database refuses, and his error alone is kept', async () => {
    const { cache } = await openMemory();
    const rows = new Rows();
    const stored = cache.through({ ...options, loadMany: rows.load });
    const asked = ['1', '2', 'x', '3', '4'].map((id) => stored.get(id));
    const ends = await Promise.allSettled(asked);
    expect(ends.map((end) => (end.status === 'fulfilled' ? end.value : (end.reason as Error).message))).toEqual([
      'row 1',
      'row 2',
      'invalid input syntax for type integer',
      'row 3',
      'row 4',
    ]);
    expect(rows.taken()).toEqual(['1,2,x,3,4', '1,2,x', '3,4', '1,2', 'x']);
    expect(await stored.get('1')).toBe('row 1');
    expect(await errorOf(stored.get('x'))).toBeInstanceOf(Error);
    expect(rows.taken()).toEqual([]);
  });

  it('is asked for again when the database is back, as nobody was told an error of his own', async () => {
    const { cache } = await openMemory();
    const rows = new Rows();
    const stored = cache.through({ ...options, loadMany: rows.load });
    rows.isAway = true;
    await Promise.allSettled(['1', '2', '3'].map((id) => stored.get(id)));
    const alone = await errorOf(stored.get('4'));
    expect(rows.taken()).toEqual(['1,2,3', '4']);
    rows.isAway = false;
    expect([...(await stored.getMany(['1', '2', '3'])).values()]).toEqual(['row 1', 'row 2', 'row 3']);
    expect(await errorOf(stored.get('4'))).toBe(alone);
  });

  it('waits for one another by no circle, where a load asks for what is asked for after it', async () => {
    const { cache } = await openMemory();
    const calls: string[] = [];
    const stored: { get(id: string): Promise<string | undefined> } = cache.through({
      ...options,
      loadMany: async (ids: readonly string[]) => {
        calls.push(ids.join());
        if (ids.length > 1) throw new Error('one at a time');
        return new Map([[ids[0] ?? '', ids[0] === 'a' ? `a of ${await stored.get('b')}` : 'b']]);
      },
    });
    expect(await Promise.all([stored.get('a'), stored.get('b')])).toEqual(['a of b', 'b']);
  });

  it('has what each of its own load has said, and is ended by it', async () => {
    const { cache } = await openMemory();
    const rows = new Rows();
    const loadMany = async (ids: readonly string[]): Promise<Map<string, string>> => {
      const found = await rows.load(ids);
      view().dependsOn(...ids.map((id) => `row ${id}`));
      return found;
    };
    const stored = cache.through({ ...options, loadMany });
    await Promise.allSettled(['1', 'x', '2'].map((id) => stored.get(id)));
    rows.taken();
    await cache.invalidate({ tags: 'row 2' });
    expect([await stored.get('1'), await stored.get('2')]).toEqual(['row 1', 'row 2']);
    expect(rows.taken()).toEqual(['2']);
  });
});

describe('getOrSetMany', () => {
  it('fails with a key that its loadMissing fails for, and nobody else does who waits for another one of them', async () => {
    const { cache } = await openMemory();
    const rows = new Rows();
    const many = (ids: readonly string[]) => cache.getOrSetMany(ids, rows.load, { ttl: 60, cacheErrors: '10s' });
    const hostile = errorOf(many(['1', 'x', '2']));
    const other = many(['1', '2']);
    expect(((await hostile) as Error).message).toBe('invalid input syntax for type integer');
    expect([...(await other).values()]).toEqual(['row 1', 'row 2']);
    rows.taken();
    expect([...(await many(['2', '1'])).values()]).toEqual(['row 2', 'row 1']);
    expect(rows.taken()).toEqual([]);
  });
});
