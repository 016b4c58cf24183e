import { describe, expect, it } from '@jest/globals';
import { cacheOf } from './counted.js';
import { errorOf } from './stores.js';

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('a memoized function that returns an iterable', () => {
  it('is gone through once, and each caller gets items of his own', async () => {
    let runs = 0;
    const fn = (await cacheOf()).memoize(async function* pages(from: number) {
      runs++;
      yield { page: from };
      yield { page: from + 1 };
      return 'end';
    });
    const [one, other] = await Promise.all([listOf(fn(1)), listOf(fn(1))]);
    for (const item of one) item.page = 0;
    expect([other, await listOf(fn(1)), runs]).toEqual([[{ page: 1 }, { page: 2 }], [{ page: 1 }, { page: 2 }], 1]);
    const last = fn(1);
    await last.next();
    await last.next();
    expect(await last.next()).toEqual({ done: true, value: 'end' });
  });

  it('is handed out as far as it went, with its error, and not kept', async () => {
    let runs = 0;
    const broken = new Error('half-way');
    const fn = (await cacheOf()).memoize(async function* () {
      yield ++runs;
      if (runs < 2) throw broken;
    });
    const got: number[] = [];
    const error = await errorOf(
      (async () => {
        for await (const item of fn()) got.push(item);
      })(),
    );
    expect([got, error, await listOf(fn()), await listOf(fn()), runs]).toEqual([[1], broken, [2], [2], 2]);
  });

  it('may come of an ordinary function, and may be synchronous', async () => {
    const cache = await cacheOf();
    let runs = 0;
    async function* items() {
      yield ++runs;
    }
    const asynchronous = cache.memoize(() => items());
    const synchronous = cache.memoize(function* (n: number) {
      runs++;
      yield n;
    });
    const made = cache.memoize((n: number) => [n, n].values());
    expect([await listOf(asynchronous()), await listOf(asynchronous())]).toEqual([[1], [1]]);
    expect([[...synchronous(5)], [...synchronous(5)], [...made(1)], [...made(1)], runs]).toEqual([
      [5],
      [5],
      [1, 1],
      [1, 1],
      2,
    ]);
  });

  it('tells options of its items', async () => {
    const cache = await cacheOf();
    const seen: unknown[] = [];
    const fn = cache.memoize(
      async function* (id: number) {
        yield id;
      },
      {
        tags: (items, id) => {
          seen.push(items, id);
          return items.map((item) => `item#${item}`);
        },
      },
    );
    await listOf(fn(7));
    await cache.invalidate({ tags: 'item#7' });
    await listOf(fn(7));
    expect(seen).toEqual([[7], 7, [7], 7]);
  });
});
