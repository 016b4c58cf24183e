import { describe, expect, it } from '@jest/globals';
import { Keyv as Keyv5 } from 'keyv';
import { Keyv as Keyv6 } from 'keyv6';
import { frameCodec } from '../codecs/frame.js';
import type { StoredResponse, TagStamp } from '../ports/stored-response.js';
import { empty } from '../ports/stored-response.test.support.js';
import type { BeginRead, CommitVerdict, SharedToken, TaggedStore } from '../ports/tagged-store.js';
import { ChaosStore, type Fault } from '../testing/chaos-store.js';
import { FakeClock } from '../testing/fake-clock.js';
import type { GuardOptions } from './guard.js';
import { guarded } from './guarded.js';
import { keyvStore } from './keyv.js';
import { nonceProtocol } from './nonce-protocol.js';

const codec = frameCodec();

const page: StoredResponse = {
  ...empty,
  key: 'GET https://example.org/',
  status: 200,
  headers: ['Content-Type', 'text/plain'],
  body: Buffer.from('hello'),
  storedAt: 1_790_000_000_000,
  lifetimeMs: 60_000,
  route: '/',
};

function setup(options: Partial<GuardOptions> = {}) {
  const clock = new FakeClock();
  const chaos = new ChaosStore();
  /** A process of its own over the same store. */
  const join = (): TaggedStore =>
    nonceProtocol(guarded(chaos, { clock, breaker: { failures: Number.POSITIVE_INFINITY }, ...options }), 'app');
  const failing = (fault: Fault | undefined, only?: string): void => {
    chaos.fault = (operation) => (only === undefined || only === operation ? fault : undefined);
  };
  /** What was asked of the store meanwhile, a word a command. */
  const during = async <T>(work: () => Promise<T>): Promise<[T, string[]]> => {
    const from = chaos.calls.length;
    const result = await work();
    return [result, chaos.calls.slice(from).map(({ operation, keys }) => `${operation} ${keys.map(kind).join(' ')}`)];
  };
  return { clock, chaos, store: join(), join, failing, during };
}

/** The letter of a key: e(ntry), t(ag) or g(lobal). */
const kind = (key: string): string => key.split(':')[1] ?? '?';
const begin = (store: TaggedStore, key = 'page'): Promise<BeginRead> =>
  store.begin(key, (bytes) => codec.decode(bytes, page.key));
const stamped = (tags: readonly (string | TagStamp)[]): TagStamp[] =>
  tags.map((tag) => (typeof tag === 'string' ? { tag, stamp: '' } : tag));
const commit = (
  store: TaggedStore,
  { token }: BeginRead,
  tags: readonly (string | TagStamp)[],
  ttlMs = 60_000,
  key = 'page',
): Promise<CommitVerdict> =>
  store.commit({
    key,
    token: token as SharedToken,
    tags: stamped(tags),
    ttlMs,
    encode: (all) => codec.encode({ ...page, tags: all }),
  });
const fill = async (store: TaggedStore, ...tags: string[]): Promise<CommitVerdict> =>
  commit(store, await begin(store), tags);
const validity = ({ found }: BeginRead): string | undefined =>
  found?.kind === 'response' ? found.validity : found?.kind;

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

describe('invalidate (PROTOCOL 4.15)', () => {
  it('replaces the global nonce first, then those of the tags, and reads each back', async () => {
    const { store, during } = setup();
    const [done, asked] = await during(() => store.invalidate(['a', 'b'], 'soft'));
    expect(done).toBe(true);
    expect(asked).toEqual(['set g', 'getMany g', 'set t', 'set t', 'getMany t t']);
    expect(await during(() => store.invalidate([], 'hard'))).toEqual([true, []]);
  });

  it('writes again what was not written, three times, and then says so', async () => {
    const { chaos, store, during } = setup();
    let lies = 0;
    chaos.fault = (operation, keys) =>
      operation === 'set' && kind(keys[0] ?? '') === 't' && lies-- > 0 ? 'lie' : undefined;
    lies = 2;
    expect(await store.invalidate(['a'], 'hard')).toBe(true);
    lies = 3;
    const [done, asked] = await during(() => store.invalidate(['a'], 'hard'));
    expect(done).toBe(false);
    expect(asked.filter((command) => command === 'set t').length).toBe(3);
  });

  it('does not take a missing nonce for a new one: some stores answer a failed read like that', async () => {
    const { store, failing } = setup();
    await fill(store, 'a');
    failing('lie');
    expect(await store.invalidate(['a'], 'hard')).toBe(false);
    failing(undefined);
    expect(validity(await begin(store))).toBe('valid');
  });

  it('asks a store that fails no more', async () => {
    const { chaos, store, during } = setup();
    chaos.fault = (operation, keys) => (operation === 'set' && kind(keys[0] ?? '') === 't' ? 'reject' : undefined);
    const tags = Array.from({ length: 500 }, (_, i) => `t${i}`);
    const [done, asked] = await during(() => store.invalidate(tags, 'hard'));
    expect(done).toBe(false);
    expect(asked.filter((command) => command === 'set t').length).toBe(64);
  });

  it('says false for the tags that were not replaced, and true for the others of the same batch', async () => {
    const { chaos, store } = setup();
    let bad = '';
    chaos.fault = (operation, keys) => (operation === 'set' && keys[0] === bad ? 'lie' : undefined);
    await store.invalidate(['bad'], 'hard');
    bad = [...chaos.data.keys()].find((key) => kind(key) === 't') ?? '';
    const first = store.invalidate(['first'], 'hard');
    const batch = [store.invalidate(['good'], 'hard'), store.invalidate(['good', 'bad'], 'hard')];
    expect(await Promise.all([first, ...batch])).toEqual([true, true, false]);
  });

  it('sends what arrives meanwhile together, and all of it is done', async () => {
    const { store, join, during } = setup();
    for (let i = 0; i < 100; i++) await fill(store, `t${i}`);
    const tags = Array.from({ length: 100 }, (_, i) => `t${i}`);
    const [done, asked] = await during(() => Promise.all(tags.map((tag) => store.invalidate([tag], 'hard'))));
    expect(done).toEqual(tags.map(() => true));
    expect(asked.filter((command) => command === 'set g').length).toBe(2);
    const others = [join(), join(), join()];
    const fought = await Promise.all(others.flatMap((other) => tags.map((tag) => other.invalidate([tag], 'hard'))));
    expect(fought.every(Boolean)).toBe(true);
  });

  it('never has more under way than its share, however many tags it is given', async () => {
    const { chaos, clock, join } = setup();
    const guard = guarded(chaos, { clock });
    const store = nonceProtocol(guard, 'app');
    let most = 0;
    chaos.step = async () => {
      most = Math.max(most, guard.health().outstanding);
    };
    const tags = Array.from({ length: 1000 }, (_, i) => `t${i}`);
    expect(await store.invalidate(tags, 'hard')).toBe(true);
    expect(most).toBe(64);
    await join().close();
  });
});

describe('a store that fails', () => {
  const faults: Fault[] = ['throw', 'reject', 'hang', 'late', 'lie', 'garbage'];

  it.each(faults)('rejects nowhere and keeps nobody waiting longer than a deadline: %s', async (fault) => {
    const { clock, store, failing } = setup();
    const begun = await begin(store);
    failing(fault);
    const asked = Promise.all([
      begin(store),
      commit(store, begun, ['a']),
      store.check([{ tag: 'a', stamp: 'x'.repeat(22) }]),
      store.mark('page', new Uint8Array(1), 1000),
      store.invalidate(['a'], 'hard'),
    ]);
    await clock.advanceAsync(50);
    const [read, verdict, checked, marked, invalidated] = await asked;
    expect(read.found).toBeUndefined();
    expect(verdict.kind).not.toBe('stored');
    expect(checked).not.toBe('valid');
    expect(marked).toBe(fault === 'lie');
    expect(invalidated).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it('gives no token when it does not answer', async () => {
    const { store, failing } = setup();
    failing('reject');
    expect(await begin(store)).toEqual({ token: undefined, found: undefined });
  });

  it('shows its health, and is closed with the protocol', async () => {
    const { chaos, store, failing } = setup({ breaker: { failures: 1 } });
    expect(store.health()).toEqual({ state: 'up', outstanding: 0, failures: 0 });
    failing('reject');
    await begin(store);
    expect(store.health()).toEqual({ state: 'down', outstanding: 0, failures: 1 });
    await store.close();
    expect(chaos.closed).toBe(1);
    expect(store.name).toBe('chaos');
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
