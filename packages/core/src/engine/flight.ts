import type { Clock, Timer } from '../ports/clock.js';
import type { Forward } from '../ports/event-sink.js';
import type { Failure } from './failure.js';
import type { Keyed } from './keyed.js';
// biome-ignore lint/suspicious/noImportCycles: a visitor leads, and a lead is a visitor's: two halves of one handshake.
import type { Lead } from './lead.js';
import type { LocalItem, StaleItem } from './local-item.js';
import type { RequestFields } from './variants.js';

/** How a stored response came to answer: found in a store, or by waiting for another visitor's handler. */
export type Answer = 'hit' | 'collapsed';

/** One request that needs an answer: from a stored response, or by running its own handler. */
export interface Visitor {
  readonly key: Keyed;
  readonly fields: RequestFields;
  /** Selecting headers that the policy itself names. */
  readonly policyNames: readonly string[];
  /** The client has gone: nothing is owed to it. */
  readonly isGone: boolean;
  /** It has its answer already, and only runs its handler to make what is stored new: no request of its own to count. */
  readonly isRefresh?: boolean;
  /** The same in front of its answer: what is held here would not do, though it is fresh. */
  readonly renews?: boolean;
  /** Whether it can be answered from what is stale, and asks for nothing newer. */
  takesStale?(found: StaleItem): boolean;
  /** Takes a stored response for its answer. */
  answer(item: LocalItem, how: Answer): void;
  /** Runs its own handler; what that answers is offered to the lead. */
  lead(lead: Lead): void;
  /** What it waited for has failed. One that cannot be told so runs its own handler. */
  fail?(failure: Failure): void;
  /** Is about to wait in a flight; false where it would wait for itself, and has gone on by itself instead. */
  joins?(flight: Flight): boolean;
  /** A shared store is asked on its behalf: it hears of it by {@link answer} or {@link lead}. */
  asks?(): void;
  /** Somebody waits for this leader: it must not be held up by a client that does not read. */
  hurry?(): void;
  /** Runs what others do on its behalf in its own asynchronous context. One without does so by itself, as far as it has to. */
  within?(work: () => void): void;
}

/** A visitor who waits for somebody else's answer. */
export interface Waiter {
  readonly visitor: Visitor;
  /** Monotonic time at which it joined. */
  readonly joinedAt: number;
  /**
   * It joined before the flight started, so whatever is read is read after its own start (W-rule (a)). It comes from a
   * flight before this one, and does not wait for a third.
   */
  readonly isEarly: boolean;
}

/**
 * One run of a handler, or one question to a shared store, and those who wait for it (PROTOCOL 4.4).
 */
export class Flight {
  /** The local clock when the flight started: its fill token. */
  token = 0;
  /** Monotonic time before its first read was sent. */
  startedAt = 0;
  /** See {@link Lead.lookupMs}. */
  lookupMs = 0;
  leader: Visitor | undefined;
  /** See {@link Lead.run}; 0 until its leader's handler runs. */
  run = 0;
  /** A run that began later has made what is stored by now: what comes of this one answers those who wait for it. */
  isOvertaken = false;
  /** It was asked about with others, so that what comes of it is stored with theirs. */
  isOneOfMany = false;
  waiters: Waiter[] = [];
  #timer: Timer | undefined;

  /**
   * @param text - the key of the variant, or of the target where nothing is known to select yet
   * @param isApart - nobody may join it: what its leader is answered with may be for nobody else
   * @param asked - why its leader's handler runs whatever is stored; absent where what is stored will do
   */
  constructor(
    readonly text: string,
    readonly isApart = false,
    readonly asked?: Forward,
  ) {}

  /** Lets visitors go when they have waited this long: `onTimeout` is called with those whose time is up. */
  watch(clock: Clock, timeoutMs: number, onTimeout: (late: Waiter[]) => void): void {
    const [first] = this.waiters;
    if (this.#timer !== undefined || first === undefined) return;
    this.#timer = clock.after(Math.max(0, first.joinedAt + timeoutMs - clock.monotonic()), () => {
      this.#timer = undefined;
      const due = clock.monotonic() - timeoutMs;
      const late = this.waiters.filter((waiter) => waiter.joinedAt <= due);
      this.waiters = this.waiters.filter((waiter) => waiter.joinedAt > due);
      onTimeout(late);
      this.watch(clock, timeoutMs, onTimeout);
    });
  }

  /** Whoever waits by now joined before the flight started, so whatever is read is read after its own start. */
  beginEarly(): void {
    this.waiters = this.waiters.map((waiter) => ({ ...waiter, isEarly: true }));
  }

  /** Forgets waiters whose client has gone; true when there were any. */
  dropGone(): boolean {
    const before = this.waiters.length;
    this.waiters = this.waiters.filter((waiter) => !waiter.visitor.isGone);
    return this.waiters.length < before;
  }

  /** Takes all waiters out; the flight has none from then on. */
  takeWaiters(): Waiter[] {
    this.#timer?.cancel();
    this.#timer = undefined;
    const taken = this.waiters;
    this.waiters = [];
    return taken;
  }
}
