import type { Chapter } from './chapter.js';
import { begin, commit, fill, isValid, storesAgain, validityOf } from './steps.js';

/** What a store has lost is a miss, and not as if nothing had been. */
export function losses({ it, expect }: Chapter): void {
  it('is a miss, and what was read before the loss is not stored as if nothing had been', async (fixture, store) => {
    if (fixture.flush === undefined) return;
    await fill(store, 'k', ['a']);
    const read = await begin(store, 'k');
    await fixture.flush();
    expect(validityOf((await begin(store, 'k')).found)).toEqual(undefined);
    const other = await fixture.join();
    await other.invalidate(['a'], 'hard');
    const { kind } = await commit(store, 'k', read, ['a']);
    expect(kind === 'refused' || !isValid((await begin(store, 'k')).found)).toEqual(true);
    expect(await storesAgain(store, ['a'])).toEqual(true);
    await other.close();
  });
}
