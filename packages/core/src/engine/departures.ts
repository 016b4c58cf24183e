import type { Forward } from '../ports/event-sink.js';
import type { EngineParts } from './engine-parts.js';
import { type Failure, isUntouched } from './failure.js';
import type { Flight, Visitor, Waiter } from './flight.js';
import { apart, Flights } from './flights.js';
import type { Keyed } from './keyed.js';
import { Lead, type LeadOwner } from './lead.js';
import type { LocalItem } from './local-item.js';
import type { LocalLevel } from './local-level.js';
import { tagNames } from './make-stored.js';
import type { Selection } from './selection.js';
import type { SharedExchange } from './shared-exchange.js';
import type { Miss } from './shared-reads.js';
import { UnderWay } from './under-way.js';

/** Who hears of what the leaders of flights made, and of visitors that a flight was not for. */
export interface FlightOwner extends LeadOwner {
  /** The flight turned out to be about a target with variants: this visitor of it looks for its own. */
  again(visitor: Visitor, flight: Flight): void;
}

/** Starts flights, and sees those who waited in one to their answer or into the next (PROTOCOL 4.4). */
export class Departures {
  readonly flights: Flights;
  readonly underWay: UnderWay = new UnderWay();
  readonly #owner: FlightOwner;
  readonly #parts: EngineParts;
  readonly #local: LocalLevel;
  readonly #shared: SharedExchange | undefined;
  readonly #selection: Selection;

  constructor(
    owner: FlightOwner,
    parts: EngineParts,
    local: LocalLevel,
    shared: SharedExchange | undefined,
    selection: Selection,
  ) {
    this.#owner = owner;
    this.#parts = parts;
    this.#local = local;
    this.#shared = shared;
    this.#selection = selection;
    const { waitersPerKey, collapseTimeoutMs } = parts.limits;
    const letGo = (late: readonly Waiter[]): void => this.eachAlone(late);
    this.flights = new Flights(selection, parts.clock, parts.sink, waitersPerKey, collapseTimeoutMs, letGo);
  }

  /** Starts a flight: the token is taken here, before anything is read on its behalf. */
  start(flight: Flight, leader: Visitor): void {
    this.#begin(flight, leader);
    if (this.#shared === undefined) this.#lead(flight, leader, this.#missIn(flight, leader));
    else {
      leader.asks?.();
      if (flight.waiters.length > 0) leader.hurry?.();
      void this.underWay.during(this.#consult(this.#shared, flight, leader));
    }
  }

  #begin(flight: Flight, leader: Visitor): void {
    const { tags, clock } = this.#parts;
    flight.token = tags.clock;
    flight.startedAt = clock.monotonic();
    flight.leader = leader;
  }

  /** Where nobody else can be asked. */
  #missIn({ text }: Flight, { key }: Visitor): Miss {
    return { kind: 'miss', token: undefined, stale: this.#local.findStale(key, text) };
  }

  /** Lets a visitor run its own handler; what it answers may be stored, but nobody waits for it. */
  alone(visitor: Visitor, fwd: Forward): void {
    if (visitor.isGone) return;
    const { tags, clock, sink } = this.#parts;
    const { key } = visitor;
    sink.miss(key.text, fwd);
    const text = this.#selection.textOf(key, visitor.policyNames, visitor.fields);
    const stale = this.#local.findStale(key, text);
    const terms = {
      token: tags.clock,
      sharedToken: undefined,
      startedAt: clock.monotonic(),
      fwd,
      flight: undefined,
      stale,
    };
    this.underWay.begin();
    visitor.lead(new Lead(this.#owner, visitor, terms));
  }

  /** Each of these runs its own handler. */
  eachAlone(waiters: readonly Waiter[]): void {
    for (const { visitor } of waiters) apart(this.#parts.sink, visitor, () => this.alone(visitor, 'miss'));
  }

  /** Nothing will come of a flight, for anybody: those who wait run their own handlers. */
  disperse(flight: Flight): void {
    this.flights.close(flight);
    this.eachAlone(flight.takeWaiters());
  }

  /** Nothing comes of a flight this time: those who wait get one more. */
  moveOn(flight: Flight): void {
    this.flights.close(flight);
    this.#regroup(flight.takeWaiters());
  }

  /** SETTLE of PROTOCOL 4.4: in one step, whoever may not take the result moves on together. */
  settle(flight: Flight, item: LocalItem, mayTake: (waiter: Waiter) => boolean): void {
    this.flights.close(flight);
    this.flights.release(flight, item, mayTake);
    if (item.stored.lifetimeMs > 0) this.#regroup(flight.takeWaiters());
    else this.eachAlone(flight.takeWaiters());
  }

  /** {@link settle} for those who may share the read that found the item. */
  settleByRead(flight: Flight, item: LocalItem): void {
    this.settle(flight, item, (waiter) => this.#mayShareRead(waiter, flight, item));
  }

  /** Answers those who may share the read that found the item; the others wait on. */
  shareRead(flight: Flight, item: LocalItem): void {
    this.flights.release(flight, item, (waiter) => this.#mayShareRead(waiter, flight, item));
  }

  /** Nothing was made, and whoever may share what was read hears why; the others move on together. */
  tell(flight: Flight, failure: Failure): void {
    this.flights.close(flight);
    const waiters = flight.takeWaiters();
    const isGood = isUntouched(failure, this.#parts.tags);
    const mayBeTold = ({ isEarly, joinedAt }: Waiter): boolean =>
      isEarly || (isGood && this.#parts.trust.allowsLag(joinedAt - failure.startedAt));
    this.eachAlone(waiters.filter(({ visitor }) => visitor.fail === undefined));
    const [told, others]: [Waiter[], Waiter[]] = [[], []];
    for (const waiter of waiters)
      if (waiter.visitor.fail !== undefined) (mayBeTold(waiter) ? told : others).push(waiter);
    for (const { visitor } of told) apart(this.#parts.sink, visitor, () => visitor.fail?.(failure));
    this.#regroup(others);
  }

  #mayShareRead(waiter: Waiter, flight: Flight, item: LocalItem): boolean {
    if (waiter.isEarly) return true;
    const { trust, tags } = this.#parts;
    // What went into it may have been validated earlier than it was begun.
    const since = Math.min(flight.startedAt, item.verifiedAt);
    return trust.allowsLag(waiter.joinedAt - since) && tags.admits(tagNames(item.stored), flight.token);
  }

  /** Holds as little as it can, as {@link start} does: they are on the stack while the handler runs, which may call others. */
  #lead(flight: Flight, leader: Visitor, miss: Miss): void {
    const lead = this.#leadOf(flight, leader, miss);
    try {
      leader.lead(lead);
    } catch (error) {
      // Its own request hears of it; those who wait, or would, must not.
      lead.withdraw();
      throw error;
    }
  }

  #leadOf(flight: Flight, leader: Visitor, miss: Miss): Lead {
    const { key } = leader;
    const { token: sharedToken, stale, turn, isElsewhere } = miss;
    const fwd = flight.asked ?? this.#forward(key, flight.text);
    if (leader.isRefresh === true) this.#parts.sink.emit({ type: 'refresh', key: key.text });
    else this.#parts.sink.miss(key.text, fwd);
    const { token, startedAt, lookupMs } = flight;
    this.underWay.begin();
    const lead = new Lead(this.#owner, leader, {
      token,
      sharedToken,
      startedAt,
      fwd,
      flight: flight.isApart ? undefined : flight,
      stale,
      turn,
      isElsewhere,
      lookupMs,
    });
    flight.run = lead.run;
    return lead;
  }

  #forward(key: Keyed, text: string): Forward {
    if (this.#local.peek(text) !== undefined) return 'stale';
    return text === key.text ? 'uri-miss' : 'vary-miss';
  }

  /** Asks the shared store on behalf of a flight, and acts on what it said. */
  async #consult(shared: SharedExchange, flight: Flight, leader: Visitor): Promise<void> {
    const said = await shared.ask(flight, leader);
    const tookMs = this.#parts.clock.monotonic() - flight.startedAt;
    flight.lookupMs = said.kind === 'miss' && said.token !== undefined ? tookMs : 0;
    if (said.kind === 'item') this.#parts.sink.lookedUp(said.item.stored.route, tookMs);
    // Nobody awaits this: what a visitor throws must not end the process.
    apart(this.#parts.sink, leader, () => {
      if (said.kind === 'item') {
        this.#found(flight, leader, said.item);
      } else if (said.kind === 'variants') {
        this.#redirect(flight, leader);
      } else if (leader.isGone) {
        said.turn?.end('unused');
        this.moveOn(flight);
      } else if (said.isElsewhere === true && leader.isRefresh === true && said.stale !== undefined) {
        leader.answer(said.stale.item, 'hit');
        this.moveOn(flight);
      } else {
        this.#lead(flight, leader, said);
      }
    });
  }

  #redirect(flight: Flight, leader: Visitor): void {
    this.flights.close(flight);
    const visitors = [leader, ...flight.takeWaiters().map((waiter) => waiter.visitor)];
    for (const visitor of visitors)
      if (!visitor.isGone) apart(this.#parts.sink, visitor, () => this.#owner.again(visitor, flight));
  }

  /** A stored response answers the leader, and those who may share the read that found it (W-rule (a) and (c)). */
  #found(flight: Flight, leader: Visitor, item: LocalItem): void {
    // A leader whom it would not do asks for a new one, and must not wait for himself.
    this.flights.close(flight);
    if (!leader.isGone) apart(this.#parts.sink, leader, () => leader.answer(item, 'hit'));
    this.settleByRead(flight, item);
  }

  /**
   * Moves waiters into one next flight per variant, as having joined before it started. Who had joined this one so has
   * waited for two and runs alone.
   */
  #regroup(waiters: readonly Waiter[]): void {
    if (waiters.length === 0) return;
    this.eachAlone(waiters.filter(({ isEarly }) => isEarly));
    const others = waiters.filter(({ visitor, isEarly }) => !isEarly && !visitor.isGone);
    const groups = this.#selection.byVariant(others.map(({ visitor }) => visitor));
    for (const [text, visitors] of groups) this.#fly(text, visitors);
  }

  #fly(text: string, visitors: readonly Visitor[]): void {
    const [leader, ...others] = visitors;
    if (leader === undefined) return;
    const item = this.#local.find(leader.key, text);
    if (item === undefined) {
      apart(this.#parts.sink, leader, () => this.start(this.flights.next(text, others), leader));
      return;
    }
    for (const visitor of visitors) apart(this.#parts.sink, visitor, () => visitor.answer(item, 'hit'));
  }
}
