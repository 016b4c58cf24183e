import { describe, expect, it } from '@jest/globals';
import { ConfigError, calls, memoized } from '@viewcache/core';
import { closeAfterEach, makeCache } from '../support/site.js';

closeAfterEach();

describe('warming calls of a memoized function', () => {
  it('makes each once, and leaves it a hit', async () => {
    const cache = makeCache();
    const asked: string[] = [];
    const statsOf = cache.memoize(
      async (country: string) => {
        asked.push(country);
        return { country };
      },
      { name: 'statsOf', ttl: '1h' },
    );
    await statsOf('de');
    const result = await cache.warm(calls(statsOf, [['de'], ['fr'], ['it']]));
    expect(result).toMatchObject({ total: 3, done: 3, hits: 1, stored: 2, problems: [], ended: 'done' });
    expect(await statsOf('fr')).toEqual({ country: 'fr' });
    expect(asked).toEqual(['de', 'fr', 'it']);
  });

  it('begins so many together, which a loader inside collects', async () => {
    const cache = makeCache();
    const batches: number[][] = [];
    let batch: { readonly ids: number[]; readonly loaded: Promise<void> } | undefined;
    const load = cache.memoize(
      async (id: number) => {
        if (batch === undefined) {
          const ids: number[] = [];
          batches.push(ids);
          batch = { ids, loaded: new Promise((resolve) => setImmediate(resolve)) };
        }
        batch.ids.push(id);
        await batch.loaded;
        batch = undefined;
        return id;
      },
      { name: 'load', ttl: '1h' },
    );
    const ids = Array.from({ length: 10 }, (_, id): [number] => [id]);
    expect(await cache.warm(calls(load, ids), { concurrency: 5 })).toMatchObject({ stored: 10 });
    expect(batches.map(({ length }) => length)).toEqual([5, 5]);
  });

  it('says why a call is no hit afterwards', async () => {
    const cache = makeCache();
    const other = makeCache();
    const load = cache.memoize(
      async (id: number) => {
        if (id === 7) throw new Error('no such row');
        return id;
      },
      { name: 'load', ttl: '1h', storeIf: (value) => value !== 8 },
    );
    const { problems } = await cache.warm(calls(load, [[7], [8], [9]]), { concurrency: 1 });
    expect(problems).toEqual([
      { what: 'load(7)', outcome: 'failed', reason: 'error', detail: 'Error: no such row' },
      { what: 'load(8)', outcome: 'refused', reason: 'store-if', detail: undefined },
    ]);
    expect(await other.warm(calls(load, [[9]]))).toMatchObject({
      refused: 1,
      problems: [{ reason: 'no-view', detail: 'its function is memoized in another cache' }],
    });
  });

  it('calls a method on its instance', async () => {
    const cache = makeCache();
    class Users {
      constructor(readonly asked: number[]) {}

      @memoized({ ttl: '1h', cache, name: 'Users.find' })
      async find(id: number): Promise<number> {
        this.asked.push(id);
        return id;
      }
    }
    const users = new Users([]);
    expect(await cache.warm(calls(users.find, [[7]], users))).toMatchObject({ stored: 1, problems: [] });
    await users.find(7);
    expect(users.asked).toEqual([7]);
  });

  it('refuses a function that is not memoized, and what are no arguments', () => {
    const load = makeCache().memoize(async (id: number) => id, { name: 'load', ttl: 60 });
    expect(() => calls((id: number) => id, [[7]])).toThrow(ConfigError);
    expect(() => calls(load, [7] as never)).toThrow('calls.args');
    expect(() => calls((() => 1) as never, [])).toThrow('calls.fn: ');
  });
});
