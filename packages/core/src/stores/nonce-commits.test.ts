import { describe, expect, it } from '@jest/globals';
import { begin, commit, fill, kind, setup, validity } from './nonce-protocol.test.support.js';

describe('commit (PROTOCOL 4.14, 4.15)', () => {
  it('compares predicted tags again, after it was called, and needs the global nonce for the others only', async () => {
    const { store, during } = setup();
    await fill(store, 'a');
    await store.invalidate(['a'], 'hard');
    const begun = await begin(store);
    expect((await during(() => commit(store, begun, ['a'])))[1]).toEqual(['getMany t', 'set e']);
    await store.invalidate(['a'], 'hard');
    const second = await begin(store);
    const [verdict, asked] = await during(() => commit(store, second, ['a', 'new']));
    expect(verdict.kind).toBe('stored');
    expect(asked).toEqual(['getMany t t', 'set t', 'getMany t', 'getMany g', 'set e']);
  });

  it('refuses when a predicted tag was invalidated meanwhile, and writes nothing', async () => {
    const { store, join, during } = setup();
    await fill(store, 'a');
    await join().invalidate(['a'], 'hard');
    const begun = await begin(store);
    await join().invalidate(['a'], 'hard');
    expect(await during(() => commit(store, begun, ['a']))).toEqual([{ kind: 'refused' }, ['getMany t']]);
  });

  it('is not hindered by other invalidations, however many, once its tags are known', async () => {
    const { store, join } = setup();
    const other = join();
    const verdicts: string[] = [];
    for (let run = 0; run < 2; run++) {
      const begun = await begin(store);
      for (let i = 0; i < 1000; i++) await other.invalidate([`other${i % 7}`], 'hard');
      verdicts.push((await commit(store, begun, ['a'])).kind);
    }
    expect(verdicts).toEqual(['refused', 'stored']);
    expect(validity(await begin(store))).toBe('valid');
  });

  it('refuses without a global nonce, but not where the tags were predicted', async () => {
    const { chaos, store } = setup();
    const cold = await begin(store);
    chaos.data.clear();
    expect((await commit(store, cold, ['a'])).kind).toBe('refused');
    const begun = await begin(store);
    chaos.data.delete('app:g');
    expect((await commit(store, begun, ['a'])).kind).toBe('stored');
  });

  it('keeps a nested result’s nonce, and refuses when that is no longer the tag’s', async () => {
    const { store } = setup();
    const nested = await fill(store, 'n');
    const tags = nested.kind === 'stored' ? nested.tags : [];
    const verdict = await commit(store, await begin(store), ['a', ...tags, 'n']);
    expect(verdict).toMatchObject({ kind: 'stored', tags: [{ tag: 'a' }, tags[0]] });
    await store.invalidate(['n'], 'hard');
    expect((await commit(store, await begin(store), ['a', ...tags])).kind).toBe('refused');
  });

  it('refuses a nested nonce that is current when the tag had another before the handler', async () => {
    // The handler itself may have read this tag's data before the invalidation that the nested result came after.
    const { store, join } = setup();
    await fill(store, 'n');
    const begun = await begin(store);
    await join().invalidate(['n'], 'hard');
    const nested = await fill(join(), 'n');
    expect((await commit(store, begun, nested.kind === 'stored' ? nested.tags : [])).kind).toBe('refused');
    const unpredicted = await begin(join(), 'another');
    await join().invalidate(['n'], 'hard');
    const later = await fill(join(), 'n');
    expect((await commit(join(), unpredicted, later.kind === 'stored' ? later.tags : [])).kind).toBe('refused');
  });

  it('refuses two different nonces of one tag', async () => {
    const { store } = setup();
    const nested = await fill(store, 'n');
    const tags = nested.kind === 'stored' ? nested.tags : [];
    const twice = [...tags, { tag: 'n', stamp: 'x'.repeat(22) }];
    expect((await commit(store, await begin(store), twice)).kind).toBe('refused');
  });

  it('stores a response that depends on nothing', async () => {
    const { store } = setup();
    expect(await commit(store, await begin(store), [])).toEqual({ kind: 'stored', tags: [] });
    expect(validity(await begin(store))).toBe('valid');
  });

  it.each([0, -1, Number.NaN])('refuses a lifetime of %d', async (ttlMs) => {
    const { store } = setup();
    expect((await commit(store, await begin(store), ['a'], ttlMs)).kind).toBe('refused');
  });

  it('refuses a token of another store', async () => {
    const { store } = setup();
    expect((await commit(store, { token: {}, found: undefined }, ['a'])).kind).toBe('refused');
  });

  it('is unavailable when the response could not be written, or a nonce could not', async () => {
    const { chaos, store, failing } = setup();
    const begun = await begin(store);
    failing('lie', 'set');
    expect((await commit(store, begun, ['a'])).kind).toBe('unavailable');
    chaos.fault = (operation, keys) => (operation === 'set' && kind(keys[0] ?? '') === 'e' ? 'garbage' : undefined);
    expect((await commit(store, begun, ['a'])).kind).toBe('unavailable');
  });

  it('lets nonces live a day, or twice as long as what is stored', async () => {
    const { chaos, store } = setup();
    await fill(store, 'a');
    const lifetimes = (): unknown[] => [...chaos.ttls].filter(([key]) => kind(key) !== 'e').map(([, ttlMs]) => ttlMs);
    expect(lifetimes()).toEqual([86_400_000, 86_400_000]);
    await commit(store, await begin(store), ['b'], 7 * 86_400_000);
    await store.invalidate(['a'], 'hard');
    expect(lifetimes()).toEqual([14 * 86_400_000, 14 * 86_400_000, 14 * 86_400_000]);
  });
});
