/** What the store that asks for a policy may hold; policies that divide it into parts take their measure from it. */
export interface PolicyLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/**
 * Decides which value leaves a full store.
 *
 * A slot is a small integer owned by the store; a policy keeps only typed-array columns indexed by it. The same class
 * serves live and as a ghost in a simulation, so it never sees keys or values. All methods are O(1) amortised.
 *
 * @example
 * ```ts
 * // Evicts what was stored last.
 * const newestFirst = (): EvictionPolicy => {
 *   const slots = new Set<number>();
 *   return {
 *     name: 'newest-first',
 *     grow: () => {},
 *     insert: (slot) => void slots.add(slot),
 *     hit: () => {},
 *     remove: (slot) => void slots.delete(slot),
 *     victim: () => [...slots].at(-1) as number,
 *     order: () => [...slots].reverse(),
 *     clear: () => slots.clear(),
 *   };
 * };
 * createCache({ policy: newestFirst });
 * ```
 */
export interface EvictionPolicy {
  /** Shown in statistics and events. */
  readonly name: string;
  /** Makes room for slots `0 … slots - 1`; called before a higher slot is first used. */
  grow(slots: number): void;
  /**
   * A value took the slot; also records the miss that brought it.
   *
   * @param hash - 32 bits of its key, unsigned, any bits of which may be used
   * @param weight - bytes
   */
  insert(slot: number, hash: number, weight: number): void;
  /**
   * A value that another policy has kept so far; of several, the worst comes first.
   *
   * @defaultValue `insert`
   */
  adopt?(slot: number, hash: number, weight: number): void;
  /** The value in the slot was used. */
  hit(slot: number): void;
  /**
   * The value in the slot weighs otherwise by now.
   *
   * @defaultValue nothing: it goes on with what `insert` was told
   */
  reweigh?(slot: number, weight: number): void;
  /** The value left the slot: evicted, expired, replaced or deleted. */
  remove(slot: number): void;
  /**
   * The slot to empty so that a value of this weight and hash may come in; asked before `insert`, and only when a slot is in use.
   * It is emptied: `remove` follows.
   */
  victim(incomingWeight: number, incomingHash: number): number;
  /** Slots from the worst to the best, for inspection. */
  order(): Iterable<number>;
  clear(): void;
}
