import { answerOf, isThenable, textOf } from '../base/answer.js';
import { ValueTimeoutError } from '../base/value-errors.js';
import type { Answer, Flight, Visitor } from '../engine/flight.js';
import type { Keyed } from '../engine/keyed.js';
import type { Lead } from '../engine/lead.js';
import type { LocalItem, StaleItem } from '../engine/local-item.js';
import type { StaleUses } from '../engine/stale-uses.js';
import { currentView, runInView, ViewContext } from '../engine/view-context.js';
import { expandTag } from '../invalidation/tags.js';
import type { Timer } from '../ports/clock.js';
import type { Refusal } from '../ports/event-sink.js';
import { copyOf } from './copies.js';
import { deliver, NOTHING_FOUND } from './delivery.js';
import { type MadeValue, makeValue } from './make-value.js';
import { Patience } from './patience.js';
import { warnUnstorable } from './unstorable-warning.js';
import { type ValueParts, valueIn } from './value-parts.js';
import type { ValuePolicy } from './value-policy.js';

/** What a producer is told of its run. */
export interface ProducerRun {
  /** Nobody waits for this run: what is stored is made new behind an answer. */
  readonly isRefresh: boolean;
  /** What is stored and is not fresh any more, if anything: to ask a source only for what has changed since. */
  readonly stale: unknown;
}

/** Makes a value. */
export type Producer = (run: ProducerRun) => unknown;

/** Hears what becomes of a call, before {@link Caller.ask} returns where nobody has to wait. */
export interface Outcome {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What a producer returns that has found nothing to make: who waits for it goes on by himself. */
export const NOTHING_MADE: unique symbol = Symbol('nothing made');

const NO_FIELDS = { get: (): undefined => undefined };
const NO_NAMES: readonly string[] = [];
/** What is said of a value that holds for all that is made of it, too. */
const FOR_ALL: ReadonlySet<Refusal | undefined> = new Set<Refusal>([
  'view',
  'tag',
  'too-many-tags',
  'stale-part',
  'vary-star',
]);
const NOBODY: Outcome = { resolve() {}, reject() {} };

/** One call that asks for a value: to the engine a visitor, whose handler is a producer. */
export class Caller implements Visitor {
  readonly fields = NO_FIELDS;
  readonly policyNames = NO_NAMES;
  readonly isGone = false;
  #isSettled = false;
  /** It has asked for a new one in spite of what it was told is stored. */
  #hasInsisted = false;
  readonly #askedAt: number;
  #lead: Lead | undefined;
  readonly #timers: Timer[] = [];
  readonly #patience: Patience;
  /** The run of its producer. */
  #run: ViewContext | undefined;
  /** What it waits in. */
  #flight: Flight | undefined;
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
  ) {
    this.#askedAt = parts.clock.monotonic();
    this.#patience = new Patience(parts.clock, parts.keep);
  }

  /** The run that makes what it waits for. */
  get maker(): ViewContext | undefined {
    if (this.#lead !== undefined) return this.#run;
    const leader = this.#flight?.leader;
    return leader instanceof Caller ? leader.#run : undefined;
  }

  /** Finds the value, waits for somebody who makes it, or makes it. */
  ask(): void {
    const { engine, clock, errors } = this.parts;
    const { isForced } = this.uses.policy;
    if (this.parts.isOff) {
      this.#runApart('off');
      return;
    }
    // Whoever would wait for himself makes it, and stores nothing of it.
    if (this.outer?.isMaking(this.parts.tags, this.key.text) === true) {
      this.#runApart('recursion');
      return;
    }
    const kept = isForced ? undefined : errors.find(this.key);
    if (kept !== undefined) {
      this.#giveError(kept.error, kept.token, kept.tags);
      return;
    }
    if (isForced) {
      this.#beginToWait();
      engine.fetchAlone(this, 'request');
      return;
    }
    const found = engine.find(this.key, NO_NAMES, NO_FIELDS);
    if (found !== undefined) {
      this.answer(found, 'hit');
      return;
    }
    const stale = engine.findStale(this.key, NO_NAMES, NO_FIELDS);
    const usable = this.uses.whileRevalidating(stale, clock.monotonic());
    if (usable !== undefined && this.#answerWith(usable, 'hit')) {
      this.#refresh();
      return;
    }
    this.#beginToWait();
    engine.fetch(this);
  }

  #beginToWait(): void {
    if (this.outer !== undefined) this.#stopWaiting = this.outer.wait(this);
    this.#growImpatient();
  }

  joins(flight: Flight): boolean {
    this.#flight = flight;
    if (this.outer === undefined || this.isRefresh || !this.outer.isAwaitedBy(this.maker)) return true;
    this.#flight = undefined;
    this.#runApart('recursion');
    return false;
  }

  asks(): void {
    this.#isAsking = true;
    if (!this.isRefresh && !this.#isSettled) this.#keepProcess();
  }

  hurry(): void {
    if (this.#isAsking) this.#keepProcess();
  }

  #keepProcess(): void {
    this.#release();
    this.#release = this.parts.keep();
  }

  #isTold(): void {
    this.#isAsking = false;
    this.#release();
  }

  answer(item: LocalItem, how: Answer): void {
    this.#isTold();
    if (this.#isSettled) return;
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
    } else this.#settle(() => {});
  }

  lead(lead: Lead): void {
    this.#isTold();
    this.#lead = lead;
    const now = this.parts.clock.monotonic();
    const behind =
      this.#isSettled || this.isRefresh || this.uses.policy.isForced
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
        return;
      }
      sink.emit({ type: 'refresh', key: this.key.text });
      this.#endRefresh = this.uses.begin();
    } else if (isResting && this.#answerInstead('error')) {
      lead.withdraw();
      return;
    }
    this.#produce(lead);
  }

  fail(error: unknown, token: number): void {
    this.#giveError(error, token, this.#knownTags(undefined));
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

  /** What failed at another time than this call has begun is as old as that. */
  #giveError(error: unknown, token: number, tags: readonly string[]): void {
    if (this.#answerInstead('error')) return;
    this.outer?.absorb(
      this.parts.tags,
      tags.map((tag) => ({ tag, token, stamp: '' })),
    );
    this.#settle(() => this.outcome.reject(error));
  }

  /** What is known of a value's tags while there is no value. */
  #knownTags(context: ViewContext | undefined): readonly string[] {
    const { tags } = this.uses.policy;
    const named = [...(typeof tags === 'function' ? [] : tags), ...(context?.tags ?? [])];
    return [...this.key.tags, ...named.flatMap(expandTag)];
  }

  #answerWith(item: LocalItem, how: Answer): boolean {
    const held = valueIn(this.parts, item);
    if (held === undefined) return false;
    const { copying } = this.uses.policy;
    if (this.#isSettled) return true;
    let value: unknown;
    try {
      value = deliver(this.parts, this.key, item, held, how, this.outer, copying);
    } catch (error) {
      this.#settle(() => this.outcome.reject(error));
      return true;
    }
    if (value === NOTHING_FOUND) return false;
    this.#settle(() => this.outcome.resolve(value));
    return true;
  }

  /** Answers with what is stored where making it fails, is too slow, or is not tried. */
  #answerInstead(reason: 'error' | 'timeout'): boolean {
    if (this.#isSettled) return true;
    if (this.parts.isOff) return false;
    const { engine, clock, sink } = this.parts;
    const found = engine.stillStale(this, this.#lead?.stale);
    const item = this.uses.onError(found, clock.monotonic());
    if (item === undefined || !this.#answerWith(item, 'hit')) return false;
    if (!this.isRefresh) sink.emit({ type: 'stale', key: this.key.text, route: item.stored.route, reason });
    return true;
  }

  /** Makes what is stored new, when the caller has his answer. */
  #refresh(): void {
    const { engine, clock } = this.parts;
    if (!this.uses.hasRoom || this.uses.backOff.isResting(this.key.text, clock.monotonic())) return;
    const behind = new Caller(this.key, this.producer, this.uses, this.parts, NOBODY, undefined, true);
    const reservation = engine.reserve(behind);
    if (reservation === undefined) return;
    behind.#endRefresh = this.uses.begin();
    reservation.begin();
  }

  #produce(lead: Lead): void {
    const context = this.#newRun();
    context.making = this.key.text;
    this.#run = context;
    if (this.#isSettled || this.isRefresh) this.#giveUpAfter(this.uses.policy.refreshTimeoutMs, lead);
    const made = (value: unknown): void => this.#made(lead, context, value);
    const failed = (error: unknown): void => this.#failed(lead, context, error);
    try {
      const value = runInView(context, () => this.producer(this.#told(lead)));
      if (isThenable(value)) Promise.resolve(value).then(made).catch(failed);
      else made(value);
    } catch (error) {
      failed(error);
    }
  }

  /** It may be another one's turn of the event loop in which it gets to run. */
  #newRun(): ViewContext {
    const context = new ViewContext();
    context.home = this.parts.tags;
    context.outer = this.outer;
    return context;
  }

  #told({ stale }: Lead): ProducerRun {
    const { parts, uses, isRefresh } = this;
    return {
      isRefresh: isRefresh || this.#isSettled,
      get stale() {
        const held = stale === undefined ? undefined : valueIn(parts, stale.item);
        return held === undefined ? undefined : copyOf(held, uses.policy.copying);
      },
    };
  }

  #made(lead: Lead, context: ViewContext, value: unknown): void {
    this.#end();
    this.uses.backOff.succeeded(this.key.text);
    this.parts.errors.forget(this.key);
    if (value === NOTHING_MADE) {
      this.outer?.dependOnNow(this.parts.tags, this.key.tags);
      lead.handOver();
      this.#settle(() => this.outcome.resolve(value));
      return;
    }
    const producerMs = Math.max(0, this.parts.clock.monotonic() - lead.startedAt);
    const made = makeValue(value, this.uses.policy, context, producerMs, this.parts);
    this.#tellOuter(made, context);
    // Not before the store has heard of it: whoever asks next is to find it.
    this.#offer(lead, made, () => this.#settle(() => this.outcome.resolve(value)));
  }

  #offer(lead: Lead, { candidate, refusal, detail, isShareable }: MadeValue, onTold: () => void): void {
    const { sink, engine } = this.parts;
    const { route } = this.uses.policy;
    if (refusal === undefined) {
      const isAwaited = engine.isShared && ((!this.isRefresh && !this.#isSettled) || lead.hasWaiters);
      if (isAwaited) this.#keepProcess();
      lead.complete(candidate, () => {
        this.#release();
        onTold();
      });
      return;
    }
    if (refusal === 'class' && detail !== undefined) warnUnstorable(this.parts, this.key, route, detail);
    if (!isShareable) {
      // What cannot be copied is one caller's alone: each of the others runs his own producer.
      lead.refuse(refusal, route, detail);
      onTold();
      return;
    }
    sink.refused(this.key.text, route, refusal, detail);
    lead.handOut(candidate, FOR_ALL.has(refusal));
    onTold();
  }

  /** What was read within the outer view's own run is as old as that, whatever became of it here. */
  #tellOuter({ candidate, refusal }: MadeValue, context: ViewContext): void {
    this.#tellOuterOf(refusal, [...this.key.tags, ...candidate.tags], context);
  }

  #tellOuterOf(refusal: Refusal | undefined, tags: readonly string[], context: ViewContext): void {
    const { outer } = this;
    if (outer === undefined || this.isRefresh) return;
    if (refusal === 'too-many-tags') outer.refuse('tag');
    else if (refusal === 'tag' || refusal === 'view' || refusal === 'stale-part') outer.refuse(refusal);
    // What varies by a field of the request does so wherever it is used, and nothing but a view knows requests.
    if (context.varyNames.size > 0) outer.varyOn(...context.varyNames);
    else if (refusal === 'vary-star') outer.refuse(refusal);
    outer.dependOnNow(this.parts.tags, tags);
    outer.absorb(this.parts.tags, context.nested, context.nestedVerifiedAt);
  }

  #failed(lead: Lead, context: ViewContext, error: unknown): void {
    this.#end();
    const { clock, errors, sink } = this.parts;
    const { policy, backOff } = this.uses;
    if (lead.stale !== undefined) backOff.failed(this.key.text, clock.monotonic());
    const warn = (why: string): void =>
      this.parts.warn(`cacheErrors of ${policy.route} ${why}, the error was not kept`);
    const keptMs = answerOf(() => policy.errorLifetimeMs(error), warn) ?? 0;
    const tags = this.#knownTags(context);
    if (keptMs > 0) {
      const { nested } = context;
      const token = Math.min(lead.token, ...nested.map((part) => part.token));
      const startedAt = Math.min(lead.startedAt, context.nestedVerifiedAt);
      const failure = { error, token, startedAt, tags: [...tags, ...nested.map(({ tag }) => tag)] };
      errors.keep(this.key, failure, keptMs);
    }
    sink.refused(this.key.text, policy.route, 'failed');
    if (this.#isSettled || this.isRefresh) this.parts.warn(`${policy.route} could not be made new: ${textOf(error)}`);
    lead.fail(error);
    if (this.#answerInstead('error')) return;
    this.#tellOuterOf(context.refusal, tags, context);
    this.#settle(() => this.outcome.reject(error));
  }

  /** Counts how long the caller waits, for its own producer or for somebody else's. */
  #growImpatient(): void {
    const { softTimeoutMs, hardTimeoutMs, route } = this.uses.policy;
    if (softTimeoutMs !== undefined) this.#patience.after(softTimeoutMs, () => this.#runOut());
    if (hardTimeoutMs === undefined) return;
    const giveUp = (): void => {
      if (this.#runOut()) return;
      this.outer?.dependOnNow(this.parts.tags, this.#knownTags(undefined));
      this.#settle(() => this.outcome.reject(new ValueTimeoutError(route, hardTimeoutMs)));
      this.#goOnBehind();
    };
    this.#patience.after(hardTimeoutMs, giveUp);
  }

  #runOut(): boolean {
    if (this.#isSettled) return true;
    if (!this.#answerInstead('timeout')) return false;
    this.#goOnBehind();
    return true;
  }

  /** The producer goes on, and what it makes is stored. */
  #goOnBehind(): void {
    if (this.#lead !== undefined) this.#giveUpAfter(this.uses.policy.refreshTimeoutMs, this.#lead);
  }

  #giveUpAfter(ms: number, lead: Lead): void {
    this.#timers.push(
      this.parts.clock.after(ms, () => {
        this.#end();
        lead.refuse('aborted', this.uses.policy.route);
      }),
    );
  }

  #end(): void {
    this.#endRefresh();
    for (const timer of this.#timers.splice(0)) timer.cancel();
  }

  /** Runs the producer for this call alone: nobody waits for it, and nothing of it is stored. */
  #runApart(why: 'recursion' | 'off'): void {
    this.parts.sink.bypass(this.key.text, why);
    this.#patience.end();
    this.#growImpatient();
    const context = this.#newRun();
    const made = (value: unknown): void => {
      if (this.#isSettled) return;
      if (this.outer !== undefined)
        this.#tellOuter(makeValue(value, this.uses.policy, context, 0, this.parts), context);
      this.#settle(() => this.outcome.resolve(value));
    };
    const failed = (error: unknown): void => {
      if (this.#isSettled) return;
      this.#tellOuterOf(context.refusal, this.#knownTags(context), context);
      this.#settle(() => this.outcome.reject(error));
    };
    try {
      const value = runInView(context, () => this.producer({ isRefresh: false, stale: undefined }));
      if (isThenable(value)) Promise.resolve(value).then(made).catch(failed);
      else made(value);
    } catch (error) {
      failed(error);
    }
  }

  #settle(how: () => void): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#patience.end();
    this.#stopWaiting();
    if (this.#lead === undefined) this.#end();
    how();
  }
}
