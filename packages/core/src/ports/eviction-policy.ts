/**
 * Decides which value leaves a full store.
 *
 * A slot is a small integer owned by the store; a policy keeps only typed-array columns indexed by it. The same class
 * serves live and as a ghost in a simulation, so it never sees keys or values. All methods are O(1) amortised.
 */
export interface EvictionPolicy {
  readonly name: string;
  /** Makes room for slots `0 … slots - 1`; called before a higher slot is first used. */
  grow(slots: number): void;
  /** A value took the slot; also records the miss that brought it. */
  insert(slot: number, hash: number, weight: number): void;
  /** The value in the slot was used. */
  hit(slot: number): void;
  /** The value left the slot: evicted, expired, replaced or deleted. */
  remove(slot: number): void;
  /** The slot to empty so that a value of this weight and hash may come in; asked before `insert`, and only when a slot is in use. */
  victim(incomingWeight: number, incomingHash: number): number;
  /** Slots from the worst to the best, for inspection and for handing over to another policy. */
  order(): Iterable<number>;
  clear(): void;
}
