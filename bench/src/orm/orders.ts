/**
 * What is asked of a library: to read where nobody keeps what is made of it; to read within a view that is not stored; the same
 * with the view stored, and its tags; to write.
 */
export const OPERATIONS = ['untracked', 'tracked', 'stored', 'write'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** From the bench to the process of a library. */
export interface Order {
  readonly operation: Operation;
  /** How much CPU time to spend on it. */
  readonly ms: number;
}

/** What came of it: CPU time of the process for each query, in microseconds. */
export interface Answer {
  readonly micros: number;
}
