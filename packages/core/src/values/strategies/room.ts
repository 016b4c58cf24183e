import type { Clock, Timer } from '../../ports/clock.js';

/** Somebody who waits for room. */
interface Waiter {
  readonly timer: Timer;
  admit(isAdmitted: boolean): void;
}

/** Those who wait until there is room for their writes, in the order in which they came. */
export class Room {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #waiters = new Set<Waiter>();

  /** @param most - so many wait at most */
  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  get isAwaited(): boolean {
    return this.#waiters.size > 0;
  }

  /** Resolves with true when it is this one's turn, and with false when the time is over. */
  wait(atMostMs: number): Promise<boolean> {
    if (this.#waiters.size >= this.#most) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = this.#clock.after(atMostMs, () => waiter.admit(false));
      const waiter: Waiter = {
        timer,
        admit: (isAdmitted) => {
          timer.cancel();
          this.#waiters.delete(waiter);
          resolve(isAdmitted);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  /**
   * Lets as many in as there is room for.
   *
   * @param take - takes the room of one, if there is any
   */
  admit(take: () => boolean): void {
    for (const waiter of this.#waiters) {
      if (!take()) return;
      waiter.admit(true);
    }
  }

  /** Sends all away. */
  clear(): void {
    for (const waiter of this.#waiters) waiter.admit(false);
  }
}
