import type { StoreHealth } from '../ports/tagged-store.js';
import type { Nonce, NonceKeys } from './nonce.js';

/** What a store says of one key: its value, `undefined` where it has none, `null` where nobody can tell. */
export type Reading = Uint8Array | undefined | null;

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
  /** Stores a frame; true only when the store has said so. */
  write(key: string, frame: Uint8Array, ttlMs: number): Promise<boolean>;
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
