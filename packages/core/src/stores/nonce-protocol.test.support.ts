import { frameCodec } from '../codecs/frame.js';
import type { StoredResponse, TagStamp } from '../ports/stored-response.js';
import { empty } from '../ports/stored-response.test.support.js';
import type { BeginRead, CommitVerdict, SharedToken, TaggedStore } from '../ports/tagged-store.js';
import { ChaosStore, type Fault } from '../testing/chaos-store.js';
import { FakeClock } from '../testing/fake-clock.js';
import type { GuardOptions } from './guard.js';
import { guarded } from './guarded.js';
import { nonceProtocol } from './nonce-protocol.js';

/** Frames of the tests' page. */
export const codec = frameCodec();

/** A page like any other. */
export const page: StoredResponse = {
  ...empty,
  key: 'GET https://example.org/',
  status: 200,
  headers: ['Content-Type', 'text/plain'],
  body: Buffer.from('hello'),
  storedAt: 1_790_000_000_000,
  lifetimeMs: 60_000,
  route: '/',
};

/** A store that fails as it is told, and what it was asked. */
export function setup(options: Partial<GuardOptions> = {}) {
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
export const kind = (key: string): string => key.split(':')[1] ?? '?';
/** Reads the page. */
export const begin = (store: TaggedStore, key = 'page'): Promise<BeginRead> =>
  store.begin(key, (bytes) => codec.decode(bytes, page.key));
/** Names of tags as a commit has them. */
export const stamped = (tags: readonly (string | TagStamp)[]): TagStamp[] =>
  tags.map((tag) => (typeof tag === 'string' ? { tag, stamp: '' } : tag));
/** Offers the page under the token of a read. */
export const commit = (
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
/** Reads, and offers. */
export const fill = async (store: TaggedStore, ...tags: string[]): Promise<CommitVerdict> =>
  commit(store, await begin(store), tags);
/** What a read says of the page. */
export const validity = ({ found }: BeginRead): string | undefined =>
  found?.kind === 'response' ? found.validity : found?.kind;
