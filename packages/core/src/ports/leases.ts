/** The right to run a handler for a crowd that is spread over processes, for a short while (PROTOCOL 4.12). */
export interface Lease {
  /** Keeps it a while longer; false when it has been lost. Nothing depends on it but who runs twice. */
  renew(): Promise<boolean>;
  /**
   * Gives it back, if it is still this one.
   *
   * @param outcome - `'stored'`: who asks within the next moment is told `'done'`. `'open'`: nothing could be stored, and
   * who asks within the next two seconds is told so. `'unused'`: the next one who asks gets it.
   */
  release(outcome: LeaseOutcome): Promise<void>;
}

/** What became of a run under a lease. */
export type LeaseOutcome = 'stored' | 'open' | 'unused';

/** What came of asking for a lease. */
export type LeaseAnswer =
  | { readonly kind: 'mine'; readonly lease: Lease }
  /** Somebody else has it; `by` tells one holder from the next. */
  | { readonly kind: 'held'; readonly by: string }
  /** Somebody has just stored what was made under one: to be read, before anything is run. */
  | { readonly kind: 'done' }
  /** Nobody needs one now: what was made last could not be stored, or the store does not answer. */
  | { readonly kind: 'open' };

/**
 * Leases of a shared store: an optimisation, never needed for safety. No method rejects; each settles within the
 * deadline of the guard below it.
 */
export interface Leases {
  /** How often a holder renews, in milliseconds: well within the life of a lease. */
  readonly renewEveryMs: number;
  /** @param isPastMark - whoever asks knows what was stored under the last one: that is `'done'` keeps it from nobody */
  take(key: string, isPastMark?: boolean): Promise<LeaseAnswer>;
}
