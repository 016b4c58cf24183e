import type { Bus } from './bus.js';
import type { Leases } from './leases.js';
import type { StoreHealth } from './store-health.js';
import type { StoredResponse, TagStamp } from './stored-response.js';

/**
 * What a shared store knew at the moment the first read of a fill was sent. Opaque: each protocol makes and reads its own.
 */
export type SharedToken = object;

/** Whether a stored response may still be used, as far as its tags go (PROTOCOL 4.3). */
export type Validity =
  /** No tag was invalidated since the data was read. */
  | 'valid'
  /** Some tag was invalidated: only `staleIfError` may use it. */
  | 'stale'
  /** Purged, or its history is unknown: nothing may use it. */
  | 'gone'
  /** The store did not answer within its deadline. */
  | 'unavailable';

/** The names of the request fields that select among the variants of one target URI, found where a response was looked for. */
export interface SelectingMarker {
  readonly selecting: readonly string[];
}

/** Reads a frame; `undefined` for whatever is not a whole, intact frame of this very key. */
export type DecodeFrame = (bytes: Uint8Array) => StoredResponse | SelectingMarker | undefined;

/** The answer to {@link TaggedStore.begin}. */
export interface BeginRead {
  /** Taken before anything was read; `undefined` when the store gave none, and then nothing is committed to it. */
  readonly token: SharedToken | undefined;
  readonly found:
    | { readonly kind: 'response'; readonly response: StoredResponse; readonly validity: Validity }
    | { readonly kind: 'selecting'; readonly selecting: readonly string[] }
    | undefined;
}

/** One response on its way into a shared store (PROTOCOL 4.8). */
export interface Fill {
  /** The canonical cache key, of any length; the protocol makes a short name of it. */
  readonly key: string;
  readonly token: SharedToken;
  /** Every tag; a non-empty stamp was replayed from a nested result and is kept. */
  readonly tags: readonly TagStamp[];
  readonly ttlMs: number;
  /** Makes the frame once the protocol has a stamp for each tag. */
  encode(tags: readonly TagStamp[]): Uint8Array;
}

/** What came of a {@link Fill}. */
export type CommitVerdict =
  | { readonly kind: 'stored'; readonly tags: readonly TagStamp[] }
  /**
   * A tag was invalidated, or its history was lost, since the token was taken. `tags` are those, where the store tells:
   * what is held locally with them is no longer valid either (PROTOCOL 4.8).
   */
  | { readonly kind: 'refused'; readonly tags?: readonly string[] }
  | { readonly kind: 'unavailable' };

/** A value that is written rather than found out (PROTOCOL 4.11). */
export interface Put extends Omit<Fill, 'token'> {
  /**
   * Taken before what the value is made of was read; `undefined` for a value that is good as of now. Whoever puts a value
   * only if nothing has changed has to have one, and is told `unavailable` otherwise.
   */
  readonly token: SharedToken | undefined;
  /**
   * Whether a value that is good as of the call is so still, as far as this process knows. Asked each time that the store
   * has learnt something newer on its behalf, since what was invalidated before that is none of what it learnt.
   */
  isStillGood?(): boolean;
  /** The tag of its own key, which is among its tags: whatever is being made of what was there before loses. */
  readonly ownTag: string;
  /**
   * `'always'`: whatever is there. `'unchanged'`: only if nothing was put under the key, and nothing of its tags was
   * invalidated, since the token was taken; of several who ask so under one token, one is told that it is stored.
   */
  readonly onlyIf: 'always' | 'unchanged';
}

/** How long somebody waits for a connection that is being made. */
export type Patience = 'deadline' | 'first';

/**
 * A shared store that keeps invalidation exact by its own protocol: read, commit, invalidate.
 *
 * Whatever it stands on, it must hold to three things. A token is what it knew before anything was read, and a commit is
 * refused if a tag was invalidated since. A response is valid only while each tag is as it was when the token was taken, and a tag
 * whose history was lost is not. `invalidate` says true only when every later read, from any process, will see it.
 * docs/reference/invalidation-protocol.md has the rules by the numbers that comments cite (PROTOCOL 4.3), and one such
 * protocol in full (4.14, 4.15). No method rejects, and each settles within the deadline of the guard below it.
 */
export interface TaggedStore {
  /** A word for logs and events: `redis`, `memcached`, `keyv`. Never carries a credential. */
  readonly name: string;
  /** Where processes hear of each other's invalidations; without one L1 believes nothing for longer than it may lag. */
  readonly bus?: Bus | undefined;
  /** Where one process can run a handler for all. */
  readonly leases?: Leases | undefined;
  /** It cannot tell a soft invalidation from a hard one: each is a purge. */
  readonly purgesOnly?: boolean | undefined;
  /** Waits until the store can be asked, but not much longer than this, if it can tell. Nobody has to wait. */
  ready?(atMostMs: number): Promise<unknown>;
  /**
   * Waits while a connection is being made, until it is there or has failed.
   *
   * @param patience - `'deadline'`: not longer than one operation may take. `'first'`: for the first connection as long as
   * its first attempt lasts, which each driver bounds
   * @returns nothing where there is nothing to wait for
   */
  readonly connecting?: ((patience: Patience) => Promise<unknown> | undefined) | undefined;
  /** BEGIN-READ: takes the token and looks for the stored response in as few round trips as the store allows. */
  begin(key: string, decode: DecodeFrame): Promise<BeginRead>;
  /**
   * Takes the token of what is going to be written elsewhere, and then put, and sees to it that these tags are known from then
   * on: of one that was not, the put could not tell whether it was invalidated meanwhile. Where it is absent, {@link begin}
   * takes the token.
   */
  beginWrite?(tags: readonly string[]): Promise<SharedToken | undefined>;
  /** {@link begin} for several keys in one round trip, and as one operation. */
  beginMany(
    keys: readonly string[],
    decode: (bytes: Uint8Array, key: string) => ReturnType<DecodeFrame>,
  ): Promise<readonly BeginRead[]>;
  /** Asks only whether these tags are unchanged: no body travels. */
  check(tags: readonly TagStamp[]): Promise<Validity>;
  commit(fill: Fill): Promise<CommitVerdict>;
  /** {@link commit} of several in one round trip, and as one operation. */
  commitMany(fills: readonly Fill[]): Promise<readonly CommitVerdict[]>;
  /** Writes values in one round trip, and as one operation; the verdicts are in the order of the puts. */
  putMany(puts: readonly Put[]): Promise<readonly CommitVerdict[]>;
  /** Writes a frame that depends on nothing: the selecting marker. */
  mark(key: string, frame: Uint8Array, ttlMs: number): Promise<boolean>;
  /**
   * Marks tags invalid; `hard` also forbids serving what carried them on error.
   *
   * @param holdMs - for how long data sources may still answer with what was there before (PROTOCOL 4.6, hold); 0 for
   * not at all. Whoever invalidates does so again afterwards; a store that can refuses meanwhile what was made of it
   * @returns true when the store has acknowledged it, and every process that asks the store will see it
   */
  invalidate(tags: readonly string[], mode: 'soft' | 'hard', holdMs?: number): Promise<boolean>;
  health(): StoreHealth;
  close(): Promise<void>;
}
