/** What came of an invalidation. */
export interface InvalidationReceipt {
  /**
   * True when every process that asks the store sees it: always, where memory is the only store. False when the shared
   * store has not acknowledged it: this process is exact all the same, and the store is told again until it answers. In a
   * worker of a `node:cluster` with memory alone: true when the primary process has passed it on, so never where that does
   * not relay.
   */
  readonly durable: boolean;
  /** The number of the invalidation in this process. */
  readonly at: number;
}

/** What came of a batch: of all the invalidations inside it together, and of its work. */
export interface BatchReceipt<T> extends InvalidationReceipt {
  /** What the work returned. */
  readonly value: T;
}
