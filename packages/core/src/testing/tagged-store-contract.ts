import type { StoredResponse, TagStamp } from '../ports/stored-response.js';
import type { BeginRead, CommitVerdict, DecodeFrame, TaggedStore } from '../ports/tagged-store.js';

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
  { token }: BeginRead,
  tags: readonly (string | TagStamp)[],
  more: Partial<StoredResponse> = {},
): Promise<CommitVerdict> {
  if (token === undefined) return { kind: 'unavailable' };
  return await store.commit({
    key,
    token,
    tags: tags.map((tag) => (typeof tag === 'string' ? { tag, stamp: '' } : tag)),
    ttlMs: 60_000,
    encode: (all) => encode({ ...page, ...more, key, tags: all }),
  });
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

const decode: DecodeFrame = (bytes) => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const read = JSON.parse(text) as { isMarker?: true; body: string } & Omit<StoredResponse, 'body'>;
  if (read.isMarker === true) return { selecting: read.selecting };
  return { ...read, body: Buffer.from(read.body, 'base64') };
};
