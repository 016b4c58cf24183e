import type { Clock, Timer } from '../ports/clock.js';
import { countNamed } from './named.js';
import { ALL_TAG } from './tags.js';

type Mode = 'soft' | 'hard';
type Send = (tags: readonly string[], mode: Mode, holdMs: number) => Promise<boolean>;

/** Invalidations that wait for the shared store, and those it has just heard of: by tag, so that repeating one costs nothing. */
const LIMIT = 10_000;
/** … and the characters of each of the two: the tag of a URL is as long as its client likes. */
const CHARACTER_LIMIT = 4_000_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;
const NOTHING: readonly boolean[] = [];

interface Pending {
  readonly mode: Mode;
  readonly since: number;
  readonly holdMs: number;
  /** Its first sending has not been answered yet. */
  isUnderWay: boolean;
}

/**
 * Keeps the invalidations that the shared store has not acknowledged, and sends them again until it has.
 *
 * PROTOCOL 4.6, steps 2 to 5. While a tag is pending, what carries it is neither served nor copied from the shared
 * store by this process. Bounded: past the limit everything is pending, which costs hits and nothing else.
 */
export class RetryQueue {
  readonly #pending = new Map<string, Pending>();
  /** The number of the acknowledgement by tag, the latest last. */
  readonly #heard = new Map<string, number>();
  #pendingCharacters = 0;
  #heardCharacters = 0;
  /** Acknowledgements up to this one are no longer known by tag. */
  #forgotten = 0;
  #acknowledgements = 0;
  readonly #send: Send;
  readonly #clock: Clock;
  readonly #onDrained: (tags: number) => void;
  #timer: Timer | undefined;
  #delayMs = FIRST_DELAY_MS;
  /** Monotonic. */
  #triedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(send: Send, clock: Clock, onDrained: (tags: number) => void = () => {}) {
    this.#send = send;
    this.#clock = clock;
    this.#onDrained = onDrained;
  }

  /** How many tags and other targets wait, as they were named. */
  get size(): number {
    return countNamed(this.#pending.keys());
  }

  /** How many invalidations the store has acknowledged; taken before a read is sent, for {@link isDoubtful}. */
  get acknowledgements(): number {
    return this.#acknowledgements;
  }

  /**
   * Whether what the shared store said may be from before an invalidation of this process: one that it has not heard of,
   * or one that it heard of only after the read was sent, and perhaps after it had carried the read out.
   *
   * @param sentAt - {@link acknowledgements} before the read was sent
   */
  isDoubtful(tags: readonly string[], sentAt: number): boolean {
    if (this.isPending(tags) || sentAt < this.#forgotten) return true;
    return sentAt < this.#acknowledgements && tags.some((tag) => (this.#heard.get(tag) ?? 0) > sentAt);
  }

  /** Whether the shared store has yet to hear of an invalidation of any of these tags. */
  isPending(tags: readonly string[]): boolean {
    if (this.#pending.size === 0) return false;
    return this.#pending.has(ALL_TAG) || tags.some((tag) => this.#pending.has(tag));
  }

  /**
   * The same of what is not under way to it: what the store says is older than that, and stays so until it is told. Of what
   * is under way, the store itself says to whoever compares and writes there whether it came before.
   */
  isWaiting(tags: readonly string[]): boolean {
    if (this.#pending.size === 0) return false;
    return this.#pending.has(ALL_TAG) || tags.some((tag) => this.#pending.get(tag)?.isUnderWay === false);
  }

  /**
   * Sends an invalidation, pending from this call on.
   *
   * @param at - the local clock of the invalidation
   * @param holdMs - for how long data sources may still answer with what was there before
   * @returns true once the store has acknowledged it; false when it stays queued
   */
  async deliver(tags: readonly string[], mode: Mode, at: number, holdMs = 0): Promise<boolean> {
    // A purge that still waits must not be taken for delivered because a softer invalidation got through.
    const strongest = tags.some((tag) => this.#pending.get(tag)?.mode === 'hard') ? 'hard' : mode;
    const longest = this.#longestHold(tags, holdMs);
    for (const tag of tags) this.#add(tag, { mode: strongest, since: at, holdMs: longest, isUnderWay: true });
    if (await this.#attempt(tags, strongest, at, longest)) return true;
    this.#keepWaiting(tags, at);
    this.#arm();
    return false;
  }

  /**
   * Lets the store hear of invalidations by what carries them there, such as a value that is put in the place of another.
   * A purge that still waits goes before it: afterwards it would take away what was put.
   *
   * @param at - the local clock of the invalidations
   * @param send - says of each tag whether the store has answered; where it has not, it is told in words later
   */
  async deliverWith(tags: readonly string[], at: number, send: () => Promise<readonly boolean[]>): Promise<void> {
    const waiting = tags.filter((tag) => this.#pending.get(tag)?.mode === 'hard');
    this.announce(tags, 'soft', at);
    for (const tag of tags) this.#underWay(tag);
    if (waiting.length > 0 && !(await this.#attempt(waiting, 'hard', at, this.#longestHold(waiting, 0)))) {
      this.#keepWaiting(tags, at);
      this.#arm();
      return;
    }
    // Acknowledged, they are no longer pending; what is sent now is.
    if (waiting.length > 0) this.announce(waiting, 'soft', at);
    for (const tag of waiting) this.#underWay(tag);
    const answers = await send().catch(() => NOTHING);
    this.#acknowledge(
      tags.filter((_, i) => answers[i] === true),
      at,
    );
    this.#keepWaiting(tags, at);
    if (!tags.every((_, i) => answers[i] === true)) this.#arm();
  }

  /**
   * Has an invalidation pending that will be delivered later: until then the store is not believed about these tags.
   *
   * @param at - the local clock of the invalidation
   */
  announce(tags: readonly string[], mode: Mode, at: number): void {
    for (const tag of tags) {
      const waiting = this.#pending.get(tag);
      const strongest = waiting?.mode === 'hard' ? 'hard' : mode;
      this.#add(tag, { mode: strongest, since: at, holdMs: waiting?.holdMs ?? 0, isUnderWay: false });
    }
  }

  /** The store has answered something else: what waits for it need not wait any longer. */
  stir(): void {
    if (this.#timer === undefined || this.#clock.monotonic() - this.#triedAt < FIRST_DELAY_MS) return;
    this.#timer.cancel();
    this.#timer = undefined;
    void this.#retry();
  }

  /** Gives up what is still queued: the process is going away. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Nor must a source that lags be taken for one that does not. */
  #longestHold(tags: readonly string[], holdMs: number): number {
    let longest = holdMs;
    for (const tag of tags) longest = Math.max(longest, this.#pending.get(tag)?.holdMs ?? 0);
    return longest;
  }

  #add(tag: string, pending: Pending): void {
    if (!this.#pending.has(tag)) this.#pendingCharacters += tag.length;
    if ((this.#pending.size >= LIMIT && !this.#pending.has(tag)) || this.#pendingCharacters > CHARACTER_LIMIT) {
      this.#pending.clear();
      this.#pendingCharacters = ALL_TAG.length;
      this.#pending.set(ALL_TAG, { ...pending, mode: 'hard', isUnderWay: false });
      // Nobody's delivery stands for it: it goes out by itself, also when all that led to it got through.
      this.#arm();
      return;
    }
    this.#pending.set(tag, pending);
  }

  #underWay(tag: string): void {
    const pending = this.#pending.get(tag);
    if (pending !== undefined) pending.isUnderWay = true;
  }

  /** What was sent has come to nothing. */
  #keepWaiting(tags: readonly string[], at: number): void {
    for (const tag of tags) {
      const pending = this.#pending.get(tag);
      // A newer one has been sent since.
      if (pending !== undefined && pending.since <= at) pending.isUnderWay = false;
    }
  }

  async #attempt(tags: readonly string[], mode: Mode, at: number, holdMs: number): Promise<boolean> {
    // A rejection says what `false` says, that nobody knows: it must neither end the process nor stop the retries.
    if (!(await this.#send(tags, mode, holdMs).catch(() => false))) return false;
    this.#acknowledge(tags, at);
    return true;
  }

  #acknowledge(tags: readonly string[], at: number): void {
    this.#acknowledgements++;
    for (const tag of tags) {
      this.#remember(tag);
      // A newer invalidation of the tag may have been queued while this one was under way: that one stays.
      if ((this.#pending.get(tag)?.since ?? Number.POSITIVE_INFINITY) <= at) this.#settle(tag);
    }
  }

  #settle(tag: string): void {
    if (this.#pending.delete(tag)) this.#pendingCharacters -= tag.length;
  }

  #remember(tag: string): void {
    if (!this.#heard.delete(tag)) this.#heardCharacters += tag.length;
    this.#heard.set(tag, this.#acknowledgements);
    while (this.#heard.size > LIMIT || this.#heardCharacters > CHARACTER_LIMIT) {
      const [oldest] = this.#heard;
      if (oldest === undefined) return;
      this.#heard.delete(oldest[0]);
      this.#heardCharacters -= oldest[0].length;
      this.#forgotten = oldest[1];
    }
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = this.#clock.after(this.#delayMs, () => {
      this.#timer = undefined;
      void this.#retry();
    });
  }

  async #retry(): Promise<void> {
    this.#triedAt = this.#clock.monotonic();
    // All that waited has got through by other ways.
    if (this.#pending.size === 0) return;
    const queued = [...this.#pending.values()];
    const at = Math.max(0, ...queued.map(({ since }) => since));
    const holdMs = Math.max(0, ...queued.map((each) => each.holdMs));
    const soft = [...this.#pending].filter(([, { mode }]) => mode === 'soft').map(([tag]) => tag);
    const hard = [...this.#pending].filter(([, { mode }]) => mode === 'hard').map(([tag]) => tag);
    const sent = await Promise.all([
      soft.length === 0 || this.#attempt(soft, 'soft', at, holdMs),
      hard.length === 0 || this.#attempt(hard, 'hard', at, holdMs),
    ]);
    if (sent.every(Boolean)) this.#onDrained(countNamed([...soft, ...hard]));
    this.#delayMs = sent.every(Boolean) ? FIRST_DELAY_MS : Math.min(this.#delayMs * 2, LONGEST_DELAY_MS);
    if (this.#pending.size > 0) this.#arm();
  }
}
