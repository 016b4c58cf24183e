import type { Clock } from '../ports/clock.js';
import type { EventSink, Forward } from '../ports/event-sink.js';
import { Flight, type Visitor, type Waiter } from './flight.js';
import type { LocalItem } from './local-item.js';
import type { Selection } from './selection.js';

/** The flights that may still be joined, and those who wait in flights, joinable or not (PROTOCOL 4.4). */
export class Flights {
  /** By key text. */
  readonly #open = new Map<string, Flight>();
  readonly #selection: Selection;
  readonly #clock: Clock;
  readonly #sink: EventSink;
  readonly #waitersPerKey: number;
  readonly #timeoutMs: number;
  readonly #letGo: (late: readonly Waiter[]) => void;

  /** @param letGo - told of those who have waited for as long as anybody may, and wait no more */
  constructor(
    selection: Selection,
    clock: Clock,
    sink: EventSink,
    waitersPerKey: number,
    timeoutMs: number,
    letGo: (late: readonly Waiter[]) => void,
  ) {
    this.#selection = selection;
    this.#clock = clock;
    this.#sink = sink;
    this.#waitersPerKey = waitersPerKey;
    this.#timeoutMs = timeoutMs;
    this.#letGo = letGo;
  }

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /** The flight that a request may join. */
  find(text: string): Flight | undefined {
    return this.#open.get(text);
  }

  /**
   * A new flight, which may be joined: for a text without one.
   *
   * @param asked - why its leader's handler runs whatever is stored; absent where what is stored will do
   */
  open(text: string, asked?: Forward): Flight {
    const flight = new Flight(text, false, asked);
    this.#open.set(text, flight);
    return flight;
  }

  /** A new flight with those who wait for it from its very start. It may be joined, unless another of its text may. */
  next(text: string, early: readonly Visitor[]): Flight {
    const flight = this.#open.has(text) ? new Flight(text) : this.open(text);
    const joinedAt = this.#clock.monotonic();
    const waiting = early.filter((visitor) => visitor.joins?.(flight) !== false);
    flight.waiters = waiting.map((visitor) => ({ visitor, joinedAt, isEarly: true }));
    this.#watch(flight);
    return flight;
  }

  /** Lets a visitor wait in a flight; false when as many do already as may. */
  join(flight: Flight, visitor: Visitor): boolean {
    if (flight.waiters.length >= this.#waitersPerKey && !flight.dropGone()) return false;
    flight.waiters.push({ visitor, joinedAt: this.#clock.monotonic(), isEarly: false });
    flight.leader?.hurry?.();
    this.#watch(flight);
    return true;
  }

  /** From now on requests begin their own. */
  close(flight: Flight): void {
    if (this.#open.get(flight.text) === flight) this.#open.delete(flight.text);
  }

  /** Answers those waiters who may take the item and whom it was selected for; the others stay in the flight. */
  release(flight: Flight, item: LocalItem, mayTake: (waiter: Waiter) => boolean): void {
    const rest: Waiter[] = [];
    // What has to be validated before each use answers nobody but who asked for it (RFC 9111 §5.2.2.4).
    const isShared = item.stored.lifetimeMs > 0;
    for (const waiter of flight.takeWaiters()) {
      const { visitor } = waiter;
      if (visitor.isGone) continue;
      if (isShared && mayTake(waiter) && this.#selection.selects(visitor, item))
        apart(this.#sink, visitor, () => visitor.answer(item, 'collapsed'));
      else rest.push(waiter);
    }
    flight.waiters = rest;
    this.#watch(flight);
  }

  #watch(flight: Flight): void {
    if (flight.waiters.length === 0) return;
    flight.watch(this.#clock, this.#timeoutMs, (late) => {
      // A handler that takes this long may never end: whoever comes now begins anew.
      this.close(flight);
      for (const { visitor } of late) this.#sink.bypass(visitor.key.text, 'collapse-timeout');
      this.#letGo(late);
    });
  }
}

/**
 * Does something for one visitor in another's turn: what goes wrong with the one must not reach the other, and what runs for the
 * one must not take itself to run for the other.
 */
export function apart(sink: EventSink, visitor: Visitor, work: () => void): void {
  try {
    if (visitor.within === undefined) work();
    else visitor.within(work);
  } catch (error) {
    sink.emit({ type: 'warning', message: `a visitor could not be answered: ${error}` });
  }
}
