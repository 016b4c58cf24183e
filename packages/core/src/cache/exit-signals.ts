const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
type Signal = (typeof SIGNALS)[number];

/** What is to be done before the process ends by a signal: settles within a bounded time, told whether it will end by it. */
type Flush = (isEnd: boolean) => Promise<unknown>;

/** What copies of this package share. A version that needs more puts it beside: this one must stay what it is. */
interface Registry {
  beforeExit(flush: Flush): () => void;
}

/** What is being done for a signal. */
interface Run {
  /** The process ends when it is done. */
  readonly isEnd: boolean;
}

/** Listens for the signals of a process, for all copies of this package in it. */
class ExitSignals implements Registry {
  readonly #flushes = new Set<Flush>();
  readonly #listeners = new Map<Signal, () => void>();
  readonly #runs = new Map<Signal, Run>();

  beforeExit(flush: Flush): () => void {
    this.#flushes.add(flush);
    for (const signal of SIGNALS) this.#listen(signal);
    return () => {
      this.#flushes.delete(flush);
      for (const signal of SIGNALS) this.#leaveIfIdle(signal);
    };
  }

  #listen(signal: Signal): void {
    if (this.#listeners.has(signal)) return;
    const listener = (): void => {
      const run = this.#runs.get(signal);
      const isEnd = this.#isAlone(signal);
      // An app that has listened, and is done, sends it once more to end by it.
      if (run === undefined || (isEnd && !run.isEnd)) void this.#flush(signal, isEnd);
      else if (isEnd) this.#end(signal);
    };
    this.#listeners.set(signal, listener);
    // Before those who listen once, who are not to be seen any more when they have heard it.
    process.prependListener(signal, listener);
  }

  /** Keeps listening meanwhile: there are libraries that end the process as soon as nobody but them listens. */
  async #flush(signal: Signal, isEnd: boolean): Promise<void> {
    const run = { isEnd };
    this.#runs.set(signal, run);
    await Promise.allSettled([...this.#flushes].map(async (flush) => flush(isEnd)));
    // The same signal once more has ended it, or goes on with it.
    if (this.#runs.get(signal) !== run) return;
    this.#runs.delete(signal);
    // Whoever else listens, or has listened once, decides what becomes of the process. Where it goes on, another may come.
    if (isEnd && this.#isAlone(signal)) this.#end(signal);
    else this.#leaveIfIdle(signal);
  }

  #isAlone(signal: Signal): boolean {
    const own = this.#listeners.get(signal);
    return process.listeners(signal).filter((listener) => listener !== own).length <= deferring();
  }

  #end(signal: Signal): void {
    this.#runs.delete(signal);
    this.#leave(signal);
    process.kill(process.pid, signal);
  }

  #leaveIfIdle(signal: Signal): void {
    if (this.#flushes.size === 0 && !this.#runs.has(signal)) this.#leave(signal);
  }

  #leave(signal: Signal): void {
    const listener = this.#listeners.get(signal);
    if (listener !== undefined) process.off(signal, listener);
    this.#listeners.delete(signal);
  }
}

const signalExit = Symbol.for('signal-exit emitter');

/**
 * How many of those who listen only wait for the end: those of signal-exit (4 and 3), which proper-lockfile, execa and others
 * load. They leave the process to whoever else listens, and end it where there is nobody; counted as it counts them itself.
 */
function deferring(): number {
  const { [signalExit]: four } = globalThis as { [signalExit]?: { readonly count?: unknown } };
  const { __signal_exit_emitter__: three } = process as { __signal_exit_emitter__?: { readonly count?: unknown } };
  return [four?.count, three?.count].reduce<number>((sum, count) => (typeof count === 'number' ? sum + count : sum), 0);
}

// Two copies of the package in one process end it together, or one would while the other still saves.
const slot = Symbol.for('viewcache.exit-signals');
const shared = globalThis as { [slot]?: Partial<Registry> };
shared[slot] ??= new ExitSignals();
const found = shared[slot];
// One that another version has left there, of another shape, is of no use here.
const registry: Registry = typeof found.beforeExit === 'function' ? (found as Registry) : new ExitSignals();

/**
 * Has something done when the process is told to end, before it does. Who has a handler of his own for the signal says himself
 * when it ends, and has it saved still where he sends the signal once more; else that ends it at once.
 *
 * @param flush - settles within a bounded time; told whether nobody else listens, so that the process will end
 * @returns takes it back
 */
export function beforeExit(flush: Flush): () => void {
  return registry.beforeExit(flush);
}
