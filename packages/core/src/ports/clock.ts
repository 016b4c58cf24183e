/** A timer that was set on a {@link Clock}. */
export interface Timer {
  /** Takes the timer back; harmless when it has already fired. */
  cancel(): void;
}

/**
 * The one way this library learns what time it is, so that a test can own it.
 *
 * Two readings, because they answer two questions: `now` is what HTTP fields speak of (Date, Age) and may be
 * stepped by an administrator; `monotonic` never goes back and is what lifetimes and deadlines are counted in.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds since some fixed moment; never goes back, and counts time for which the machine was suspended. */
  monotonic(): number;
  /**
   * `monotonic` as it was a moment ago, at the end of the last turn of the event loop or some dozen readings ago at the
   * earliest: for what would spend more on asking than on all the rest. Left out where it is no cheaper.
   */
  recent?(): number;
  /** Calls `run` once, `delayMs` from now. The timer never keeps the process alive. */
  after(delayMs: number, run: () => void): Timer;
}
