import type { RetryQueue } from '../invalidation/retry-queue.js';
import type { TagTable } from '../invalidation/tag-table.js';
import type { Clock } from '../ports/clock.js';
import type { FrameCodec } from '../ports/codec.js';
import type { EventSink, Forward, Refusal } from '../ports/event-sink.js';
import type { LocalStore } from '../ports/local-store.js';
import type { StoredResponse, TagStamp } from '../ports/stored-response.js';
import type { CommitVerdict, SharedToken, TaggedStore } from '../ports/tagged-store.js';
import type { CacheKey } from './cache-key.js';
import { Flight, type Visitor, type Waiter } from './flight.js';
import { HitForMiss } from './hit-for-miss.js';
import { type Candidate, Lead, type LeadOwner } from './lead.js';
import { LocalItem } from './local-item.js';
import { type RequestFields, type VariantIndex, variantText } from './variants.js';

/** The bounds within which the engine works; all times in milliseconds. */
export interface EngineLimits {
  readonly waitersPerKey: number;
  readonly collapseTimeoutMs: number;
  readonly hitForMissMs: number;
  /** How long L1 is believed, counted from the sending of the read that validated it, where there is a shared store. */
  readonly l1MaxLagMs: number;
}

/** The level behind L1: a shared store, its frames, and the invalidations it has yet to hear of. */
export interface SharedLevel {
  readonly store: TaggedStore;
  readonly codec: FrameCodec;
  readonly unheard: RetryQueue;
}

/** What a shared store had to say to a flight. */
type Said =
  | { readonly kind: 'item'; readonly item: LocalItem }
  /** The target has variants, selected by fields that were not known here. */
  | { readonly kind: 'variants' }
  | { readonly kind: 'miss'; readonly token: SharedToken | undefined };

/** What the engine stands on; {@link createCache} is the one place that fills it in. */
export interface EngineParts {
  readonly local: LocalStore<LocalItem>;
  readonly tags: TagTable;
  readonly variants: VariantIndex;
  readonly shared: SharedLevel | undefined;
  readonly clock: Clock;
  readonly sink: EventSink;
  readonly limits: EngineLimits;
  /** `null:`: nothing is kept, though equal requests are still collapsed. */
  readonly storesNothing: boolean;
  /** Makes values that select the same variant the same text (RFC 9111 §4.1). */
  normalizeSelecting(name: string, value: string): string | undefined;
}

/**
 * Looks stored responses up, lets one visitor run the handler for a crowd, and stores what may be stored.
 *
 * Knows no framework and touches no socket: it hands out decisions, and a {@link Visitor} carries them out.
 */
export class Engine implements LeadOwner {
  readonly #parts: EngineParts;
  /** Flights that a request may still join, by key text. */
  readonly #open = new Map<string, Flight>();
  readonly #uncacheable: HitForMiss;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#uncacheable = new HitForMiss(parts.limits.hitForMissMs);
  }

  /**
   * The stored response that may answer now, without asking anybody (RFC 9111 §4): fresh, selected by the request's
   * fields, and with no tag invalidated. Synchronous, and all that a hit costs.
   */
  find(key: CacheKey, policyNames: readonly string[], fields: RequestFields): LocalItem | undefined {
    return this.#usable(key, this.#textOf(key, policyNames, fields));
  }

  /** Sees to it that a visitor without a hit is answered: by a shared store, by another visitor's handler, or by its own. */
  fetch(visitor: Visitor): void {
    const { clock, limits, sink } = this.#parts;
    const text = this.#textOf(visitor.key, visitor.policyNames, visitor.fields);
    if (this.#uncacheable.has(text, clock.monotonic())) {
      this.#alone(visitor, 'miss');
      return;
    }
    const open = this.#open.get(text);
    if (open === undefined) {
      const flight = new Flight(text);
      this.#open.set(text, flight);
      this.#start(flight, visitor);
    } else if (open.waiters.length >= limits.waitersPerKey && !open.dropGone()) {
      sink.bypass(visitor.key.text, 'waiters');
      this.#alone(visitor, 'miss');
    } else {
      open.waiters.push({ visitor, joinedAt: clock.monotonic(), isEarly: false });
      open.leader?.hurry?.();
      this.#watch(open);
    }
  }

  /** Runs one visitor's handler without anybody waiting for it: for requests that must not be collapsed. */
  fetchAlone(visitor: Visitor, fwd: Forward): void {
    this.#alone(visitor, fwd);
  }

  admits(lead: Lead, tags: readonly string[]): boolean {
    const { tags: table } = this.#parts;
    // Most often nothing was invalidated meanwhile, and the tags of the key need not be made.
    return lead.token === table.clock || (table.admits(tags, lead.token) && table.admits(lead.key.tags, lead.token));
  }

  complete(lead: Lead, candidate: Candidate): void {
    const { sink, variants, clock, shared } = this.#parts;
    const names = variants.learn(lead.key.text, variants.names(lead.key.text, mergeNames(lead, candidate)));
    const text = this.#variant(lead.key, names, lead.visitor.fields);
    this.#uncacheable.delete(text);
    const isValid = this.admits(lead, candidate.tags);
    const stamps = shared === undefined ? NO_STAMPS : unstamped([...lead.key.tags, ...candidate.tags]);
    const stored = makeStored(text, names, candidate, stamps, clock.now());
    if (!isValid) sink.refused(lead.key.text, candidate.route, 'invalidated');
    if (isValid && this.#isShareable(lead.sharedToken, stored)) {
      void this.#commit(lead, lead.sharedToken, stored);
      return;
    }
    const item = this.#item(stored, lead.key, lead.token, lead.startedAt, 0);
    if (isValid) this.#keep(item, shared === undefined ? candidate.tags : tagNames(stored));
    const { flight } = lead;
    // Where there is a shared store that was not asked, another process may have invalidated what this one does not know of.
    if (flight !== undefined && shared !== undefined)
      this.#settle(flight, item, (it) => this.#mayShareRead(it, flight, item));
    else if (flight !== undefined) this.#settle(flight, item, (waiter) => waiter.isEarly || isValid);
  }

  refuse(lead: Lead, reason: Refusal, route: string): void {
    const { sink, clock } = this.#parts;
    sink.refused(lead.key.text, route, reason);
    const flight = lead.flight;
    if (flight === undefined) return;
    this.#close(flight);
    if (reason === 'aborted') {
      // The handler may well succeed for somebody who stays: the others get one more flight.
      this.#regroup(flight.takeWaiters());
      return;
    }
    this.#uncacheable.add(flight.text, clock.monotonic());
    this.#eachAlone(flight.takeWaiters());
  }

  withdraw(lead: Lead): void {
    this.#parts.sink.withdrawn();
    const { flight } = lead;
    if (flight === undefined) return;
    this.#close(flight);
    this.#eachAlone(flight.takeWaiters());
  }

  #usable(key: CacheKey, text: string): LocalItem | undefined {
    const { local, tags, clock, shared, limits } = this.#parts;
    const item = local.get(text);
    if (item === undefined) return undefined;
    const now = clock.monotonic();
    if (now >= item.freshUntil) return undefined;
    if (item.checked !== tags.clock) {
      if (!this.#isUnchanged(item, key)) return undefined;
      item.checked = tags.clock;
    }
    if (shared !== undefined && now - item.verifiedAt > limits.l1MaxLagMs) return undefined;
    item.hasAnswered = true;
    return item;
  }

  /** No tag it carries was invalidated since it was read. */
  #isUnchanged(item: LocalItem, key: CacheKey): boolean {
    const { tags } = this.#parts;
    return (
      tags.validity(item.records, item.token) === 'valid' && tags.ownValidity(key, item.token, item.checked) === 'valid'
    );
  }

  #textOf(key: CacheKey, policyNames: readonly string[], fields: RequestFields): string {
    const { variants } = this.#parts;
    if (variants.size === 0 && policyNames.length === 0) return key.text;
    return this.#variant(key, variants.names(key.text, policyNames), fields);
  }

  #variant(key: CacheKey, names: readonly string[], fields: RequestFields): string {
    return variantText(key.text, names, fields, this.#parts.normalizeSelecting);
  }

  /** Starts a flight: the token is taken here, before anything is read on its behalf. */
  #start(flight: Flight, leader: Visitor): void {
    const { tags, clock, shared } = this.#parts;
    flight.token = tags.clock;
    flight.startedAt = clock.monotonic();
    flight.leader = leader;
    if (shared === undefined) this.#lead(flight, leader, undefined);
    else void this.#consult(shared, flight, leader);
  }

  #lead(flight: Flight, leader: Visitor, sharedToken: SharedToken | undefined): void {
    const fwd = this.#forward(leader.key, flight.text);
    this.#parts.sink.miss(leader.key.text, fwd);
    const lead = new Lead(this, leader.key, leader, flight.token, sharedToken, flight.startedAt, fwd, flight);
    try {
      leader.lead(lead);
    } catch (error) {
      // Its own request hears of it; those who wait, or would, must not.
      lead.withdraw();
      throw error;
    }
  }

  /** Lets a visitor run its own handler; what it answers may be stored, but nobody waits for it. */
  #alone(visitor: Visitor, fwd: Forward): void {
    if (visitor.isGone) return;
    const { tags, clock, sink } = this.#parts;
    sink.miss(visitor.key.text, fwd);
    visitor.lead(new Lead(this, visitor.key, visitor, tags.clock, undefined, clock.monotonic(), fwd, undefined));
  }

  #eachAlone(waiters: readonly Waiter[]): void {
    for (const { visitor } of waiters) this.#apart(() => this.#alone(visitor, 'miss'));
  }

  /** Does something for one visitor on another's behalf: what goes wrong with the one must not reach the other. */
  #apart(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#parts.sink.emit({ type: 'warning', message: `a visitor could not be answered: ${error}` });
    }
  }

  #forward(key: CacheKey, text: string): Forward {
    if (this.#parts.local.peek(text) !== undefined) return 'stale';
    return text === key.text ? 'uri-miss' : 'vary-miss';
  }

  /** Asks the shared store on behalf of a flight, and acts on what it said. */
  async #consult(shared: SharedLevel, flight: Flight, leader: Visitor): Promise<void> {
    const said = await this.#ask(shared, flight, leader.key).catch((error: Error): Said => {
      this.#parts.sink.emit({ type: 'store-error', store: shared.store.name, error });
      return { kind: 'miss', token: undefined };
    });
    // Nobody awaits this: what a visitor throws must not end the process.
    this.#apart(() => {
      if (said.kind === 'item') {
        this.#found(flight, leader, said.item);
      } else if (said.kind === 'variants') {
        this.#redirect(flight, leader);
      } else if (leader.isGone) {
        this.#close(flight);
        this.#regroup(flight.takeWaiters());
      } else {
        this.#lead(flight, leader, said.token);
      }
    });
  }

  /** PROTOCOL 4.3: first whether what L1 holds is still good, then for the response itself. */
  async #ask(shared: SharedLevel, flight: Flight, key: CacheKey): Promise<Said> {
    const { local, tags, clock } = this.#parts;
    const held = local.peek(flight.text);
    const isAskable = held !== undefined && isStamped(held.stored) && this.#isSound(held, key);
    if (isAskable && !shared.unheard.isPending(tagNames(held.stored))) {
      if ((await shared.store.check(held.stored.tags)) === 'valid' && this.#isSound(held, key)) {
        held.verifiedAt = flight.startedAt;
        return { kind: 'item', item: held };
      }
      // Taken again: the token and its time belong to the read that is sent now.
      flight.token = tags.clock;
      flight.startedAt = clock.monotonic();
    }
    const heard = shared.unheard.acknowledgements;
    const decode = (bytes: Uint8Array) => shared.codec.decode(bytes, flight.text);
    const { token, found } = await shared.store.begin(flight.text, decode);
    if (found?.kind === 'selecting') {
      return this.#learns(key, found.selecting) ? { kind: 'variants' } : { kind: 'miss', token };
    }
    if (found === undefined || found.validity !== 'valid') return { kind: 'miss', token };
    const item = this.#copy(shared, found.response, key, flight, heard);
    return item === undefined ? { kind: 'miss', token } : { kind: 'item', item };
  }

  /** Copies a response that the shared store holds valid into L1, unless this process knows better (PROTOCOL 4.5). */
  #copy(
    shared: SharedLevel,
    response: StoredResponse,
    key: CacheKey,
    flight: Flight,
    heard: number,
  ): LocalItem | undefined {
    const { tags, clock } = this.#parts;
    const names = tagNames(response);
    const ageMs = Math.max(0, clock.now() - response.storedAt);
    if (ageMs >= response.lifetimeMs) return undefined;
    if (!tags.admits(names, flight.token) || shared.unheard.isDoubtful(names, heard)) return undefined;
    const item = this.#item(response, key, flight.token, flight.startedAt, ageMs);
    this.#keep(item, names);
    return item;
  }

  #isSound(item: LocalItem, key: CacheKey): boolean {
    return this.#parts.clock.monotonic() < item.freshUntil && this.#isUnchanged(item, key);
  }

  /** True when the target's selecting headers were not all known here before. */
  #learns(key: CacheKey, selecting: readonly string[]): boolean {
    const { variants } = this.#parts;
    const before = variants.names(key.text, []).length;
    return variants.learn(key.text, selecting).length > before;
  }

  /** The flight turned out to be about a target with variants: each visitor looks for its own. */
  #redirect(flight: Flight, leader: Visitor): void {
    this.#close(flight);
    const visitors = [leader, ...flight.takeWaiters().map((waiter) => waiter.visitor)];
    for (const visitor of visitors) if (!visitor.isGone) this.#apart(() => this.fetch(visitor));
  }

  /** A stored response answers the leader, and those who may share the read that found it (W-rule (a) and (c)). */
  #found(flight: Flight, leader: Visitor, item: LocalItem): void {
    if (!leader.isGone) this.#apart(() => leader.answer(item, 'hit'));
    this.#settle(flight, item, (waiter) => this.#mayShareRead(waiter, flight, item));
  }

  #mayShareRead(waiter: Waiter, flight: Flight, item: LocalItem): boolean {
    if (waiter.isEarly) return true;
    const { limits, tags } = this.#parts;
    return waiter.joinedAt - flight.startedAt <= limits.l1MaxLagMs && tags.admits(tagNames(item.stored), flight.token);
  }

  #isShareable(token: SharedToken | undefined, stored: StoredResponse): token is SharedToken {
    const { shared } = this.#parts;
    return shared !== undefined && token !== undefined && !shared.unheard.isPending(tagNames(stored));
  }

  /** Commits to the shared store (PROTOCOL 4.8). The flight is sealed: later requests begin their own. */
  async #commit(lead: Lead, token: SharedToken, stored: StoredResponse): Promise<void> {
    const { shared, clock, sink, tags } = this.#parts;
    if (shared === undefined) return;
    const { flight } = lead;
    const names = tagNames(stored);
    const own = this.#item(stored, lead.key, lead.token, lead.startedAt, 0);
    if (flight !== undefined) {
      this.#close(flight);
      this.#release(flight, own, (waiter) => this.#mayShareRead(waiter, flight, own));
    }
    const sentAt = clock.monotonic();
    if (stored.selecting.length > 0) void this.#mark(shared, lead.key, stored);
    const verdict = await shared.store
      .commit({
        key: stored.key,
        token,
        tags: stored.tags,
        ttlMs: stored.lifetimeMs,
        encode: (tags) => shared.codec.encode({ ...stored, tags }),
      })
      .catch((error: Error): CommitVerdict => {
        sink.emit({ type: 'store-error', store: shared.store.name, error });
        return { kind: 'unavailable' };
      });
    if (verdict.kind === 'refused') sink.refused(lead.key.text, stored.route, 'invalidated');
    // What was invalidated meanwhile must not enter L1: the record of it may be gone by now, and then nothing would tell.
    else if (!tags.admits(names, lead.token)) sink.refused(lead.key.text, stored.route, 'invalidated');
    // The store is away: L1 alone may hold it, as long as it may lag anyway.
    else if (verdict.kind === 'unavailable') this.#keep(own, names);
    else this.#keep(this.#committed(stored, verdict.tags, lead, sentAt), names);
    const isStored = verdict.kind === 'stored';
    if (flight !== undefined) this.#settle(flight, own, (waiter) => isStored || waiter.isEarly);
  }

  #committed(stored: StoredResponse, tags: readonly TagStamp[], lead: Lead, sentAt: number): LocalItem {
    const ageMs = this.#parts.clock.monotonic() - sentAt;
    return this.#item({ ...stored, tags }, lead.key, lead.token, sentAt, ageMs);
  }

  async #mark(shared: SharedLevel, key: CacheKey, stored: StoredResponse): Promise<void> {
    const frame = shared.codec.encodeMarker(key.text, { selecting: stored.selecting });
    // Without the marker another process asks its own handler once: it costs a hit, and nobody needs to hear of it.
    await shared.store.mark(key.text, frame, stored.lifetimeMs).catch(() => false);
  }

  #item(stored: StoredResponse, key: CacheKey, token: number, verifiedAt: number, ageMs: number): LocalItem {
    const { clock, sink } = this.#parts;
    return new LocalItem(stored, key.text, token, verifiedAt, clock.monotonic() - ageMs, sink.route(stored.route));
  }

  /** Puts a response into L1. Its validity is compared at every use, so what was invalidated meanwhile does no harm. */
  #keep(item: LocalItem, tags: readonly string[]): void {
    const { local, variants, sink, clock, tags: table, storesNothing } = this.#parts;
    const { stored } = item;
    if (storesNothing) {
      sink.refused(item.target, stored.route, 'null-store');
      return;
    }
    item.records = tags.map((tag) => table.retain(tag));
    const { weight } = item;
    if (!local.set(stored.key, item, weight, item.freshUntil - clock.monotonic())) {
      table.release(item.records);
      item.records = [];
      // An older one of its key is gone, too.
      variants.forget(item.target, stored.key);
      sink.refused(item.target, stored.route, 'too-large');
      return;
    }
    if (stored.selecting.length > 0) this.#admit(item);
    sink.stored(stored.key, stored.route, weight, tags);
  }

  /** Counts a variant that is in L1 by now, and takes the one out that leaves for it. */
  #admit(item: LocalItem): void {
    const { local, variants, sink } = this.#parts;
    const leaves = variants.admit(item.target, item.stored.key, (text) => {
      const other = local.peek(text);
      if (other === undefined || !other.hasAnswered) return false;
      other.hasAnswered = false;
      return true;
    });
    if (leaves !== undefined && local.delete(leaves)) sink.emit({ type: 'removed', key: leaves, reason: 'variants' });
  }

  /** Answers those waiters who may take the item and whom it was selected for; the others stay in the flight. */
  #release(flight: Flight, item: LocalItem, mayTake: (waiter: Waiter) => boolean): void {
    const rest: Waiter[] = [];
    for (const waiter of flight.takeWaiters()) {
      const { visitor } = waiter;
      if (visitor.isGone) continue;
      if (mayTake(waiter) && this.#isSelected(item, visitor)) this.#apart(() => visitor.answer(item, 'collapsed'));
      else rest.push(waiter);
    }
    flight.waiters = rest;
    this.#watch(flight);
  }

  #isSelected(item: LocalItem, visitor: Visitor): boolean {
    return (
      item.stored.selecting.length === 0 ||
      this.#variant(visitor.key, item.stored.selecting, visitor.fields) === item.stored.key
    );
  }

  /** SETTLE of PROTOCOL 4.4: in one step, whoever may not take the result moves on together. */
  #settle(flight: Flight, item: LocalItem, mayTake: (waiter: Waiter) => boolean): void {
    this.#close(flight);
    this.#release(flight, item, mayTake);
    this.#regroup(flight.takeWaiters());
  }

  /**
   * Moves waiters into one next flight per variant, as having joined before it started. Who had joined this one so has
   * waited for two and runs alone.
   */
  #regroup(waiters: readonly Waiter[]): void {
    if (waiters.length === 0) return;
    const groups = new Map<string, Visitor[]>();
    for (const { visitor, isEarly } of waiters) {
      if (visitor.isGone) continue;
      if (isEarly) {
        this.#apart(() => this.#alone(visitor, 'miss'));
        continue;
      }
      const text = this.#textOf(visitor.key, visitor.policyNames, visitor.fields);
      const group = groups.get(text);
      if (group === undefined) groups.set(text, [visitor]);
      else group.push(visitor);
    }
    for (const [text, visitors] of groups) this.#apart(() => this.#fly(text, visitors));
  }

  #fly(text: string, visitors: readonly Visitor[]): void {
    const [leader, ...others] = visitors;
    if (leader === undefined) return;
    const item = this.#usable(leader.key, text);
    if (item !== undefined) {
      for (const visitor of visitors) this.#apart(() => visitor.answer(item, 'hit'));
      return;
    }
    const flight = new Flight(text);
    if (!this.#open.has(text)) this.#open.set(text, flight);
    const joinedAt = this.#parts.clock.monotonic();
    flight.waiters = others.map((visitor) => ({ visitor, joinedAt, isEarly: true }));
    this.#watch(flight);
    this.#start(flight, leader);
  }

  #watch(flight: Flight): void {
    const { clock, limits, sink } = this.#parts;
    flight.watch(clock, limits.collapseTimeoutMs, (late) => {
      // A handler that takes this long may never end: whoever comes now begins anew.
      this.#close(flight);
      for (const { visitor } of late) sink.bypass(visitor.key.text, 'collapse-timeout');
      this.#eachAlone(late);
    });
  }

  #close(flight: Flight): void {
    if (this.#open.get(flight.text) === flight) this.#open.delete(flight.text);
  }
}

function mergeNames(lead: Lead, candidate: Candidate): readonly string[] {
  const { policyNames } = lead.visitor;
  if (policyNames.length === 0) return candidate.selecting;
  return [...new Set([...policyNames, ...candidate.selecting])].sort();
}

/** Whether the shared store has ever seen it: without stamps there is nothing to compare. */
function isStamped(stored: StoredResponse): boolean {
  return stored.tags.every((tag) => tag.stamp !== '');
}

function tagNames(stored: StoredResponse): readonly string[] {
  return stored.tags.map((stamp) => stamp.tag);
}

function makeStored(
  key: string,
  selecting: readonly string[],
  candidate: Candidate,
  tags: readonly TagStamp[],
  storedAt: number,
): StoredResponse {
  const { status, headers, removes, body, lifetimeMs, etag, lastModified, route, producerMs, placeholders } = candidate;
  // Written out: a spread costs each miss as much as the rest of its way through here.
  return {
    key,
    status,
    headers,
    removes,
    body,
    selecting,
    tags,
    storedAt,
    lifetimeMs,
    etag,
    lastModified,
    route,
    producerMs,
    placeholders,
  };
}

/** Where memory is the only store nobody compares stamps: the records of the tags say all. */
const NO_STAMPS: readonly TagStamp[] = [];

function unstamped(tags: readonly string[]): readonly TagStamp[] {
  return tags.map((tag) => ({ tag, stamp: '' }));
}
