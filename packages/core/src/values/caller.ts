import { answerOf, isThenable } from '../base/answer.js';
import { ValueTimeoutError } from '../base/value-errors.js';
import type { Answer, Visitor } from '../engine/flight.js';
import type { Keyed } from '../engine/keyed.js';
import type { Lead } from '../engine/lead.js';
import type { LocalItem, StaleItem } from '../engine/local-item.js';
import type { StaleUses } from '../engine/stale-uses.js';
import { currentView, runInView, ViewContext } from '../engine/view-context.js';
import type { Timer } from '../ports/clock.js';
import { copyOf } from './copies.js';
import { deliver } from './delivery.js';
import { type MadeValue, makeValue } from './make-value.js';
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
const NOBODY: Outcome = { resolve() {}, reject() {} };

/** One call that asks for a value: to the engine a visitor, whose handler is a producer. */
export class Caller implements Visitor {
  readonly fields = NO_FIELDS;
  readonly policyNames = NO_NAMES;
  readonly isGone = false;
  #isSettled = false;
  #lead: Lead | undefined;
  readonly #timers: Timer[] = [];
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
  ) {}

  /** Finds the value, waits for somebody who makes it, or makes it. */
  ask(): void {
    const { engine, clock, errors } = this.parts;
    const { isForced } = this.uses.policy;
    if (this.parts.isOff) {
      this.#runApart('off');
      return;
    }
    // Whoever would wait for himself makes it, and stores nothing of it.
    if (this.outer?.isMaking(this.key.text) === true) {
      this.#runApart('recursion');
      return;
    }
    const kept = isForced ? undefined : errors.find(this.key);
    if (kept !== undefined) {
      this.fail(kept.error);
      return;
    }
    if (isForced) {
      this.#growImpatient();
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
    this.#growImpatient();
    engine.fetch(this);
  }

  answer(item: LocalItem, how: Answer): void {
    if (this.#isSettled) return;
    const held = valueIn(this.parts, item);
    // What cannot be read is not there; and what its user does not want is made anew by one for all.
    if (held === undefined) this.parts.engine.fetchNew(this, 'uri-miss');
    else if (how === 'hit' && this.#isUnwanted(copyOf(held, this.uses.policy.copying)))
      this.parts.engine.fetchNew(this, 'stale');
    else if (this.#answerWith(item, how) && how === 'hit' && this.uses.isDue(item, this.parts.clock.monotonic()))
      this.#refresh();
  }

  lead(lead: Lead): void {
    this.#lead = lead;
    const now = this.parts.clock.monotonic();
    const behind =
      this.#isSettled || this.isRefresh || this.uses.policy.isForced
        ? undefined
        : this.uses.whileRevalidating(lead.stale, now);
    if (behind !== undefined && this.#answerWith(behind, 'hit')) {
      if (lead.isElsewhere || !this.uses.hasRoom) {
        lead.withdraw();
        return;
      }
      this.#endRefresh = this.uses.begin();
    } else if (!this.isRefresh && this.uses.backOff.isResting(this.key.text, now) && this.#answerInstead()) {
      lead.withdraw();
      return;
    }
    this.#run(lead);
  }

  fail(error: unknown): void {
    if (!this.#answerInstead()) this.#settle(() => this.outcome.reject(error));
  }

  takesStale(found: StaleItem): boolean {
    return this.uses.whileRevalidating(found, this.parts.clock.monotonic()) !== undefined;
  }

  #isUnwanted(value: unknown): boolean {
    const { isStale, route } = this.uses.policy;
    if (isStale === undefined) return false;
    try {
      return isStale(value) !== false;
    } catch (error) {
      this.parts.warn(`isStale of ${route} threw ${error}, the producer ran`);
      return true;
    }
  }

  #answerWith(item: LocalItem, how: Answer): boolean {
    const held = valueIn(this.parts, item);
    if (held === undefined) return false;
    const { copying } = this.uses.policy;
    this.#settle(() => this.outcome.resolve(deliver(this.parts, this.key, item, held, how, this.outer, copying)));
    return true;
  }

  /** Answers with what is stored where making it fails, is too slow, or is not tried. */
  #answerInstead(): boolean {
    if (this.#isSettled) return true;
    const found = this.parts.engine.stillStale(this, this.#lead?.stale);
    const item = this.uses.onError(found, this.parts.clock.monotonic());
    return item !== undefined && this.#answerWith(item, 'hit');
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

  #run(lead: Lead): void {
    const context = new ViewContext();
    context.home = this.parts.tags;
    context.making = this.key.text;
    if (this.#isSettled || this.isRefresh) this.#giveUpAfter(this.uses.policy.refreshTimeoutMs, lead);
    const made = (value: unknown): void => this.#made(lead, context, value);
    const failed = (error: unknown): void => this.#failed(lead, error);
    try {
      const value = runInView(context, () => this.producer(this.#told(lead)));
      if (isThenable(value)) Promise.resolve(value).then(made).catch(failed);
      else made(value);
    } catch (error) {
      failed(error);
    }
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

  #offer(lead: Lead, { candidate, refusal, detail }: MadeValue, onTold: () => void): void {
    const { sink } = this.parts;
    const { route } = this.uses.policy;
    if (refusal === undefined) {
      lead.complete(candidate, onTold);
      return;
    }
    if (refusal === 'class') {
      this.parts.warn(`${route} has made ${detail}, which cannot be stored: see registerClass`);
    }
    sink.refused(this.key.text, route, refusal, detail);
    lead.handOut(candidate);
    onTold();
  }

  /** What was read within the outer view's own run is as old as that, whatever became of it here. */
  #tellOuter({ candidate, refusal }: MadeValue, context: ViewContext): void {
    const { outer } = this;
    if (outer === undefined || this.isRefresh) return;
    if (refusal === 'tag' || refusal === 'too-many-tags' || refusal === 'view' || refusal === 'stale-part')
      outer.refuse(refusal === 'too-many-tags' ? 'tag' : refusal);
    outer.dependOnNow(this.parts.tags, [...this.key.tags, ...candidate.tags]);
    outer.absorb(this.parts.tags, context.nested, context.nestedVerifiedAt);
  }

  #failed(lead: Lead, error: unknown): void {
    this.#end();
    const { clock, errors, sink } = this.parts;
    const { policy, backOff } = this.uses;
    if (lead.stale !== undefined) backOff.failed(this.key.text, clock.monotonic());
    const warn = (why: string): void =>
      this.parts.warn(`cacheErrors of ${policy.route} ${why}, the error was not kept`);
    const keptMs = answerOf(() => policy.errorLifetimeMs(error), warn) ?? 0;
    if (keptMs > 0) errors.keep(this.key, error, lead.token, keptMs);
    sink.refused(this.key.text, policy.route, 'failed');
    if (this.#isSettled || this.isRefresh) this.parts.warn(`${policy.route} could not be made new: ${error}`);
    lead.fail(error);
    this.fail(error);
  }

  /** Counts how long the caller waits, for its own producer or for somebody else's. */
  #growImpatient(): void {
    const { softTimeoutMs, hardTimeoutMs, route } = this.uses.policy;
    const { clock } = this.parts;
    if (softTimeoutMs !== undefined) this.#timers.push(clock.after(softTimeoutMs, () => this.#runOut()));
    if (hardTimeoutMs === undefined) return;
    const giveUp = (): void => {
      if (!this.#runOut()) this.#settle(() => this.outcome.reject(new ValueTimeoutError(route, hardTimeoutMs)));
    };
    this.#timers.push(clock.after(hardTimeoutMs, giveUp));
  }

  /** The producer goes on, and what it makes is stored. */
  #runOut(): boolean {
    if (this.#isSettled) return true;
    if (!this.#answerInstead()) return false;
    if (this.#lead !== undefined) this.#giveUpAfter(this.uses.policy.refreshTimeoutMs, this.#lead);
    return true;
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
    try {
      const value = this.producer({ isRefresh: false, stale: undefined });
      if (isThenable(value)) Promise.resolve(value).then(this.outcome.resolve, this.outcome.reject);
      else this.outcome.resolve(value);
    } catch (error) {
      this.outcome.reject(error);
    }
  }

  #settle(how: () => void): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    if (this.#lead === undefined) this.#end();
    how();
  }
}
