/** A cache of values in the memory of one process, as the bench uses it. */
export interface Client {
  /** The value of a city, from what is stored; else made, and stored for an hour. */
  get(id: number): unknown;
  /** Stores a value; left out where the cache has no way to. */
  set?(id: number, value: unknown): unknown;
  /** Forgets everything. */
  clear(): unknown;
}

/** Opens a client whose values are made by `make`. */
export type OpenClient = (make: (id: number) => unknown) => Client;

/** What each of them may hold. */
export const MAX_ENTRIES = 10_000;
