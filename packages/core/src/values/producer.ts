/** What a producer is told of its run. */
export interface ProducerRun<T = unknown> {
  /** Nobody waits for this run: what is stored is made new behind an answer. */
  readonly isRefresh: boolean;
  /**
   * What is stored and is not fresh any more, if anything: to ask a source only for what has changed since. What it was made
   * of counts for the new value as well. Absent where it was invalidated and other values went into it, which may have changed.
   */
  readonly stale: T | undefined;
  /**
   * Aborted when the run is given up: `refreshTimeout` after whoever it ran for got another answer, or no longer waits; at
   * once where it ran for one caller alone, and nothing of it is stored. What it makes after that is nobody's.
   */
  readonly signal: AbortSignal;
}

/** Makes a value. */
export type Producer = (run: ProducerRun) => unknown;

/** What a producer returns that has found nothing to make: who waits for it goes on by himself. */
export const NOTHING_MADE: unique symbol = Symbol('nothing made');
