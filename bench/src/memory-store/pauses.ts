import { PerformanceObserver } from 'node:perf_hooks';

/** The longest turn of the event loop. */
export interface Pause {
  /** Milliseconds of CPU time, of all threads of the process: on a busy machine others have their share of the time on the wall. */
  cpuMs: number;
  /** Milliseconds on the wall. */
  wallMs: number;
  /** Milliseconds on the wall of the longest garbage collection. */
  collectionMs: number;
}

/** Watches for how long the event loop does not come round. */
export class Pauses {
  readonly #longest: Pause = { cpuMs: 0, wallMs: 0, collectionMs: 0 };
  #lastWall = performance.now();
  #lastCpu = process.cpuUsage();
  #isOver = false;
  readonly #observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries())
      this.#longest.collectionMs = Math.max(this.#longest.collectionMs, duration);
  });

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] });
    const look = (): void => {
      this.#look();
      if (!this.#isOver) setImmediate(look);
    };
    setImmediate(look);
  }

  stop(): Pause {
    this.#look();
    this.#isOver = true;
    this.#observer.disconnect();
    return this.#longest;
  }

  #look(): void {
    const now = performance.now();
    const { user, system } = process.cpuUsage(this.#lastCpu);
    this.#longest.cpuMs = Math.max(this.#longest.cpuMs, (user + system) / 1_000);
    this.#longest.wallMs = Math.max(this.#longest.wallMs, now - this.#lastWall);
    this.#lastWall = now;
    this.#lastCpu = process.cpuUsage();
  }
}
