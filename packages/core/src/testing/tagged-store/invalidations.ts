import type { Chapter } from './chapter.js';
import { begin, commit, fill, isValid, storesAgain, validityOf } from './steps.js';

/** An invalidation reaches all that carries its tags, and beats what is being made. */
export function invalidations({ it, expect }: Chapter): void {
  it('is heard by every process, for all that carries the tag and nothing else', async (fixture, store) => {
    for (const [key, tags] of [
      ['one', ['a', 'b']],
      ['two', ['b']],
      ['three', ['c']],
    ] as const)
      await fill(store, key, tags);
    const other = await fixture.join();
    expect(await other.invalidate(['b'], 'hard')).toEqual(true);
    for (const process of [store, other]) {
      const validities = [];
      for (const key of ['one', 'two', 'three']) validities.push(isValid((await begin(process, key)).found));
      expect(validities).toEqual([false, false, true]);
    }
    await other.close();
  });

  it('that is soft leaves nothing valid; one that is hard leaves nothing at all', async (_fixture, store) => {
    await fill(store, 'k', ['a']);
    await store.invalidate(['a'], 'soft');
    expect(['stale', 'gone'].includes(String(validityOf((await begin(store, 'k')).found)))).toEqual(true);
    await store.invalidate(['a'], 'hard');
    expect(validityOf((await begin(store, 'k')).found) ?? 'gone').toEqual('gone');
  });

  it('of a tag while a response with it is made refuses that, and the next one is stored', async (fixture, store) => {
    const other = await fixture.join();
    await fill(store, 'k', ['a']);
    const read = await begin(store, 'k');
    await other.invalidate(['a'], 'soft');
    expect((await commit(store, 'k', read, ['a'])).kind).toEqual('refused');
    expect(await storesAgain(store, ['a'])).toEqual(true);
    await other.close();
  });

  it('of a tag that nobody could foresee does so, too', async (fixture, store) => {
    const other = await fixture.join();
    const read = await begin(store, 'k');
    await other.invalidate(['new'], 'soft');
    const { kind } = await commit(store, 'k', read, ['new']);
    expect(kind === 'refused' || !isValid((await begin(store, 'k')).found)).toEqual(true);
    expect(await storesAgain(store, ['new'])).toEqual(true);
    await other.close();
  });

  it('is seen by whoever only checks tags', async (_fixture, store) => {
    const verdict = await fill(store, 'k', ['a', 'b']);
    const tags = verdict.kind === 'stored' ? verdict.tags : [];
    expect([tags.map(({ tag }) => tag), await store.check(tags)]).toEqual([['a', 'b'], 'valid']);
    await store.invalidate(['b'], 'hard');
    expect((await store.check(tags)) === 'valid').toEqual(false);
  });

  it('of what a nested result was read under makes invalid what was made of it', async (_fixture, store) => {
    const inner = await fill(store, 'inner', ['a']);
    const replayed = inner.kind === 'stored' ? inner.tags : [];
    await store.invalidate(['a'], 'hard');
    // Made of an inner result from before the invalidation, by whoever had it still.
    const read = await begin(store, 'outer');
    await commit(store, 'outer', read, replayed);
    expect(isValid((await begin(store, 'outer')).found)).toEqual(false);
  });

  it('of a hundred tags at once is one invalidation of each', async (_fixture, store) => {
    const tags = Array.from({ length: 100 }, (_, i) => `t${i}`);
    await fill(store, 'k', ['t7']);
    await fill(store, 'l', ['t99', 'other']);
    expect(await store.invalidate(tags, 'hard')).toEqual(true);
    expect([isValid((await begin(store, 'k')).found), isValid((await begin(store, 'l')).found)]).toEqual([
      false,
      false,
    ]);
  });
}
