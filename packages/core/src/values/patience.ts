import type { Clock, Timer } from '../ports/clock.js';

/**
 * How long one call waits. Its caller counts on being told when that is over, and so the process is kept for as long: it may
 * well be all that there is to wait for.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #keep: () => () => void;
  #ends: (() => void)[] = [];

  /** @param keep - keeps the process until what it returns is called */
  constructor(clock: Clock, keep: () => () => void) {
    this.#clock = clock;
    this.#keep = keep;
  }

  after(ms: number, tell: () => void): void {
    const release = this.#keep();
    const timer: Timer = this.#clock.after(ms, () => {
      release();
      tell();
    });
    this.#ends.push(() => {
      timer.cancel();
      release();
    });
  }

  /** Nobody waits any more. */
  end(): void {
    for (const end of this.#ends.splice(0)) end();
  }
}
