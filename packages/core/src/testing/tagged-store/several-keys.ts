import type { Chapter } from './chapter.js';
import { decodeOf } from './frames.js';
import { bodyOf, fill, fillOf, isValid, put, putOf } from './steps.js';

/** Several keys in one go, each with an answer of its own. */
export function severalKeys({ it, expect }: Chapter): void {
  it('are read, committed and put together, each with an answer of its own', async (fixture, store) => {
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
    const reads = await store.beginMany(keys, decodeOf);
    expect(reads.map(({ token, found }) => [token === undefined, found])).toEqual(keys.map(() => [false, undefined]));
    const fills = keys.map((key, i) => fillOf(key, reads[i], ['all', `tag of ${key}`], { body: Buffer.from(key) }));
    const first = await store.commitMany(fills);
    const missed = keys.filter((_, i) => first[i]?.kind !== 'stored');
    // A new tag may be refused once (PROTOCOL, Progress).
    for (const key of missed) await fill(store, key, ['all', `tag of ${key}`], { body: Buffer.from(key) });
    await store.putMany(keys.slice(0, 10).map((key) => putOf(key, undefined, ['all'], `put at ${key}`)));
    const other = await fixture.join();
    await other.invalidate(['tag of k29'], 'hard');
    for (const process of [store, other]) {
      const found = (await process.beginMany(keys, decodeOf)).map((read) => read.found);
      expect(found.map((each) => (isValid(each) ? bodyOf(each)?.toString() : 'none'))).toEqual(
        keys.map((key, i) => (i < 10 ? `put at ${key}` : i < 29 ? key : 'none')),
      );
    }
    await other.close();
  });

  it('may be none, and the same twice', async (_fixture, store) => {
    expect([await store.beginMany([], decodeOf), await store.commitMany([]), await store.putMany([])]).toEqual([
      [],
      [],
      [],
    ]);
    await put(store, 'k', undefined, ['a'], 'one');
    const reads = await store.beginMany(['k', 'k'], decodeOf);
    expect(reads.map(({ found }) => bodyOf(found)?.toString())).toEqual(['one', 'one']);
  });
}
