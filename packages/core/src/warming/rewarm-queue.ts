import type { Clock, Timer } from '../ports/clock.js';

/** After the last invalidation: a storm of writes is one. */
const QUIET_MS = 1_000;
/** After the first: a storm may have no end. */
const LATEST_MS = 10_000;
/** Tags that are remembered meanwhile. What is dropped by more is made new by visitors, as ever. */
const MOST_TAGS = 10_000;

const NOTHING: ReadonlySet<string> = new Set();

/** What a {@link RewarmQueue} stands on. */
export interface RewarmParts {
  readonly clock: Clock;
  /** Tags of which every invalidation is followed by a warming. */
  readonly always: readonly string[];
  /**
   * Asks again for what these tags have dropped. Never rejects.
   *
   * @returns after how many milliseconds to do it again, for what it has put off; `undefined` where that is nothing
   */
  rewarm(tags: ReadonlySet<string>): Promise<number | undefined>;
}

/** Remembers what was invalidated and is to be made new, until it has been quiet for a moment; one warming at a time. */
export class RewarmQueue {
  readonly #parts: RewarmParts;
  readonly #always: ReadonlySet<string>;
  #tags = new Set<string>();
  /** Tags of what was put off, which waits for its own time, or for more of them. */
  #putOff: ReadonlySet<string> = NOTHING;
  #later: Timer | undefined;
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
    this.#later?.cancel();
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    // What has come meanwhile is done when this one has ended.
    if (this.#isRunning || this.#tags.size === 0) return;
    this.#isRunning = true;
    const tags = new Set([...this.#tags, ...this.#putOff].slice(0, MOST_TAGS));
    this.#tags = new Set();
    this.#putOff = NOTHING;
    this.#later?.cancel();
    const againInMs = await this.#parts.rewarm(tags);
    this.#isRunning = false;
    if (this.#isClosed) return;
    if (againInMs !== undefined) {
      this.#putOff = tags;
      // Each is due at its own time, and to look for them is not for nothing.
      this.#later = this.#parts.clock.after(Math.max(againInMs, QUIET_MS), () => this.#resume());
    }
    if (this.#timer === undefined) await this.#run();
  }

  /** What was put off is due. */
  #resume(): void {
    if (this.#tags.size === 0) this.#firstAt = this.#parts.clock.monotonic();
    for (const tag of this.#putOff) this.#tags.add(tag);
    this.#putOff = NOTHING;
    if (this.#timer === undefined) void this.#run();
  }

  /** A row, and all that is said of a table together, is of the tag of the table. */
  #isAlways(tag: string): boolean {
    return this.#always.has(tag) || this.#always.has(tag.replace(/[#!].*$/s, ''));
  }
}
