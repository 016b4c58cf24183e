import {
  StoreBusyError,
  type StoreError,
  StoreFailedError,
  StoreOpenError,
  type StoreOperation,
  StoreTimeoutError,
} from '../base/store-errors.js';
import type { Clock } from '../ports/clock.js';
import type { StoreHealth } from '../ports/store-health.js';
import { Breaker, type BreakerLimits } from './breaker.js';

/** A timer that is as much too late as this says that the process stood still, and nothing about the store. */
const STILL_MS = 10;

/** What a store may cost at most. */
export interface GuardOptions {
  readonly clock: Clock;
  /** Longest time one operation may take. @defaultValue 50 */
  readonly deadlineMs?: number;
  /** @defaultValue 3 failures running open it for 500 ms, doubling to 5,000 ms */
  readonly breaker?: Partial<BreakerLimits>;
  /** Operations that may be under way at once; one that hangs keeps its place until it settles. @defaultValue 256 */
  readonly bulkhead?: number;
  /** Hears of every failure that {@link StoreHealth.failures} counts: not of what an open breaker turned away. */
  readonly onFailure?: (error: StoreTimeoutError | StoreFailedError | StoreBusyError) => void;
}

/**
 * A deadline, a circuit breaker and a bulkhead in front of a store that may throw, reject, hang or answer late.
 *
 * The deadline is a timer of our own, because client libraries do not settle a command that is already written to a
 * connection that hangs. A late answer is dropped.
 */
export class Guard {
  readonly name: string;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #bulkhead: number;
  readonly #breaker: Breaker;
  readonly #onFailure: GuardOptions['onFailure'];
  #outstanding = 0;
  #failures = 0;
  #isClosed = false;

  /** @param name - the store's, for errors */
  constructor(name: string, options: GuardOptions) {
    this.name = name;
    this.#clock = options.clock;
    this.#deadlineMs = options.deadlineMs ?? 50;
    this.#bulkhead = options.bulkhead ?? 256;
    this.#breaker = new Breaker({ failures: 3, openMs: 500, maxOpenMs: 5_000, ...options.breaker });
    this.#onFailure = options.onFailure;
  }

  health(): StoreHealth {
    return {
      state: this.#breaker.isClosed ? 'up' : 'down',
      outstanding: this.#outstanding,
      failures: this.#failures,
    };
  }

  /**
   * Asks the store something.
   *
   * Where the process itself stood still, while a large page was rendered say, the deadline has passed for all that is under
   * way, and the answers lie in the sockets: they are read before the store is called late.
   *
   * @param read - makes of the answer what is needed; what it throws counts as the store's failure
   * @returns rejects with a {@link StoreError} and nothing else, within the deadline
   */
  run<T>(operation: StoreOperation, ask: () => unknown, read: (answer: unknown) => T): Promise<T> {
    const refusal = this.#refusal(operation);
    if (refusal !== undefined) return Promise.reject(refusal);
    const pass = this.#breaker.enter();
    this.#outstanding++;
    const due = this.#clock.monotonic() + this.#deadlineMs;
    return new Promise((resolve, reject) => {
      let isLate = false;
      let isSettled = false;
      const fail = (error: StoreTimeoutError | StoreFailedError): void => {
        this.#breaker.fail(pass, this.#clock.monotonic());
        reject(error);
        if (!this.#isClosed) this.#report(error);
      };
      const expire = (): void => {
        if (isSettled) return;
        isLate = true;
        fail(new StoreTimeoutError(this.name, operation, this.#deadlineMs));
      };
      const timer = this.#clock.after(this.#deadlineMs, () => {
        if (this.#clock.monotonic() - due > STILL_MS) setImmediate(expire);
        else expire();
      });
      const settle = (): boolean => {
        isSettled = true;
        this.#outstanding--;
        timer.cancel();
        return !isLate;
      };
      // Attached whatever happens, so that a rejection after the deadline is nobody's unhandled rejection.
      call(ask)
        .then(read)
        .then(
          (answer) => {
            if (!settle()) return this.#breaker.stir();
            this.#breaker.succeed(pass);
            resolve(answer);
          },
          (cause: unknown) => {
            if (settle()) fail(new StoreFailedError(this.name, operation, cause));
          },
        );
    });
  }

  /** Counts and reports what went wrong while nothing was asked. It says nothing of the operations to come. */
  tell(operation: StoreOperation, cause: unknown): void {
    if (!this.#isClosed) this.#report(new StoreFailedError(this.name, operation, cause));
  }

  /**
   * Closes the store. Waits one deadline at most, whatever state it is in; what goes on after that is its own affair, and
   * what it cuts off is no failure of the store's.
   */
  close(close: () => unknown): Promise<void> {
    this.#isClosed = true;
    return new Promise((resolve) => {
      const timer = this.#clock.after(this.#deadlineMs, () => {
        this.#report(new StoreTimeoutError(this.name, 'close', this.#deadlineMs));
        resolve();
      });
      const finish = (): void => {
        timer.cancel();
        resolve();
      };
      call(close).then(finish, (cause: unknown) => {
        this.#report(new StoreFailedError(this.name, 'close', cause));
        finish();
      });
    });
  }

  #refusal(operation: StoreOperation): StoreError | undefined {
    const isFull = this.#outstanding >= this.#bulkhead;
    // A probe needs a place too: until something settles, the store is as closed as before.
    const isAdmitted = this.#breaker.admits(this.#clock.monotonic()) && (this.#breaker.isClosed || !isFull);
    if (!isAdmitted) return new StoreOpenError(this.name, operation);
    if (this.#isClosed) return new StoreOpenError(this.name, operation);
    if (!isFull) return undefined;
    const busy = new StoreBusyError(this.name, operation, this.#outstanding);
    this.#report(busy);
    return busy;
  }

  #report(error: StoreTimeoutError | StoreFailedError | StoreBusyError): void {
    this.#failures++;
    try {
      this.#onFailure?.(error);
    } catch {
      // A listener that throws must not become the failure of a request.
    }
  }
}

/** Calls a driver so that a throw before its first `await` is a rejection like any other. */
async function call(ask: () => unknown): Promise<unknown> {
  return ask();
}
