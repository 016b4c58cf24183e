/** An invalidation as it stands in a message, or the sequence as a probe finds it. */
export interface Counted {
  readonly epoch: string;
  readonly n: number;
}

/**
 * Tells from numbers alone whether a message was missed (PROTOCOL 4.5, MESSAGE and PROBE): each says which one came before
 * it, and a probe says which was the last.
 */
export class RedisLedger {
  #epoch: string | undefined;
  #seen = 0;

  /** The last invalidation that was heard of. */
  get seen(): number {
    return this.#seen;
  }

  /**
   * Enters a message.
   *
   * @returns true where something before it was missed
   */
  message({ epoch, n }: Counted, before: number): boolean {
    const isGap = epoch !== this.#epoch || before > this.#seen;
    this.#seen = epoch === this.#epoch ? Math.max(this.#seen, n) : n;
    this.#epoch = epoch;
    return isGap;
  }

  /**
   * Enters what a probe found; `undefined` where the sequence is missing.
   *
   * @param seenBefore - {@link seen} when the probe was sent: messages may have come after its answer, and be heard first
   * @returns true where something was missed
   */
  probe(found: Counted | undefined, seenBefore: number): boolean {
    if (found === undefined) {
      this.#epoch = undefined;
      return true;
    }
    const isSound = found.epoch === this.#epoch && found.n >= seenBefore && found.n <= this.#seen;
    if (isSound) return false;
    this.#epoch = found.epoch;
    this.#seen = found.n;
    return true;
  }
}
