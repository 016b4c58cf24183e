import { AsyncResource } from 'node:async_hooks';
import { answerOf } from '../base/answer.js';
import { ValueTimeoutError } from '../base/value-errors.js';
import type { Failure } from '../engine/failure.js';
import type { Answer, Flight, Visitor } from '../engine/flight.js';
import type { Keyed } from '../engine/keyed.js';
import type { Lead } from '../engine/lead.js';
import type { LocalItem, StaleItem } from '../engine/local-item.js';
import type { StaleUses } from '../engine/stale-uses.js';
import type { ViewContext } from '../engine/view-context.js';
import { currentView } from '../engine/view-storage.js';
import { beginWait, isAwaitedBy } from '../engine/waits.js';
import { type Alone, type ApartRun, runApart } from './apart-run.js';
import { holdsForAll, knownTags, tellOuterOfNothing } from './call.js';
import { copyOf } from './copies.js';
import { deliver, NOTHING_FOUND } from './delivery.js';
import { type Leader, LedRun } from './led-run.js';
import { Patience } from './patience.js';
import type { Producer } from './producer.js';
import { runProducer } from './run-producer.js';
import { type ValueParts, valueIn } from './value-parts.js';
import type { ValuePolicy } from './value-policy.js';

/** Hears what becomes of a call, before {@link Caller.ask} returns where nobody has to wait. */
export interface Outcome {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** He cannot be told later. */
  readonly isNow?: boolean;
}

const NO_FIELDS = { get: (): undefined => undefined };
const NO_NAMES: readonly string[] = [];
const NOBODY: Outcome = { resolve() {}, reject() {} };

/** One call that asks for a value: to the engine a visitor, whose handler is a producer. */
export class Caller implements Visitor, Leader, Alone {
  readonly fields = NO_FIELDS;
  readonly policyNames = NO_NAMES;
  readonly isGone = false;
  isSettled = false;
  /** It has asked for a new one in spite of what it was told is stored. */
  #hasInsisted = false;
  readonly #askedAt: number;
  #lead: Lead | undefined;
  readonly #patience: Patience;
  /** The run of its producer, where it leads. */
  #run: LedRun | undefined;
  /** The run that is for it alone. */
  #apart: ApartRun | undefined;
  /** What it waits in. */
  #flight: Flight | undefined;
  /** Its asynchronous context, once it waits for somebody else or for a time: whatever runs for it from then on is called by others. */
  #scope: AsyncResource | undefined;
  #stopWaiting: () => void = () => {};
  #isAsking = false;
  /** Lets go of the process, which it keeps while a store is asked. */
  #release: () => void = () => {};
  #endRefresh: () => void = () => {};

  constructor(
    readonly key: Keyed,
    readonly producer: Producer,
    readonly uses: StaleUses<ValuePolicy>,
    readonly parts: ValueParts,
    readonly outcome: Outcome,
    /** The cached view or value that calls. */
    readonly outer: ViewContext | undefined = currentView(),
    readonly isRefresh = false,
    readonly hearer = outer?.hearer,
  ) {
    this.#askedAt = parts.clock.monotonic();
    this.#patience = new Patience(parts.clock, parts.keep);
  }

  get isNow(): boolean {
    return this.outcome.isNow === true;
  }

  /** The run that makes what it waits for. */
  get maker(): ViewContext | undefined {
    if (this.#lead !== undefined) return this.#run?.context;
    const leader = this.#flight?.leader;
    return leader instanceof Caller ? leader.#run?.context : undefined;
  }

  /** Finds the value, waits for somebody who makes it, or makes it. */
  ask(): void {
    if (this.parts.isOff) {
      this.#runApart('off');
      return;
    }
    // Whoever would wait for himself makes it, and stores nothing of it.
    if (this.outer?.isMaking(this.parts.tags, this.key.text) === true) {
      this.#runApart('recursion');
      return;
    }
    const { isForced } = this.uses.policy;
    if (!isForced && this.#isToldNow()) return;
    this.#beginToWait();
    if (isForced) this.parts.engine.fetchAlone(this, 'request');
    else this.parts.engine.fetch(this);
  }

  /** True where nobody has to be waited for. Apart, to be off the stack when a producer runs. */
  #isToldNow(): boolean {
    const { engine, clock, errors } = this.parts;
    const kept = errors.find(this.key);
    if (kept !== undefined) {
      this.fail(kept);
      return true;
    }
    const found = engine.find(this.key, NO_NAMES, NO_FIELDS);
    if (found !== undefined) {
      this.answer(found, 'hit');
      return true;
    }
    const stale = engine.findStale(this.key, NO_NAMES, NO_FIELDS);
    const usable = this.uses.whileRevalidating(stale, clock.monotonic());
    if (usable !== undefined && this.#answerWith(usable, 'hit')) {
      this.#refresh();
      return true;
    }
    return false;
  }

  #beginToWait(): void {
    if (this.outer !== undefined) this.#stopWaiting = beginWait(this.outer, this);
    this.#growImpatient();
  }

  joins(flight: Flight): boolean {
    this.#flight = flight;
    if (this.outer === undefined || this.isRefresh || !isAwaitedBy(this.outer, this.maker)) {
      this.keepScope();
      return true;
    }
    this.#flight = undefined;
    this.#runApart('recursion');
    return false;
  }

  keepScope(): void {
    this.#scope ??= new AsyncResource('viewcache.caller');
  }

  within(work: () => void): void {
    if (this.#scope === undefined) work();
    else this.#scope.runInAsyncScope(work);
  }

  asks(): void {
    this.#isAsking = true;
    if (!this.isRefresh && !this.isSettled) this.keepProcess();
  }

  hurry(): void {
    if (this.#isAsking) this.keepProcess();
  }

  keepProcess(): void {
    this.#release();
    this.#release = this.parts.keep();
  }

  releaseProcess(): void {
    this.#release();
  }

  #isTold(): void {
    this.#isAsking = false;
    this.#release();
  }

  answer(item: LocalItem, how: Answer): void {
    this.#isTold();
    if (this.isSettled) return;
    if (this.isRefresh) {
      this.#findNew(item);
      return;
    }
    this.parts.errors.outlive(this.key, item.generatedAt);
    const held = valueIn(this.parts, item);
    // What cannot be read is not there; and what its user does not want is made anew by one for all.
    if (held === undefined) this.parts.engine.fetchNew(this, 'uri-miss');
    else if (this.#isUnwanted(item, how)) this.parts.engine.fetchNew(this, 'stale');
    else if (!this.#answerWith(item, how)) this.parts.engine.fetchNew(this, 'uri-miss');
    else if (how === 'hit' && this.uses.isDue(item, this.parts.clock.monotonic())) this.#refresh();
  }

  /** Behind an answer: another process has made it new already, unless that ends soon, too. */
  #findNew(item: LocalItem): void {
    const { engine, clock } = this.parts;
    const isOld = valueIn(this.parts, item) === undefined || this.uses.isDue(item, clock.monotonic());
    if (isOld && !this.#hasInsisted) {
      this.#hasInsisted = true;
      engine.fetchNew(this, 'stale');
    } else this.#settles();
  }

  lead(lead: Lead): void {
    this.#isTold();
    this.#lead = lead;
    if (this.#needsNoRun(lead)) return;
    const run = new LedRun(this, lead);
    this.#run = run;
    runProducer(run.context, this, run.begin(), run);
  }

  /** True where it has given the lead back, being answered with what is stored. */
  #needsNoRun(lead: Lead): boolean {
    const now = this.parts.clock.monotonic();
    const behind =
      this.isSettled || this.isRefresh || this.uses.policy.isForced
        ? undefined
        : this.uses.whileRevalidating(lead.stale, now);
    const isResting = !this.isRefresh && this.uses.backOff.isResting(this.key.text, now);
    if (behind !== undefined && this.#answerWith(behind, 'hit')) {
      const { sink } = this.parts;
      // It was counted as a miss, and is none.
      sink.withdrawn(lead.fwd);
      lead.share(behind);
      if (lead.isElsewhere || isResting || !this.uses.hasRoom) {
        lead.handOver();
        return true;
      }
      sink.emit({ type: 'refresh', key: this.key.text });
      this.#endRefresh = this.uses.begin();
    } else if (isResting && this.answerInstead('error')) {
      lead.withdraw();
      return true;
    }
    return false;
  }

  /** What failed at another time than this call has begun is as old as that. */
  fail({ error, token, startedAt, tags, nested, inputs, refusal }: Failure): void {
    if (this.answerInstead('error')) return;
    const parts = [
      ...tags.map((tag) => ({ tag, token, stamp: '' })),
      ...nested.map((part) => ({ tag: part.tag, token: Math.min(token, part.token), stamp: '' })),
    ];
    this.outer?.absorb(this.parts.tags, parts, startedAt);
    if (holdsForAll(refusal)) this.outer?.refuse(refusal);
    if (inputs !== undefined) this.outer?.readBy(inputs, this.key.text);
    this.reject(error);
  }

  takesStale(found: StaleItem): boolean {
    return this.uses.whileRevalidating(found, this.parts.clock.monotonic()) !== undefined;
  }

  #isUnwanted(item: LocalItem, how: Answer): boolean {
    const { isStale, route, copying } = this.uses.policy;
    // What was made since it was asked for is as new as it gets.
    if (isStale === undefined || (how === 'collapsed' && item.generatedAt >= this.#askedAt)) return false;
    const held = valueIn(this.parts, item);
    const warn = (why: string): void => this.parts.warn(`isStale of ${route} ${why}, the producer ran`);
    return held !== undefined && answerOf(() => isStale(copyOf(held, copying)), warn) !== false;
  }

  #answerWith(item: LocalItem, how: Answer): boolean {
    const held = valueIn(this.parts, item);
    if (held === undefined) return false;
    const { copying } = this.uses.policy;
    if (this.isSettled) return true;
    let value: unknown;
    try {
      value = deliver(this.parts, this.key, item, held, how, this.outer, copying);
    } catch (error) {
      this.reject(error);
      return true;
    }
    if (value === NOTHING_FOUND) return false;
    this.resolve(value);
    return true;
  }

  /** Answers with what is stored where making it fails, is too slow, or is not tried. */
  answerInstead(reason: 'error' | 'timeout'): boolean {
    if (this.isSettled) return true;
    if (this.parts.isOff) return false;
    const { engine, clock, sink } = this.parts;
    const found = engine.stillStale(this, this.#lead?.stale);
    const item = this.uses.onError(found, clock.monotonic());
    if (item === undefined) return false;
    // Who wants a new one whatever is stored is told that there is none, unless older ones may stand in for it.
    const { ifErrorMs = 0, whileRevalidateMs = 0 } = item.stored.stale ?? {};
    if (this.uses.policy.isForced && ifErrorMs === 0 && (reason === 'error' || whileRevalidateMs === 0)) return false;
    if (!this.#answerWith(item, 'hit')) return false;
    if (!this.isRefresh) sink.emit({ type: 'stale', key: this.key.text, route: item.stored.route, reason });
    return true;
  }

  /** Makes what is stored new, when the caller has his answer. */
  #refresh(): void {
    const { engine, clock } = this.parts;
    if (!this.uses.hasRoom || this.uses.backOff.isResting(this.key.text, clock.monotonic())) return;
    const behind = new Caller(this.key, this.producer, this.uses, this.parts, NOBODY, undefined, true, this.hearer);
    const reservation = engine.reserve(behind);
    if (reservation === undefined) return;
    behind.#endRefresh = this.uses.begin();
    reservation.begin();
  }

  /** Counts how long the caller waits, for its own producer or for somebody else's. */
  #growImpatient(): void {
    const { softTimeoutMs, hardTimeoutMs, route } = this.uses.policy;
    if (softTimeoutMs !== undefined) this.#after(softTimeoutMs, () => this.#runOut());
    if (hardTimeoutMs === undefined) return;
    const giveUp = (): void => {
      if (this.#runOut()) return;
      this.#tellOuterOfTimeout();
      const timeout = new ValueTimeoutError(this.key.text, route, hardTimeoutMs);
      this.reject(timeout);
      this.#apart?.told.giveUp(timeout);
      this.#run?.giveUpLater();
    };
    this.#after(hardTimeoutMs, giveUp);
  }

  /** What is made of nothing having come goes by all that was said and used until now by whoever was to make it. */
  #tellOuterOfTimeout(): void {
    const context = this.#apart?.context ?? this.maker;
    if (context === undefined) this.outer?.dependOnNow(this.parts.tags, knownTags(this));
    else {
      if (context.worker !== undefined) context.takeOver(context.worker);
      tellOuterOfNothing(this, context);
      const { inputs } = context;
      if (inputs !== undefined) this.outer?.readBy(inputs, this.key.text);
    }
  }

  #after(ms: number, tell: () => void): void {
    this.keepScope();
    this.#patience.after(ms, () => this.within(tell));
  }

  /** The producer goes on, and what it makes is stored. */
  #runOut(): boolean {
    if (this.isSettled) return true;
    if (!this.answerInstead('timeout')) return false;
    const { route, softTimeoutMs = 0 } = this.uses.policy;
    this.#apart?.told.giveUp(new ValueTimeoutError(this.key.text, route, softTimeoutMs));
    this.#run?.giveUpLater();
    return true;
  }

  #runApart(why: 'recursion' | 'off'): void {
    this.parts.sink.bypass(this.key.text, why);
    this.#patience.end();
    this.#growImpatient();
    this.#apart = runApart(this);
  }

  hasEnded(): void {
    this.#endRefresh();
  }

  resolve(value: unknown): void {
    if (this.#settles()) this.outcome.resolve(value);
  }

  reject(error: unknown): void {
    if (this.#settles()) this.outcome.reject(error);
  }

  /** True the first time: then it has its answer. */
  #settles(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.#patience.end();
    this.#stopWaiting();
    if (this.#lead === undefined) this.#endRefresh();
    return true;
  }
}
