import type { Forward, Refusal } from '../ports/event-sink.js';
import type { SharedToken } from '../ports/tagged-store.js';
import { Departures, type FlightOwner } from './departures.js';
import type { EngineParts } from './engine-parts.js';
import type { Failure } from './failure.js';
import { Flight, type Visitor } from './flight.js';
import type { Flights } from './flights.js';
import { HitForMiss } from './hit-for-miss.js';
import { ItemMaker, isVouchedFor } from './item-maker.js';
import type { Keyed } from './keyed.js';
import type { Candidate, Lead, Room, Tags } from './lead.js';
import type { LocalItem, StaleItem } from './local-item.js';
import { LocalLevel } from './local-level.js';
import { tagNames } from './make-stored.js';
import { Selection } from './selection.js';
import { SharedExchange } from './shared-exchange.js';
import { SharedReads } from './shared-reads.js';
import { SharedValues } from './shared-values.js';
import type { UnderWay } from './under-way.js';
import { ValueAccess } from './value-access.js';
import type { RequestFields } from './variants.js';

/** A flight that has not begun: {@link Engine.reserve}. */
export interface Reservation {
  /** Takes the token, and lets the visitor lead. */
  begin(): void;
  /** Somebody else may begin. */
  giveUp(): void;
}

/**
 * Looks stored responses up, lets one visitor run the handler for a crowd, and stores what may be stored.
 *
 * Knows no framework and touches no socket: it hands out decisions, and a {@link Visitor} carries them out.
 */
export class Engine implements FlightOwner {
  readonly #parts: EngineParts;
  readonly #local: LocalLevel;
  readonly #shared: SharedExchange | undefined;
  readonly #selection: Selection;
  readonly #departures: Departures;
  readonly #flights: Flights;
  readonly #underWay: UnderWay;
  readonly #uncacheable: HitForMiss;
  readonly #maker: ItemMaker;
  /** What values need beside a handler that is run for them. */
  readonly values: ValueAccess;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    const { tags, variants, shared, clock, sink, limits } = parts;
    this.#local = new LocalLevel(parts);
    const reads = shared && new SharedReads(shared, this.#local, tags, variants, clock);
    const sharing = shared && reads && { level: shared, reads, local: this.#local, tags, clock, sink };
    this.#shared = sharing && new SharedExchange(sharing, limits.collapseTimeoutMs);
    this.#selection = new Selection(variants, parts.normalizeSelecting);
    this.#departures = new Departures(this, parts, this.#local, this.#shared, this.#selection);
    this.#flights = this.#departures.flights;
    this.#underWay = this.#departures.underWay;
    this.#uncacheable = new HitForMiss(limits.hitForMissMs);
    this.#maker = new ItemMaker(this.#local, tags, clock, shared !== undefined);
    this.values = new ValueAccess(parts, this.#local, sharing && new SharedValues(sharing), reads);
  }

  /**
   * The stored response that may answer now, without asking anybody (RFC 9111 §4): fresh, selected by the request's
   * fields, and with no tag invalidated. Synchronous, and all that a hit costs.
   */
  find(key: Keyed, policyNames: readonly string[], fields: RequestFields): LocalItem | undefined {
    return this.#local.find(key, this.#selection.textOf(key, policyNames, fields));
  }

  /** What is stored for a request that {@link find} found nothing for, and may still be of some use. */
  findStale(key: Keyed, policyNames: readonly string[], fields: RequestFields): StaleItem | undefined {
    return this.#local.findStale(key, this.#selection.textOf(key, policyNames, fields));
  }

  /** The same of what a leader was shown, or of what is stored where nothing was: nothing of what was purged since. */
  stillStale(visitor: Visitor, shown: StaleItem | undefined): StaleItem | undefined {
    if (shown === undefined) return this.findStale(visitor.key, visitor.policyNames, visitor.fields);
    const validity = this.#parts.tags.validityOf([...shown.tags, ...visitor.key.tags], shown.item.token);
    if (validity === 'gone') return undefined;
    if (validity === 'valid') return shown;
    shown.item.isOutdated = true;
    return { ...shown, validity };
  }

  /** The key text of the variant that these fields select, as far as is known by now. */
  variantOf(key: Keyed, policyNames: readonly string[], fields: RequestFields): string {
    return this.#selection.textOf(key, policyNames, fields);
  }

  /** Sees to it that a visitor without a hit is answered: by a shared store, by another visitor's handler, or by its own. */
  fetch(visitor: Visitor): void {
    const flight = this.#departs(visitor);
    if (flight === 'alone') this.#departures.alone(visitor, 'miss');
    else if (flight !== undefined) this.#departures.start(flight, visitor);
  }

  /** The flight that a visitor is to lead; `undefined` where it waits in another's. */
  #departs(visitor: Visitor): Flight | 'alone' | undefined {
    const { clock, sink } = this.#parts;
    const text = this.#selection.textOf(visitor.key, visitor.policyNames, visitor.fields);
    if (this.#uncacheable.has(text, clock.monotonic())) {
      // What is validated at each use: by each for himself, and only if the shared store still has it valid.
      return this.#local.peek(text)?.stored.lifetimeMs === 0 ? new Flight(text, true) : 'alone';
    }
    const open = this.#flights.find(text);
    if (open === undefined) return this.#flights.open(text);
    if (visitor.joins?.(open) === false || this.#flights.join(open, visitor)) return undefined;
    sink.bypass(visitor.key.text, 'waiters');
    return 'alone';
  }

  /** Forgets what was learnt of keys: which are not to be stored, and which fields select. */
  forget(): void {
    this.#uncacheable.clear();
    this.#parts.variants.clear();
  }

  /** {@link fetch} for a visitor whom what is stored would not do, though what others make now does. */
  fetchNew(visitor: Visitor, fwd: Forward): void {
    const text = this.#selection.textOf(visitor.key, visitor.policyNames, visitor.fields);
    const open = this.#flights.find(text);
    if (open === undefined) this.#departures.start(this.#flights.open(text, fwd), visitor);
    else if (visitor.joins?.(open) !== false && !this.#flights.join(open, visitor))
      this.#departures.alone(visitor, fwd);
  }

  /** {@link fetch} for a visitor whose answer may be for nobody else: it is asked for, and stored if it may be, on its own. */
  fetchApart(visitor: Visitor): void {
    const text = this.#selection.textOf(visitor.key, visitor.policyNames, visitor.fields);
    this.#departures.start(new Flight(text, true), visitor);
  }

  /**
   * Keeps the next flight of a key for a visitor who will lead it when it has been answered from what is stored.
   *
   * Others who need the handler may join from now on. The token is taken when the flight begins.
   *
   * @returns `undefined` where one is under way already
   */
  reserve(visitor: Visitor): Reservation | undefined {
    const text = this.#selection.textOf(visitor.key, visitor.policyNames, visitor.fields);
    if (this.#flights.find(text) !== undefined) return undefined;
    const flight = this.#flights.open(text);
    return {
      begin: () => {
        flight.beginEarly();
        this.#departures.start(flight, visitor);
      },
      giveUp: () => this.#departures.moveOn(flight),
    };
  }

  /**
   * Runs one visitor's handler without anybody waiting for it, whatever is stored: for requests that want a new answer.
   * The shared store is asked for a token all the same, so that what they get may be stored there.
   */
  fetchAlone(visitor: Visitor, fwd: Forward): void {
    if (visitor.isGone) return;
    const text = this.#selection.textOf(visitor.key, visitor.policyNames, visitor.fields);
    this.#departures.start(new Flight(text, true, fwd), visitor);
  }

  again(visitor: Visitor, { asked, isApart }: Flight): void {
    if (asked !== undefined) this.fetchAlone(visitor, asked);
    else if (isApart) this.fetchApart(visitor);
    else this.fetch(visitor);
  }

  /** Nothing is made, asked for or committed, and nobody has it in mind for when a visitor has his answer. */
  get isIdle(): boolean {
    return this.#underWay.isNothing && this.#flights.isEmpty;
  }

  get isShared(): boolean {
    return this.#shared !== undefined;
  }

  /** `null:` or `off:`. */
  get storesNothing(): boolean {
    return this.#parts.storesNothing;
  }

  admits(lead: Lead, tags: Tags): boolean {
    return this.#maker.admits(lead, tags);
  }

  isOvertaken(lead: Lead): boolean {
    const { key, policyNames, fields } = lead.visitor;
    return this.#isBehind(lead, this.#selection.textOf(key, policyNames, fields));
  }

  #isBehind({ flight, run }: Lead, text: string): boolean {
    return flight?.isOvertaken === true || (this.#local.peek(text)?.run ?? 0) > run;
  }

  makeRoom(lead: Lead, name: string, limit: number): Room {
    return this.#local.makeRoom(lead.key.text, name, this.#selection.part(name, lead.visitor.fields), limit);
  }

  complete(lead: Lead, candidate: Candidate, onTold?: () => void): void {
    const { sink, variants, clock } = this.#parts;
    const shared = this.#shared;
    if (lead.lookupMs > 0) sink.lookedUp(candidate.route, lead.lookupMs);
    const names = variants.learn(lead.key.text, variants.names(lead.key.text, mergeNames(lead, candidate)));
    const text = this.#selection.variant(lead.key, names, lead.visitor.fields);
    if (candidate.lifetimeMs > 0) this.#uncacheable.delete(text);
    else this.#uncacheable.add(text, clock.monotonic());
    const item = this.#maker.make(lead, candidate, text, names);
    const { stored, isOutdated } = item;
    const { sharedToken } = candidate.begun ?? lead;
    if (isOutdated) sink.refused(lead.key.text, candidate.route, 'invalidated');
    else if (this.#isBehind(lead, text)) sink.refused(lead.key.text, candidate.route, 'overtaken');
    else {
      this.#overtake(lead, text);
      if (shared?.takes(sharedToken, stored) && isVouchedFor(candidate)) {
        void this.#underWay.during(this.#commit(shared, lead, sharedToken, item).finally(onTold));
        this.#underWay.end();
        return;
      }
      this.#keep(item, shared === undefined ? item.declared : tagNames(stored));
    }
    this.#underWay.end();
    lead.turn?.end('open');
    this.#answerWaiters(lead, item);
    onTold?.();
  }

  /** Those that are under way since before this run are joined by nobody any more: they have read what is older. */
  #overtake({ run }: Lead, text: string): void {
    const open = this.#flights.find(text);
    if (open === undefined || open.run === 0 || open.run >= run) return;
    open.isOvertaken = true;
    this.#flights.close(open);
  }

  handOut(lead: Lead, candidate: Candidate, staysApart: boolean): void {
    this.#underWay.end();
    lead.turn?.end('open');
    const { flight } = lead;
    if (flight === undefined) return;
    if (flight.waiters.length === 0) {
      // To make something of it for nobody costs the more the more it was made of.
      this.#departures.disperse(flight);
      return;
    }
    // Nobody keeps it, and so its lifetime is nobody's business.
    const lasting = { ...candidate, lifetimeMs: Number.POSITIVE_INFINITY };
    const item = this.#maker.make(lead, lasting, lead.key.text, []);
    item.staysApart = staysApart;
    this.#answerWaiters(lead, item);
  }

  fail(lead: Lead, failure: Failure): void {
    this.#underWay.end();
    lead.turn?.end('unused');
    if (lead.flight !== undefined) this.#departures.tell(lead.flight, failure);
  }

  refuse(lead: Lead, reason: Refusal, route: string, detail?: string): void {
    this.#underWay.end();
    const { sink, clock } = this.#parts;
    sink.refused(lead.key.text, route, reason, detail);
    if (lead.lookupMs > 0) sink.lookedUp(route, lead.lookupMs);
    // The handler may well succeed for somebody who stays.
    const isForNobody = reason !== 'aborted' && reason !== 'key-changed';
    lead.turn?.end(isForNobody ? 'open' : 'unused');
    const flight = lead.flight;
    if (flight === undefined) return;
    if (!isForNobody) {
      this.#departures.moveOn(flight);
      return;
    }
    this.#uncacheable.add(flight.text, clock.monotonic());
    this.#departures.disperse(flight);
  }

  withdraw(lead: Lead): void {
    this.#underWay.end();
    if (lead.visitor.isRefresh !== true) this.#parts.sink.withdrawn(lead.fwd);
    lead.turn?.end('unused');
    if (lead.flight !== undefined) this.#departures.disperse(lead.flight);
  }

  handOver(lead: Lead): void {
    this.#underWay.end();
    lead.turn?.end('unused');
    if (lead.flight !== undefined) this.#departures.moveOn(lead.flight);
  }

  share(lead: Lead, item: LocalItem): void {
    const { flight } = lead;
    if (flight !== undefined) this.#departures.shareRead(flight, item);
  }

  /** Answers those who wait with what no shared store vouches for. */
  #answerWaiters(lead: Lead, item: LocalItem): void {
    const { flight } = lead;
    if (flight === undefined) return;
    const { trust } = this.#parts;
    const isInTime = (joinedAt: number): boolean => !item.isOutdated && trust.allowsLag(joinedAt - flight.startedAt);
    // Where there is a shared store that was not asked, another process may have invalidated what this one does not know of.
    if (this.#shared !== undefined) this.#departures.settleByRead(flight, item);
    else this.#departures.settle(flight, item, (waiter) => waiter.isEarly || isInTime(waiter.joinedAt));
  }

  /** Commits to the shared store (PROTOCOL 4.8). The flight is sealed: later requests begin their own. */
  async #commit(shared: SharedExchange, lead: Lead, token: SharedToken, item: LocalItem): Promise<void> {
    const { flight } = lead;
    if (flight !== undefined) {
      this.#flights.close(flight);
      this.#departures.shareRead(flight, item);
    }
    const stored = await shared.commit(lead, token, item);
    lead.turn?.end(stored === undefined ? 'open' : 'stored');
    if (flight !== undefined)
      this.#departures.settle(flight, stored ?? item, (waiter) => stored !== undefined || waiter.isEarly);
  }

  #keep(item: LocalItem, tags: readonly string[]): void {
    const { sink, storesNothing } = this.#parts;
    if (storesNothing) sink.refused(item.target, item.stored.route, 'null-store');
    else this.#local.keep(item, tags);
  }
}

function mergeNames(lead: Lead, candidate: Candidate): readonly string[] {
  const { policyNames } = lead.visitor;
  if (policyNames.length === 0) return candidate.selecting;
  return [...new Set([...policyNames, ...candidate.selecting])].sort();
}
