import { describe, expect, it } from '@jest/globals';
import { Keyv as Keyv5 } from 'keyv';
import { Keyv as Keyv6 } from 'keyv6';
import type { CommitVerdict, SharedToken, TaggedStore } from '../ports/tagged-store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { guarded } from './guarded.js';
import { keyvStore } from './keyv.js';
import { nonceProtocol } from './nonce-protocol.js';
import { begin, codec, commit, fill, kind, page, setup, stamped, validity } from './nonce-protocol.test.support.js';

describe('begin (PROTOCOL 4.14)', () => {
  it('finds nothing, then what was stored, with its tags and their nonces', async () => {
    const { store } = setup();
    expect((await begin(store)).found).toBeUndefined();
    const verdict = await fill(store, 'a', 'b');
    expect(verdict).toEqual({
      kind: 'stored',
      tags: [
        { tag: 'a', stamp: expect.stringMatching(/^[\w-]{22}$/) },
        { tag: 'b', stamp: expect.stringMatching(/^[\w-]{22}$/) },
      ],
    });
    const { found } = await begin(store);
    const tags = verdict.kind === 'stored' ? verdict.tags : [];
    expect(found).toEqual({ kind: 'response', response: { ...page, tags }, validity: 'valid' });
  });

  it('asks once where the tags are known from last time, twice where they are not', async () => {
    const { store, join, during } = setup();
    await fill(store, 'a', 'b');
    expect((await during(() => begin(store)))[1]).toEqual(['getMany e g t t']);
    const other = join();
    expect((await during(() => begin(other)))[1]).toEqual(['getMany e g', 'getMany t t']);
    expect((await during(() => begin(other)))[1]).toEqual(['getMany e g t t']);
  });

  it('gives missing nonces before the handler runs, and reads what is there then', async () => {
    const { chaos, store, during } = setup();
    const [first, asked] = await during(() => begin(store));
    expect(asked).toEqual(['getMany e g', 'set g', 'getMany g']);
    await commit(store, first, ['a']);
    for (const key of [...chaos.data.keys()]) if (kind(key) !== 'e') chaos.data.delete(key);
    const [again, askedAgain] = await during(() => begin(store));
    expect(validity(again)).toBe('gone');
    expect([...askedAgain].sort()).toEqual(['getMany e g t', 'getMany g', 'getMany t', 'set g', 'set t']);
    expect((await commit(store, again, ['a'])).kind).toBe('stored');
  });

  it('gives one nonce where many miss the same, so that no fill undoes another’s', async () => {
    const { chaos, store, during } = setup();
    const keys = Array.from({ length: 50 }, (_, i) => `page${i}`);
    const fillAll = async (): Promise<CommitVerdict[]> =>
      Promise.all(keys.map(async (key) => commit(store, await begin(store, key), ['all', key], 60_000, key)));
    const [verdicts, asked] = await during(fillAll);
    expect(verdicts.map((verdict) => verdict.kind)).toEqual(keys.map(() => 'stored'));
    expect(asked.filter((command) => command === 'set g').length).toBe(1);
    expect(chaos.data.size).toBe(1 + 50 + 51);
    for (const key of keys) expect(validity(await begin(store, key))).toBe('valid');
  });

  it('finds a selecting marker', async () => {
    const { store } = setup();
    expect(await store.mark('page', codec.encodeMarker(page.key, { selecting: ['accept'] }), 1000)).toBe(true);
    const { token, found } = await begin(store);
    expect(found).toEqual({ kind: 'selecting', selecting: ['accept'] });
    expect((await commit(store, { token, found }, ['a'])).kind).toBe('stored');
  });

  it('takes a foreign value for nothing, and the next fill replaces it', async () => {
    const { chaos, store } = setup();
    await fill(store, 'a');
    for (const key of [...chaos.data.keys()]) chaos.data.set(key, Buffer.from('{"value":"foreign"}'));
    expect((await begin(store)).found).toBeUndefined();
    expect((await fill(store, 'a')).kind).toBe('stored');
    expect(validity(await begin(store))).toBe('valid');
  });
});

describe('validity', () => {
  it('is gone after any of the tags was invalidated, softly too, in every process', async () => {
    for (const tag of ['a', 'b']) {
      const { store, join } = setup();
      await fill(store, 'a', 'b');
      expect(await join().invalidate([tag], 'soft')).toBe(true);
      expect(validity(await begin(store))).toBe('gone');
      expect(validity(await begin(join()))).toBe('gone');
    }
  });

  it('is not touched by another tag, or by another namespace', async () => {
    const { clock, chaos, store } = setup();
    const verdict = await fill(store, 'a');
    await store.invalidate(['A', 'a ', 'aa'], 'hard');
    await nonceProtocol(guarded(chaos, { clock }), 'app2').invalidate(['a'], 'hard');
    expect(validity(await begin(store))).toBe('valid');
    expect(await store.check(verdict.kind === 'stored' ? verdict.tags : [])).toBe('valid');
  });

  it('is gone when a nonce was lost, and stays so when the tag has a new one', async () => {
    const { chaos, store, join } = setup();
    await fill(store, 'a');
    const tagKey = [...chaos.data.keys()].find((key) => kind(key) === 't') ?? '';
    chaos.data.delete(tagKey);
    const other = join();
    expect(validity(await begin(other))).toBe('gone');
    expect(chaos.data.has(tagKey)).toBe(true);
    expect(validity(await begin(store))).toBe('gone');
  });

  it('can be asked for tags alone', async () => {
    const { store, during, failing } = setup();
    const verdict = await fill(store, 'a', 'b');
    const tags = verdict.kind === 'stored' ? verdict.tags : [];
    expect(await during(() => store.check(tags))).toEqual(['valid', ['getMany t t']]);
    expect(await store.check([])).toBe('valid');
    for (const tag of ['a', 'never seen']) expect(await store.check([{ tag, stamp: '' }])).toBe('gone');
    await store.invalidate(['b'], 'hard');
    expect(await store.check(tags)).toBe('gone');
    failing('reject');
    expect(await store.check(tags)).toBe('unavailable');
  });

  it('is unavailable when the second question goes unanswered', async () => {
    const { chaos, store, join } = setup();
    await fill(store, 'a');
    chaos.fault = (_, keys) => (keys.every((key) => kind(key) === 't') ? 'reject' : undefined);
    const begun = await begin(join());
    expect(validity(begun)).toBe('unavailable');
    expect(begun.token).toBeDefined();
  });
});

describe('keys in the store', () => {
  it('are short ASCII, whatever the key and the tags are', async () => {
    const { chaos, clock } = setup();
    const store = nonceProtocol(guarded(chaos, { clock }), 'n'.repeat(64));
    for (const key of ['', 'k'.repeat(10_000), 'a b\r\n\0', 'é\u{1f600}\ud800', 'app:e:x']) {
      const begun = await begin(store, key);
      const verdict = await store.commit({
        key,
        token: begun.token as SharedToken,
        tags: stamped([key, `${key}!`]),
        ttlMs: 1000,
        encode: () => new Uint8Array(1),
      });
      expect(verdict.kind).toBe('stored');
    }
    const keys = [...chaos.data.keys()];
    expect(keys.length).toBe(1 + 5 + 10);
    for (const key of keys) expect(key).toMatch(/^[\w-]{1,32}:(?:g|[et]:[\w-]{22})$/);
  });
});

describe.each([
  ['Keyv 5', () => new Keyv5({ store: shared })],
  ['Keyv 6', () => new Keyv6({ store: shared })],
  ['a Map', () => shared],
])('on %s, two processes over one store', (_, build) => {
  it('invalidate each other’s responses', async () => {
    shared.clear();
    const clock = new FakeClock();
    const [one, two] = [build(), build()].map((keyv) => nonceProtocol(guarded(keyvStore(keyv), { clock }), 'keyv')) as [
      TaggedStore,
      TaggedStore,
    ];
    expect((await fill(one, 'a', 'b')).kind).toBe('stored');
    expect(validity(await begin(two))).toBe('valid');
    expect(await two.invalidate(['b'], 'hard')).toBe(true);
    expect(validity(await begin(one))).toBe('gone');
    expect((await fill(one, 'a', 'b')).kind).toBe('stored');
    const { found } = await begin(two);
    expect(found?.kind === 'response' && found.response.body.toString()).toBe('hello');
    expect(validity({ token: undefined, found })).toBe('valid');
  });
});

const shared = new Map<string, unknown>();
