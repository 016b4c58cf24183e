import { describe, expect, it } from '@jest/globals';
import { type ValueNamespace, view } from '@viewcache/core';
import { openMemory, openOn, stores } from './stores.js';

type Work = () => Promise<string>;

/** A query as most builders make them: its work begins when somebody waits for it, and its `then` returns nothing. */
const query = (work: Work): Promise<string> => {
  const then = (done: (value: string) => void, failed: (error: unknown) => void): void => {
    Promise.resolve().then(work).then(done, failed);
  };
  return { then } as Promise<string>;
};

/** One as others make them: a promise of a class of its own. */
class Query extends Promise<string> {
  static override readonly [Symbol.species] = Promise;
  work: Work = () => this;

  // biome-ignore lint/suspicious/noThenProperty: it is what is tried.
  override then<A = string, B = never>(
    done?: ((value: string) => A | PromiseLike<A>) | null,
    failed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return Promise.resolve().then(this.work).then(done, failed);
  }
}

const queries: readonly (readonly [string, (work: Work) => Promise<string>])[] = [
  ['an object with a then', query],
  ['a promise of its own class', (work) => Object.assign(new Query(() => {}), { work })],
];

/** Ways to ask for what one query makes: each comes to what was made for each key. */
const calls: Record<string, (cache: ValueNamespace, ask: () => Promise<string>) => () => Promise<readonly string[]>> = {
  getOrSet: (cache, ask) => async () => [await cache.getOrSet('k', ask, '1h')],
  getOrSetMany: (cache, ask) => async () => {
    const keys = ['a', 'b', 'c'];
    // What all of them are made of is what the one query has found.
    const load = () => ({
      // biome-ignore lint/suspicious/noThenProperty: it is what is tried.
      then: (done: (made: Record<string, string>) => void, failed: (error: unknown) => void) => {
        ask().then((made) => done(Object.fromEntries(keys.map((key) => [key, made]))), failed);
      },
    });
    const found = await cache.getOrSetMany(keys, load as unknown as () => Promise<Record<string, string>>, '1h');
    return [...found.values()];
  },
  memoize: (cache, ask) => {
    const fn = cache.memoize((_id: number) => ask(), { name: 'f', ttl: '1h' });
    return async () => [await fn(1)];
  },
};

describe.each(stores)('a producer that returns a query, in %s', (_name, store) => {
  describe.each(queries)('%s', (_what, lazily) => {
    it.each(Object.keys(calls))('says what the result is made of: %s', async (call) => {
      const { cache } = await openOn(store);
      let rows = 'old';
      let runs = 0;
      const works: Record<string, Work> = {
        dependsOn: async () => {
          view().dependsOn('users');
          return rows;
        },
        nested: () => cache.getOrSet('part', () => rows, { ttl: 60, tags: ['users'] }),
        doNotStore: async () => {
          view().doNotStore();
          return rows;
        },
      };
      for (const [what, work] of Object.entries(works)) {
        rows = 'old';
        const space = cache.namespace(what);
        const ask = calls[call]?.(space, () =>
          lazily(() => {
            runs++;
            return work();
          }),
        );
        await ask?.();
        // The first call of a function that is not known to be asynchronous goes by a shared store.
        await ask?.();
        const before = runs;
        const kept = new Set(await ask?.());
        expect([what, [...kept], runs === before]).toEqual([what, ['old'], what !== 'doNotStore']);
        rows = 'new';
        await cache.invalidate({ tags: 'users' });
        expect([what, [...new Set(await ask?.())]]).toEqual([what, ['new']]);
      }
    });
  });
});

describe('a query that asks for what it is to make', () => {
  it.each(queries)('runs apart rather than to wait for itself: %s', async (_what, lazily) => {
    const { cache, events } = await openMemory();
    let runs = 0;
    const ask = (): Promise<string> =>
      cache.getOrSet('k', () => lazily(async () => (++runs === 1 ? await ask() : 'made')), 60);
    expect(await ask()).toBe('made');
    expect(events).toContainEqual(expect.objectContaining({ type: 'bypass', reason: 'recursion' }));
  });
});
