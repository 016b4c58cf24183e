import type { Chapter } from './chapter.js';
import { begin, fill, validityOf } from './steps.js';

/** Caches with names of their own share a store, and nothing in it. */
export function namespaces({ it, expect }: Chapter): void {
  it('keeps caches apart, whatever is in its name', async (fixture, store) => {
    const others = ['a*', 'a?', 'a[b]', 'ab'];
    await fill(store, 'k', ['a']);
    for (const namespace of others) {
      const other = await fixture.join(namespace);
      expect((await begin(other, 'k')).found).toEqual(undefined);
      await fill(other, 'k', ['a']);
      await other.invalidate(['a'], 'hard');
      await other.close();
    }
    expect(validityOf((await begin(store, 'k')).found)).toEqual('valid');
  });
}
