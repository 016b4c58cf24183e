/** The right to run a handler for a crowd that is spread over processes, for a short while (PROTOCOL 4.12). */
export interface Lease {
  /** Keeps it a while longer; false when it has been lost. Nothing depends on it but who runs twice. */
  renew(): Promise<boolean>;
  /**
   * Gives it back, if it is still this one.
   *
   * @param outcome - `'open'` lets everybody who waits, or comes within a short while, run at once: nothing was stored
   */
  release(outcome: 'stored' | 'open'): Promise<void>;
}

/** What came of asking for a lease. */
export type LeaseAnswer =
  | { readonly kind: 'mine'; readonly lease: Lease }
  /** Somebody else has it; `by` tells one holder from the next. */
  | { readonly kind: 'held'; readonly by: string }
  /** Nobody needs one now: what was made last could not be stored, or the store does not answer. */
  | { readonly kind: 'open' };

/**
 * Leases of a shared store: an optimisation, never needed for safety. No method rejects; each settles within the
 * deadline of the guard below it.
 */
export interface Leases {
  /** How often a holder renews, in milliseconds: well within the life of a lease. */
  readonly renewEveryMs: number;
  take(key: string): Promise<LeaseAnswer>;
}
