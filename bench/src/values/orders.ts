/** What is asked of a cache: something stored, something that is not, or to store. */
export type Operation = 'hit' | 'miss' | 'set';

/** From the bench to the process of a cache. */
export interface Order {
  operation: Operation;
  /** How much CPU time to spend on it. */
  ms: number;
}

/** What came of it. */
export interface Answer {
  /** CPU time of the process for each call, in nanoseconds. */
  nanos: number;
  /** What two callers get: one and the same value, or a copy each. */
  handsOut: 'same' | 'copy';
  sets: boolean;
}
