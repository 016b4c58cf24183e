/**
 * An asynchronous store of bytes, usually shared by several processes: L2.
 *
 * A driver may reject, hang or answer late; it is always used through `guarded`, which makes of any of these a miss.
 * Keys are short ASCII made by the engine, never a URL. Whatever is returned is untrusted.
 */
export interface Store {
  /** A word for logs and events: `redis`, `memcached`, `keyv`. Never carries a credential. */
  readonly name: string;
  /** The values in the order of the keys; `undefined` where there is none. One round trip where the store can. */
  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;
  /** True only when the store has said that the value is stored. */
  set(key: string, value: Uint8Array, ttlMs: number): Promise<boolean>;
  deleteMany(keys: readonly string[]): Promise<void>;
  /**
   * Has failures told that no operation can be blamed for, such as a connection that was lost in between.
   *
   * @returns ends it
   */
  listen?(hear: (cause: unknown) => void): () => void;
  /** Ends what this driver opened itself; a client that the user handed in stays open. */
  close(): Promise<void>;
}
