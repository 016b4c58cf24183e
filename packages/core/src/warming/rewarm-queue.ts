import type { Clock, Timer } from '../ports/clock.js';

/** After the last invalidation: a storm of writes is one. */
const QUIET_MS = 1_000;
/** After the first: a storm may have no end. */
const LATEST_MS = 10_000;
/** Tags that are remembered meanwhile. What is dropped by more is made new by visitors, as ever. */
const MOST_TAGS = 10_000;

/** What a {@link RewarmQueue} stands on. */
export interface RewarmParts {
  readonly clock: Clock;
  /** Tags of which every invalidation is followed by a warming. */
  readonly always: readonly string[];
  /** Asks again for what these tags have dropped. Never rejects. */
  rewarm(tags: ReadonlySet<string>): Promise<void>;
}

/** Remembers what was invalidated and is to be made new, until it has been quiet for a moment; one warming at a time. */
export class RewarmQueue {
  readonly #parts: RewarmParts;
  readonly #always: ReadonlySet<string>;
  #tags = new Set<string>();
  #firstAt = 0;
  #timer: Timer | undefined;
  #isRunning = false;
  #isClosed = false;

  constructor(parts: RewarmParts) {
    this.#parts = parts;
    this.#always = new Set(parts.always);
  }

  /** @param isAsked - all of them are meant, and not only those that always are */
  invalidated(tags: readonly string[], isAsked: boolean): void {
    if (this.#isClosed || (!isAsked && this.#always.size === 0)) return;
    const meant = isAsked ? tags : tags.filter((tag) => this.#isAlways(tag));
    if (meant.length === 0) return;
    const { clock } = this.#parts;
    const now = clock.monotonic();
    if (this.#tags.size === 0) this.#firstAt = now;
    for (const tag of meant) if (this.#tags.size < MOST_TAGS) this.#tags.add(tag);
    this.#timer?.cancel();
    const waitMs = Math.min(QUIET_MS, this.#firstAt + LATEST_MS - now);
    this.#timer = clock.after(waitMs, () => void this.#run());
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    // What has come meanwhile is done when this one has ended.
    if (this.#isRunning || this.#tags.size === 0) return;
    this.#isRunning = true;
    const tags = this.#tags;
    this.#tags = new Set();
    await this.#parts.rewarm(tags);
    this.#isRunning = false;
    if (!this.#isClosed && this.#timer === undefined) await this.#run();
  }

  /** A row, and all that is said of a table together, is of the tag of the table. */
  #isAlways(tag: string): boolean {
    return this.#always.has(tag) || this.#always.has(tag.replace(/[#!].*$/s, ''));
  }
}
