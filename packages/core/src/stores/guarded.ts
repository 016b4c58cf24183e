import {
  StoreBusyError,
  type StoreError,
  StoreFailedError,
  StoreOpenError,
  type StoreOperation,
  StoreTimeoutError,
} from '../base/store-errors.js';
import type { Clock } from '../ports/clock.js';
import type { Store } from '../ports/store.js';
import type { StoreHealth } from '../ports/tagged-store.js';
import { Breaker, type BreakerLimits } from './breaker.js';

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
 * A {@link Store} that always settles within its deadline.
 *
 * `getMany`, `set` and `deleteMany` reject with a {@link StoreError} and nothing else; `close` does not reject.
 */
export interface GuardedStore extends Store {
  health(): StoreHealth;
}

/**
 * Puts a deadline, a circuit breaker and a bulkhead in front of a store that may throw, reject, hang or answer late.
 *
 * The deadline is a timer of our own, because client libraries do not settle a command that is already written to a
 * connection that hangs. A late answer is dropped. Answers are checked: a driver that hands out something else than
 * bytes yields a miss, one that answers with no list at all has failed.
 */
export function guarded(store: Store, options: GuardOptions): GuardedStore {
  return new Guard(store, options);
}

class Guard implements GuardedStore {
  readonly name: string;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #bulkhead: number;
  readonly #breaker: Breaker;
  readonly #onFailure: GuardOptions['onFailure'];
  #outstanding = 0;
  #failures = 0;

  constructor(store: Store, options: GuardOptions) {
    this.name = store.name;
    this.#store = store;
    this.#clock = options.clock;
    this.#deadlineMs = options.deadlineMs ?? 50;
    this.#bulkhead = options.bulkhead ?? 256;
    this.#breaker = new Breaker({ failures: 3, openMs: 500, maxOpenMs: 5_000, ...options.breaker });
    this.#onFailure = options.onFailure;
  }

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#run(
      'getMany',
      () => this.#store.getMany(keys),
      (answer) => readValues(answer, keys.length),
    );
  }

  set(key: string, value: Uint8Array, ttlMs: number): Promise<boolean> {
    return this.#run(
      'set',
      () => this.#store.set(key, value, ttlMs),
      (answer) => answer === true,
    );
  }

  deleteMany(keys: readonly string[]): Promise<void> {
    return this.#run(
      'deleteMany',
      () => this.#store.deleteMany(keys),
      () => undefined,
    );
  }

  /** Waits one deadline at most, whatever state the store is in; what goes on after that is its own affair. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(this.#deadlineMs, () => {
        this.#report(new StoreTimeoutError(this.name, 'close', this.#deadlineMs));
        resolve();
      });
      const finish = (): void => {
        timer.cancel();
        resolve();
      };
      call(() => this.#store.close()).then(finish, (cause: unknown) => {
        this.#report(new StoreFailedError(this.name, 'close', cause));
        finish();
      });
    });
  }

  health(): StoreHealth {
    return {
      state: this.#breaker.isClosed ? 'up' : 'down',
      outstanding: this.#outstanding,
      failures: this.#failures,
    };
  }

  #run<T>(operation: StoreOperation, ask: () => unknown, read: (answer: unknown) => T): Promise<T> {
    const refusal = this.#refusal(operation);
    if (refusal !== undefined) return Promise.reject(refusal);
    const pass = this.#breaker.enter();
    this.#outstanding++;
    return new Promise((resolve, reject) => {
      let isLate = false;
      const fail = (error: StoreTimeoutError | StoreFailedError): void => {
        this.#breaker.fail(pass, this.#clock.monotonic());
        reject(error);
        this.#report(error);
      };
      const timer = this.#clock.after(this.#deadlineMs, () => {
        isLate = true;
        fail(new StoreTimeoutError(this.name, operation, this.#deadlineMs));
      });
      const settle = (): boolean => {
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

  #refusal(operation: StoreOperation): StoreError | undefined {
    const isFull = this.#outstanding >= this.#bulkhead;
    // A probe needs a place too: until something settles, the store is as closed as before.
    const isAdmitted = this.#breaker.admits(this.#clock.monotonic()) && (this.#breaker.isClosed || !isFull);
    if (!isAdmitted) return new StoreOpenError(this.name, operation);
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

function readValues(answer: unknown, length: number): (Uint8Array | undefined)[] {
  if (!Array.isArray(answer) || answer.length !== length) {
    throw new TypeError(`expected a list of ${length} values, not ${Array.isArray(answer) ? answer.length : answer}`);
  }
  return answer.map((value: unknown) => (value instanceof Uint8Array ? value : undefined));
}
