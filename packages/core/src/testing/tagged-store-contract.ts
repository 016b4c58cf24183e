import type { StoredResponse, TagStamp } from '../ports/stored-response.js';
import type {
  BeginRead,
  CommitVerdict,
  DecodeFrame,
  Fill,
  Put,
  SharedToken,
  TaggedStore,
} from '../ports/tagged-store.js';

/** What a contract needs of a test runner: Jest, Vitest and `node:test` with an `expect` have it. */
export interface Runner {
  describe(name: string, define: () => void): void;
  it(name: string, test: () => Promise<void>): void;
  expect(received: unknown): { toEqual(expected: unknown): void };
}

/** One store that is shared, and ways to it. */
export interface SharedStoreFixture {
  /** A process of its own over the same store, in a namespace; the one that the fixture names if none is given. */
  join(namespace?: string): Promise<TaggedStore> | TaggedStore;
  /** It can compare and write in one step, so that of those who put at the same time one is the first. */
  readonly isAtomic?: boolean;
  /** Takes away everything in the store, behind its back; left out where that cannot be done. */
  flush?(): Promise<unknown>;
  close(): Promise<unknown>;
}

/**
 * What every {@link TaggedStore} must hold to, whatever it stands on: the parts of PROTOCOL that can be told by asking.
 *
 * Defines tests with the runner's own functions. Each test opens a store of its own.
 *
 * @param open - opens a store with nothing in it
 *
 * @example
 * ```ts
 * taggedStoreContract('my store', { describe, it, expect }, async () => ({
 *   join: (namespace) => myStore(url, namespace),
 *   close: () => server.stop(),
 * }));
 * ```
 */
export function taggedStoreContract(name: string, runner: Runner, open: () => Promise<SharedStoreFixture>): void {
  const { describe, expect } = runner;
  const it = (what: string, test: (fixture: SharedStoreFixture, store: TaggedStore) => Promise<void>): void =>
    runner.it(what, async () => {
      const fixture = await open();
      const store = await fixture.join();
      try {
        await test(fixture, store);
      } finally {
        await store.close();
        await fixture.close();
      }
    });

  describe(`${name}: a response`, () => {
    it('that was never stored is not found, and a token is taken all the same', async (_fixture, store) => {
      const read = await begin(store, 'k');
      expect([read.token === undefined, read.found]).toEqual([false, undefined]);
    });

    it('is found as it was stored, byte by byte, by every process', async (fixture, store) => {
      const body = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7 + (i >> 8)) % 256));
      expect((await fill(store, 'k', ['a'], { body })).kind).toEqual('stored');
      for (const process of [store, await fixture.join()]) {
        const { found } = await begin(process, 'k');
        expect([validityOf(found), bodyOf(found)?.equals(body)]).toEqual(['valid', true]);
        if (process !== store) await process.close();
      }
    });

    it('under any key is found under that key alone', async (_fixture, store) => {
      const keys = [
        '',
        ' ',
        'k',
        'k ',
        'K',
        'k\r\nflush_all',
        'k\0',
        'ключ',
        '🔑',
        '*',
        'k:*',
        '{k}',
        'x'.repeat(10_000),
      ];
      for (const [i, key] of keys.entries()) await fill(store, key, ['a'], { body: Buffer.from(String(i)) });
      const found = [];
      for (const key of keys) found.push(bodyOf((await begin(store, key)).found)?.toString());
      expect(found).toEqual(keys.map((_, i) => String(i)));
    });

    it('that is stored again replaces the first', async (_fixture, store) => {
      await fill(store, 'k', ['a'], { body: Buffer.from('one') });
      await fill(store, 'k', ['a'], { body: Buffer.from('two') });
      expect(bodyOf((await begin(store, 'k')).found)?.toString()).toEqual('two');
    });

    it('without tags, and a marker, are found as well', async (_fixture, store) => {
      await fill(store, 'k', []);
      expect(validityOf((await begin(store, 'k')).found)).toEqual('valid');
      expect(await store.mark('m', encodeMarker(['accept']), 60_000)).toEqual(true);
      expect((await begin(store, 'm')).found).toEqual({ kind: 'selecting', selecting: ['accept'] });
    });
  });

  describe(`${name}: an invalidation`, () => {
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
  });

  describe(`${name}: several keys`, () => {
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
  });

  describe(`${name}: a value that is put`, () => {
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

    it('only where nothing has changed is put by the first who asks under a token', async (fixture, store) => {
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

    it('only where nothing has changed is refused after a put, and after an invalidation', async (fixture, store) => {
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

    it('only where nothing has changed needs a token', async (_fixture, store) => {
      expect(await put(store, 'k', undefined, ['a'], 'one', 'unchanged')).toEqual('unavailable');
      expect((await begin(store, 'k')).found).toEqual(undefined);
    });

    it('by many at the same time is put by one, where the store can compare', async (fixture, store) => {
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
  });

  describe(`${name}: what is lost`, () => {
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
  });

  describe(`${name}: a namespace`, () => {
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
  });
}

type Found = BeginRead['found'];

function validityOf(found: Found): string | undefined {
  return found?.kind === 'response' ? found.validity : found?.kind;
}

function isValid(found: Found): boolean {
  return validityOf(found) === 'valid';
}

function bodyOf(found: Found): Buffer | undefined {
  return found?.kind === 'response' ? found.response.body : undefined;
}

function begin(store: TaggedStore, key: string): Promise<BeginRead> {
  return store.begin(key, decode);
}

async function commit(
  store: TaggedStore,
  key: string,
  read: BeginRead,
  tags: readonly (string | TagStamp)[],
  more: Partial<StoredResponse> = {},
): Promise<CommitVerdict> {
  return read.token === undefined ? { kind: 'unavailable' } : await store.commit(fillOf(key, read, tags, more));
}

function fillOf(
  key: string,
  read: BeginRead | undefined,
  tags: readonly (string | TagStamp)[],
  more: Partial<StoredResponse>,
): Fill {
  return {
    key,
    token: read?.token ?? {},
    tags: tags.map((tag) => (typeof tag === 'string' ? { tag, stamp: '' } : tag)),
    ttlMs: 60_000,
    encode: (all) => encode({ ...page, ...more, key, tags: all }),
  };
}

/** The tag of a key of its own. */
const own = (key: string): string => `own tag of ${key}`;

function putOf(
  key: string,
  token: SharedToken | undefined,
  tags: readonly string[],
  body: string,
  onlyIf: Put['onlyIf'] = 'always',
): Put {
  const named = [own(key), ...tags];
  return { ...fillOf(key, undefined, named, { body: Buffer.from(body) }), token, ownTag: own(key), onlyIf };
}

async function put(store: TaggedStore, ...rest: Parameters<typeof putOf>): Promise<CommitVerdict['kind'] | undefined> {
  return (await store.putMany([putOf(...rest)]))[0]?.kind;
}

/** The whole of a fill: at the second attempt at the latest, since a new tag may be refused once (PROTOCOL, Progress). */
async function fill(
  store: TaggedStore,
  key: string,
  tags: readonly string[],
  more: Partial<StoredResponse> = {},
): Promise<CommitVerdict> {
  const first = await commit(store, key, await begin(store, key), tags, more);
  return first.kind === 'stored' ? first : await commit(store, key, await begin(store, key), tags, more);
}

/** Of three requests that nothing disturbs, the third is a hit. */
async function storesAgain(store: TaggedStore, tags: readonly string[]): Promise<boolean> {
  await fill(store, 'k', tags);
  return isValid((await begin(store, 'k')).found);
}

const page: StoredResponse = {
  key: '',
  status: 200,
  headers: ['Content-Type', 'text/plain'],
  removes: [],
  body: Buffer.from('hello'),
  selecting: [],
  tags: [],
  storedAt: 1_790_000_000_000,
  lifetimeMs: 60_000,
  etag: undefined,
  lastModified: undefined,
  route: '/',
  producerMs: 1,
  placeholders: [],
};

/** A frame of the contract's own: stores must carry whatever bytes they are given. */
function encode(stored: StoredResponse): Uint8Array {
  return Buffer.from(JSON.stringify({ ...stored, body: stored.body.toString('base64') }));
}

function encodeMarker(selecting: readonly string[]): Uint8Array {
  return Buffer.from(JSON.stringify({ selecting, isMarker: true }));
}

/** Frames of the contract do not say whose they are. */
const decodeOf = (bytes: Uint8Array): ReturnType<DecodeFrame> => decode(bytes);

const decode: DecodeFrame = (bytes) => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const read = JSON.parse(text) as { isMarker?: true; body: string } & Omit<StoredResponse, 'body'>;
  if (read.isMarker === true) return { selecting: read.selecting };
  return { ...read, body: Buffer.from(read.body, 'base64') };
};
