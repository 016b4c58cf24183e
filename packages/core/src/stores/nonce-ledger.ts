import type { StoreHealth } from '../ports/store-health.js';
import type { Nonce, NonceKeys } from './nonce.js';

/** What a store says of one key: its value, `undefined` where it has none, `null` where nobody can tell. */
export type Reading = Uint8Array | undefined | null;

/** What was found under a key, and what names this very value where the store knows such a thing. */
export interface Sighting {
  readonly reading: Reading;
  readonly unique: string | undefined;
}

/** A frame on its way under a key. */
export interface Entry {
  readonly key: string;
  readonly frame: Uint8Array;
  readonly ttlMs: number;
}

/** A value on its way to the place of another, together with another nonce for the tag of its own. */
export interface Placing extends Omit<Entry, 'frame'> {
  readonly ownTag: string;
  /** What was there when it was read, and the nonce of its own tag; nothing where that does not matter. */
  readonly over: { readonly unique: string | undefined; readonly nonce: Nonce } | undefined;
  /** Whether it is still to be put, now that something newer has been read on its behalf. */
  mayGoOn(): boolean;
  /** Makes the frame, with this stamp for its own tag. */
  frame(stamp: string): Uint8Array;
}

/** What came of a {@link Placing}: the nonce that its own tag has now, if it is stored. */
export type Placed = { readonly nonce: Nonce } | 'refused' | 'unavailable';

/**
 * Where nonces are kept, and the one mark beside them that every invalidation changes: what the nonce protocol needs of a
 * store (PROTOCOL 4.14).
 *
 * Methods that say so reject when the store does not answer; the others answer with what they could not do.
 */
export interface NonceLedger {
  readonly name: string;
  readonly keys: NonceKeys;
  /** Reads values in one round trip. Rejects when nothing could be read at all. */
  read(keys: readonly string[]): Promise<readonly Reading[]>;
  /** {@link read}, and what names each of the values. */
  look(keys: readonly string[]): Promise<readonly Sighting[]>;
  /** Stores frames in one round trip, if the store can; true only for those of which it has said so. Never rejects. */
  write(entries: readonly Entry[]): Promise<readonly boolean[]>;
  /**
   * Stores a frame over the one that was found, and over no other; only where the store can compare. Never rejects.
   *
   * @returns `null` where nobody can tell
   */
  swap?(entry: Entry, unique: string): Promise<boolean | null>;
  /**
   * Stores values and replaces the nonces of their own tags, the mark before them (4.11). Never rejects.
   *
   * @param purge - {@link purge}, together with what else is being invalidated; true when it is done for all
   */
  put(placings: readonly Placing[], purge: (tags: readonly string[]) => Promise<boolean>): Promise<readonly Placed[]>;
  /**
   * Finishes what somebody has begun: gives a tag that still has one nonce the other; says which it has then.
   * Rejects when that cannot be told.
   */
  settle?(tag: string, from: Nonce, to: Nonce): Promise<Nonce | undefined>;
  /** Gives each key a nonce where it had none, and says what is there then; `undefined` when that cannot be told. */
  plant(keys: readonly string[]): Promise<readonly (Nonce | undefined)[]>;
  /** Nonces written from now on live at least twice as long as what is stored now. */
  outlive(ttlMs: number): void;
  /** The mark, of what was read under `keys.global`. */
  markOf(reading: Reading): string | undefined;
  /** The same as {@link plant}, for the mark. */
  plantMark(): Promise<string | undefined>;
  /**
   * Whether no invalidation of these tags has begun since the mark was this. To be asked after the tags' nonces were read,
   * never before. Rejects when it cannot be told.
   */
  isQuietSince(mark: string | undefined, tags: readonly string[]): Promise<boolean>;
  /**
   * Changes the mark, then the nonces. In this order: who reads a new nonce of a tag has to find the mark changed.
   *
   * @returns the tags for which it cannot be said that this was done
   */
  purge(tags: readonly string[]): Promise<ReadonlySet<string>>;
  health(): StoreHealth;
  close(): Promise<void>;
}
