/** Why a value left a {@link LocalStore}. */
export type RemovalReason = 'evicted' | 'expired' | 'replaced' | 'deleted';

/** What a {@link LocalStore} tells its owner when a value leaves it, for whatever reason. */
export type RemovalListener<V> = (key: string, value: V, reason: RemovalReason) => void;

/**
 * The synchronous store in this process: L1, and the only store a hit touches.
 *
 * Values are held by reference and handed out as they are. Bounded by number and by weight, whatever the options.
 */
export interface LocalStore<V> {
  /**
   * The value, counted as a use by the eviction policy; `undefined` when absent or past its expiry.
   *
   * @param now - monotonic time, where the caller has read it already: that costs as much as all the rest
   */
  get(key: string, now?: number): V | undefined;
  /**
   * Where a value stands, for {@link use}; -1 where it is not stored under this key.
   *
   * @param value - this very one
   */
  slotOf(key: string, value: V): number;
  /**
   * Counts a use of a value, as {@link get} does, without its key; false, and nothing counted, where it is not stored there any
   * more. Says nothing of its expiry.
   */
  use(slot: number, value: V): boolean;
  /** The value without counting as a use. */
  peek(key: string): V | undefined;
  /**
   * Takes a value in, evicting others as needed.
   *
   * @param weight - bytes the value stands for, everything counted
   * @param ttlMs - milliseconds from now after which it is no longer handed out; `Infinity` for no expiry
   * @returns false when it weighs more than the store may hold: then nothing is stored, and an older value of the key is gone
   */
  set(key: string, value: V, weight: number, ttlMs: number): boolean;
  /**
   * Tells that a value that is held weighs otherwise by now; others, or itself, leave if it is too much.
   *
   * @param value - nothing happens unless this very one is still there
   */
  reweigh(key: string, value: V, weight: number): void;
  /** True when there was something to delete. */
  delete(key: string): boolean;
  clear(): void;
  /** Drops what is past its expiry now, without waiting for the timer; returns how many. */
  prune(): number;
  /** Keys and values in no promised order; does not count as a use. */
  entries(): Iterable<[key: string, value: V]>;
  /** How many values are held. */
  readonly size: number;
  /** Sum of the weights held. */
  readonly bytes: number;
  /** Stops the expiry timer. */
  close(): void;
}
