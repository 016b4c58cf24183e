/** What a producer is told of its run. */
export interface ProducerRun {
  /** Nobody waits for this run: what is stored is made new behind an answer. */
  readonly isRefresh: boolean;
  /** What is stored and is not fresh any more, if anything: to ask a source only for what has changed since. */
  readonly stale: unknown;
}

/** Makes a value. */
export type Producer = (run: ProducerRun) => unknown;

/** What a producer returns that has found nothing to make: who waits for it goes on by himself. */
export const NOTHING_MADE: unique symbol = Symbol('nothing made');
