import type { Chapter } from './chapter.js';
import { begin, bodyOf, fill, isValid, own, put } from './steps.js';

/** A value put `unchanged` is put by the first of those who read the same. */
export function carefulPuts({ it, expect }: Chapter): void {
  it('is put by the first who asks under a token', async (fixture, store) => {
    const other = await fixture.join();
    for (const key of ['never seen', 'seen', 'invalidated', 'seen again']) {
      if (key.startsWith('seen')) await put(store, key, undefined, ['a'], 'before');
      if (key === 'invalidated') {
        await fill(store, key, ['a', own(key)]);
        await other.invalidate([own(key)], 'hard');
      }
      const [mine, others] = [await begin(store, key), await begin(other, key)];
      expect(await put(store, key, mine.token, ['a'], 'first', 'unchanged')).toEqual('stored');
      expect(await put(other, key, others.token, ['a'], 'second', 'unchanged')).toEqual('refused');
      expect(await put(store, key, mine.token, ['a'], 'third', 'unchanged')).toEqual('refused');
      const { token, found } = await begin(other, key);
      expect([isValid(found), bodyOf(found)?.toString()]).toEqual([true, 'first']);
      expect(await put(other, key, token, ['a'], 'fourth', 'unchanged')).toEqual('stored');
      expect(bodyOf((await begin(store, key)).found)?.toString()).toEqual('fourth');
    }
    await other.close();
  });

  it('is refused after a put, and after an invalidation', async (fixture, store) => {
    const other = await fixture.join();
    for (const tag of [undefined, own('k'), 'a']) {
      await put(store, 'k', undefined, ['a'], 'before');
      const { token } = await begin(store, 'k');
      if (tag === undefined) await put(other, 'k', undefined, ['a'], 'after');
      else await other.invalidate([tag], 'soft');
      expect(await put(store, 'k', token, ['a'], 'late', 'unchanged')).toEqual('refused');
      const { found } = await begin(other, 'k');
      expect(isValid(found) ? bodyOf(found)?.toString() : 'none').toEqual(tag === undefined ? 'after' : 'none');
    }
    await other.close();
  });

  it('needs a token', async (_fixture, store) => {
    expect(await put(store, 'k', undefined, ['a'], 'one', 'unchanged')).toEqual('unavailable');
    expect((await begin(store, 'k')).found).toEqual(undefined);
  });

  it('is put by one of many at the same time, where the store can compare', async (fixture, store) => {
    if (fixture.isAtomic !== true) return;
    const others = await Promise.all([fixture.join(), fixture.join(), fixture.join()]);
    let before = '';
    for (let round = 0; round < 5; round++) {
      const verdicts = await Promise.all(
        [store, ...others].map(async (process, i) => {
          const { token, found } = await begin(process, 'k');
          if ((bodyOf(found)?.toString() ?? '') !== before) return 'refused';
          return await put(process, 'k', token, ['a'], `${round} ${i}`, 'unchanged');
        }),
      );
      const first = verdicts.indexOf('stored');
      expect(verdicts.filter((verdict) => verdict === 'stored').length <= 1).toEqual(true);
      const { found } = await begin(store, 'k');
      if (first >= 0) before = `${round} ${first}`;
      expect(isValid(found) ? bodyOf(found)?.toString() : '').toEqual(before);
    }
    expect(before === '').toEqual(false);
    await Promise.all(others.map((other) => other.close()));
  });
}
