import type { StoredResponse, TagStamp } from '../../ports/stored-response.js';
import type { BeginRead, CommitVerdict, Fill, Put, SharedToken, TaggedStore } from '../../ports/tagged-store.js';
import { decode, encode, page } from './frames.js';

type Found = BeginRead['found'];

/** `valid`, `stale` or `gone` of a response, and what else it is of anything else. */
export function validityOf(found: Found): string | undefined {
  return found?.kind === 'response' ? found.validity : found?.kind;
}

/** Whether it may answer. */
export function isValid(found: Found): boolean {
  return validityOf(found) === 'valid';
}

/** The body of a response; none of anything else. */
export function bodyOf(found: Found): Buffer | undefined {
  return found?.kind === 'response' ? found.response.body : undefined;
}

/** Reads one key, and takes a token with it. */
export function begin(store: TaggedStore, key: string): Promise<BeginRead> {
  return store.begin(key, decode);
}

/** Offers what was made under the token of a read. */
export async function commit(
  store: TaggedStore,
  key: string,
  read: BeginRead,
  tags: readonly (string | TagStamp)[],
  more: Partial<StoredResponse> = {},
): Promise<CommitVerdict> {
  return read.token === undefined ? { kind: 'unavailable' } : await store.commit(fillOf(key, read, tags, more));
}

/** What a commit is given: with names of tags, or with stamps of what was read before. */
export function fillOf(
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
export const own = (key: string): string => `own tag of ${key}`;

/** A value put at a key, whose own tag it carries. */
export function putOf(
  key: string,
  token: SharedToken | undefined,
  tags: readonly string[],
  body: string,
  onlyIf: Put['onlyIf'] = 'always',
): Put {
  const named = [own(key), ...tags];
  return { ...fillOf(key, undefined, named, { body: Buffer.from(body) }), token, ownTag: own(key), onlyIf };
}

/** Puts one value, and says what came of it. */
export async function put(
  store: TaggedStore,
  ...rest: Parameters<typeof putOf>
): Promise<CommitVerdict['kind'] | undefined> {
  return (await store.putMany([putOf(...rest)]))[0]?.kind;
}

/** The whole of a fill: at the second attempt at the latest, since a new tag may be refused once (PROTOCOL, Progress). */
export async function fill(
  store: TaggedStore,
  key: string,
  tags: readonly string[],
  more: Partial<StoredResponse> = {},
): Promise<CommitVerdict> {
  const first = await commit(store, key, await begin(store, key), tags, more);
  return first.kind === 'stored' ? first : await commit(store, key, await begin(store, key), tags, more);
}

/** Of three requests that nothing disturbs, the third is a hit. */
export async function storesAgain(store: TaggedStore, tags: readonly string[]): Promise<boolean> {
  await fill(store, 'k', tags);
  return isValid((await begin(store, 'k')).found);
}
