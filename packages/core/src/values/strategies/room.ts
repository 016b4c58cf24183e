import type { Clock } from '../../ports/clock.js';

/** Somebody who waits for room. */
interface Waiter {
  readonly bytes: number;
  take(): boolean;
  admit(isAdmitted: boolean): void;
}

/** Those who wait until there is room for their writes, in the order in which they came. */
export class Room {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #mostBytes: number;
  readonly #waiters = new Set<Waiter>();
  #bytes = 0;

  /** @param most - so many wait at most, and of so many bytes, but for the last one */
  constructor(clock: Clock, most: number, mostBytes: number) {
    this.#clock = clock;
    this.#most = most;
    this.#mostBytes = mostBytes;
  }

  get isAwaited(): boolean {
    return this.#waiters.size > 0;
  }

  /**
   * Resolves with true when it is this one's turn, and there is room for it, and with false when the time is over.
   *
   * @param bytes - what it holds while it waits
   * @param take - takes its room, if there is that
   */
  wait(atMostMs: number, bytes: number, take: () => boolean): Promise<boolean> {
    if (this.#waiters.size >= this.#most || this.#bytes >= this.#mostBytes) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = this.#clock.after(atMostMs, () => waiter.admit(false));
      const waiter: Waiter = {
        bytes,
        take,
        admit: (isAdmitted) => {
          timer.cancel();
          if (this.#waiters.delete(waiter)) this.#bytes -= bytes;
          resolve(isAdmitted);
        },
      };
      this.#waiters.add(waiter);
      this.#bytes += bytes;
    });
  }

  /** Lets as many in as there is room for. */
  admit(): void {
    for (const waiter of this.#waiters) {
      if (!waiter.take()) return;
      waiter.admit(true);
    }
  }

  /** Sends all away. */
  clear(): void {
    for (const waiter of this.#waiters) waiter.admit(false);
  }
}
