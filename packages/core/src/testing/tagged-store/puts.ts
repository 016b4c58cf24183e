import type { Chapter } from './chapter.js';
import { begin, bodyOf, commit, fill, isValid, own, put, putOf } from './steps.js';

/** A value that is put takes the place of what was there, and of what is being made. */
export function puts({ it, expect }: Chapter): void {
  it('is there for every process, in the place of what was there before', async (fixture, store) => {
    const before = await fill(store, 'k', ['a', own('k')]);
    const other = await fixture.join();
    await begin(other, 'k');
    expect(await put(store, 'k', undefined, ['a'], 'one')).toEqual('stored');
    expect(await put(other, 'k', undefined, ['a', 'b'], 'two')).toEqual('stored');
    for (const process of [store, other]) {
      expect(bodyOf((await begin(process, 'k')).found)?.toString()).toEqual('two');
      expect(isValid((await begin(process, 'k')).found)).toEqual(true);
      expect(before.kind === 'stored' && (await process.check(before.tags)) === 'valid').toEqual(false);
    }
    await other.close();
  });

  it('has stamps that hold until it is put again, or invalidated', async (_fixture, store) => {
    const [first] = await store.putMany([putOf('k', undefined, ['a'], 'one')]);
    const stamps = first?.kind === 'stored' ? first.tags : [];
    expect([stamps.length, await store.check(stamps)]).toEqual([2, 'valid']);
    const { found } = await begin(store, 'k');
    expect(found?.kind === 'response' && (await store.check(found.response.tags))).toEqual('valid');
    await put(store, 'k', undefined, ['a'], 'two');
    expect((await store.check(stamps)) === 'valid').toEqual(false);
    await store.invalidate(['a'], 'hard');
    expect(isValid((await begin(store, 'k')).found)).toEqual(false);
    await put(store, 'k', undefined, ['a'], 'three');
    await store.invalidate([own('k')], 'hard');
    expect(isValid((await begin(store, 'k')).found)).toEqual(false);
  });

  it('makes whatever is being made of its key lose', async (fixture, store) => {
    const other = await fixture.join();
    for (const key of ['never seen', 'seen']) {
      if (key === 'seen') await fill(store, key, [own(key)]);
      const read = await begin(store, key);
      expect(await put(other, key, undefined, [], 'put')).toEqual('stored');
      expect((await commit(store, key, read, [own(key)])).kind).toEqual('refused');
      const { found } = await begin(store, key);
      expect([isValid(found), bodyOf(found)?.toString()]).toEqual([true, 'put']);
    }
    await other.close();
  });

  it('is refused if what it was made of was invalidated since its token, and leaves what is there', async (_fixture, store) => {
    await put(store, 'k', undefined, ['x'], 'one');
    const { token } = await begin(store, 'k');
    await fill(store, 'other', ['a']);
    await store.invalidate(['a'], 'soft');
    expect(await put(store, 'k', token, ['a'], 'two')).toEqual('refused');
    expect(bodyOf((await begin(store, 'k')).found)?.toString()).toEqual('one');
    expect(await put(store, 'k', token, ['x'], 'three')).toEqual('stored');
    expect(await put(store, 'k', undefined, ['a'], 'four')).toEqual('stored');
    expect(bodyOf((await begin(store, 'k')).found)?.toString()).toEqual('four');
  });

  it('again and again is the last one, also for those who had read what was lost', async (fixture, store) => {
    if (fixture.flush === undefined) return;
    await put(store, 'k', undefined, ['a'], 'one');
    const { token } = await begin(store, 'k');
    await fixture.flush();
    const verdict = await put(store, 'k', token, ['a'], 'late', 'unchanged');
    expect(verdict === 'refused' || bodyOf((await begin(store, 'k')).found)?.toString() === 'late').toEqual(true);
    const again = await begin(store, 'k');
    expect(await put(store, 'k', again.token, ['a'], 'two', 'unchanged')).toEqual('stored');
    await fixture.flush();
    expect(await put(store, 'k', undefined, ['a'], 'three')).toEqual('stored');
    expect(isValid((await begin(store, 'k')).found)).toEqual(true);
  });
}
