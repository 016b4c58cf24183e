import { answerOf, textOf } from '../base/answer.js';
import { printable } from '../base/printable.js';
import { ValueTimeoutError } from '../base/value-errors.js';
import type { Failure } from '../engine/failure.js';
import type { Lead } from '../engine/lead.js';
import type { StaleItem } from '../engine/local-item.js';
import type { ViewContext } from '../engine/view-context.js';
import type { Timer } from '../ports/clock.js';
import { failedTogether } from './batch-failure.js';
import { type Call, contextFor, holdsForAll, knownTags, tellOuter, tellOuterOfNothing } from './call.js';
import { KnownBefore } from './known-before.js';
import { type MadeValue, makeValue } from './make-value.js';
import { NOTHING_MADE } from './producer.js';
import type { RunEnd } from './run-producer.js';
import { ToldRun } from './told-run.js';
import { warnUnstorable } from './unstorable-warning.js';

/** Who leads: the run is his, and what it makes is everybody's. */
export interface Leader extends Call {
  /** He has his answer. */
  readonly isSettled: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Answers with what is stored where making it has failed; false where there is nothing that may. */
  answerInstead(reason: 'error'): boolean;
  /** From now on it is others who call what runs for him. */
  keepScope(): void;
  /** Runs something in his own asynchronous context. */
  within(work: () => void): void;
  keepProcess(): void;
  releaseProcess(): void;
  /** Nothing is made for him any more. */
  hasEnded(): void;
}

/** What is told of an error that may reach nobody, as what is stale answers in its stead. */
const LONGEST_ERROR = 200;

/** The run of a producer by whoever leads: for all who wait, and for the store. */
export class LedRun implements RunEnd {
  readonly context: ViewContext;
  readonly #leader: Leader;
  readonly #lead: Lead;
  readonly #timers: Timer[] = [];
  #told: ToldRun | undefined;
  /** Made for who asks: most producers do not. */
  #before: KnownBefore | undefined;

  constructor(leader: Leader, lead: Lead) {
    this.#leader = leader;
    this.#lead = lead;
    this.context = contextFor(leader);
    this.context.making = leader.key.text;
  }

  /** What the producer is told; its run is begun by whoever leads, as each step between them takes of the stack. */
  begin(): ToldRun {
    if (this.#isBehind) this.giveUpLater();
    this.#told = new ToldRun(this.#isBehind, () => this.#readStale());
    return this.#told;
  }

  /** Whoever led has his answer, and nobody else is made to wait for good. */
  giveUpLater(): void {
    const { parts, uses } = this.#leader;
    const { refreshTimeoutMs, route } = uses.policy;
    const giveUp = (): void => {
      this.#end();
      this.#lead.refuse('aborted', route);
      this.#told?.giveUp(new ValueTimeoutError(this.#leader.key.text, route, refreshTimeoutMs));
    };
    this.#leader.keepScope();
    this.#timers.push(parts.clock.after(refreshTimeoutMs, () => this.#leader.within(giveUp)));
  }

  /** Nobody waits for it who led it. */
  get #isBehind(): boolean {
    return this.#leader.isSettled || this.#leader.isRefresh;
  }

  #readStale(): unknown {
    this.#before ??= new KnownBefore(this.#leader, this.context, () => this.#stillStale());
    return this.#before.read();
  }

  /** What was purged since the run began is nothing to make anything of. */
  #stillStale(): StaleItem | undefined {
    const { visitor, stale } = this.#lead;
    return stale && this.#leader.parts.engine.stillStale(visitor, stale);
  }

  #end(): void {
    this.#leader.hasEnded();
    for (const timer of this.#timers.splice(0)) timer.cancel();
  }

  made(value: unknown): void {
    const leader = this.#leader;
    const lead = this.#lead;
    const { key, parts, uses } = leader;
    this.#end();
    uses.backOff.succeeded(key.text);
    parts.errors.forget(key);
    if (value === NOTHING_MADE) {
      // What is made of there being nothing depends on all that has said so.
      tellOuterOfNothing(leader, this.context);
      parts.sink.route(uses.policy.route).misses++;
      lead.handOver();
      leader.resolve(value);
      return;
    }
    // Nobody has heard what it read: what was known of what it replaces holds on.
    const known = this.context.hearer === undefined ? lead.stale?.item.stored.inputs : undefined;
    if (known !== undefined) this.context.keepInputs(known);
    const producerMs = Math.max(0, parts.clock.monotonic() - lead.startedAt - lead.lookupMs);
    const made = makeValue(value, uses.policy, this.context, producerMs, parts);
    tellOuter(leader, made, this.context);
    // Not before the store has heard of it: whoever asks next is to find it.
    this.#offer(made, () => leader.resolve(value));
  }

  #offer({ candidate, refusal, detail, isShareable }: MadeValue, onTold: () => void): void {
    const leader = this.#leader;
    const lead = this.#lead;
    const { key, parts, uses } = leader;
    const { sink, engine } = parts;
    const { route } = uses.policy;
    if (refusal === undefined) {
      if (engine.isShared && (!this.#isBehind || lead.hasWaiters)) leader.keepProcess();
      lead.complete(candidate, () => {
        leader.releaseProcess();
        onTold();
      });
      return;
    }
    warnUnstorable(parts, key, route, refusal, detail);
    if (isShareable) {
      sink.refused(key.text, route, refusal, detail);
      lead.handOut(candidate, holdsForAll(refusal));
    }
    // What cannot be copied, or selects, is one caller's alone: each of the others runs his own producer.
    else lead.refuse(refusal, route, detail);
    onTold();
  }

  failed(error: unknown): void {
    const leader = this.#leader;
    const lead = this.#lead;
    const { key, parts, uses } = leader;
    this.#end();
    if (lead.stale !== undefined) uses.backOff.failed(key.text, parts.clock.monotonic());
    const failure = this.#failureOf(error);
    // That it was given up was told already, and is nothing to keep.
    const isNew = this.#told?.hasStopped(error) !== true;
    const { route } = uses.policy;
    // An error says what it was made of as a value does: what selects is one caller's alone.
    if (this.context.isSelected && isNew) lead.refuse('failed', route, shownError(error));
    else {
      // In front of those who wait, of whom one may run anew, and succeed.
      if (isNew && !failedTogether(this.context)) this.#keep(failure);
      // Nobody is to wait for good for what cannot be told of.
      lead.fail(failure);
      if (isNew) parts.sink.refused(key.text, route, 'failed', shownError(error));
    }
    if (isNew && this.#isBehind) parts.warn(`${route} could not be made new: ${textOf(error)}`);
    if (leader.answerInstead('error')) return;
    tellOuterOfNothing(leader, this.context);
    leader.reject(error);
  }

  #failureOf(error: unknown): Failure {
    const { nested, nestedVerifiedAt, inputs, refusal } = this.context;
    const { token, startedAt } = this.#lead;
    const tags = knownTags(this.#leader, this.context);
    return { error, token, startedAt: Math.min(startedAt, nestedVerifiedAt), tags, nested, inputs, refusal };
  }

  /** Keeps an error, as long as its policy says. */
  #keep(failure: Failure): void {
    const { key, parts, uses } = this.#leader;
    const { route, errorLifetimeMs } = uses.policy;
    const warn = (why: string): void => parts.warn(`cacheErrors of ${route} ${why}, the error was not kept`);
    const keptMs = answerOf(() => errorLifetimeMs(failure.error), warn) ?? 0;
    if (keptMs > 0) parts.errors.keep(key, failure, keptMs);
  }
}

function shownError(error: unknown): string {
  const text = textOf(error);
  return printable(text.length > LONGEST_ERROR ? `${text.slice(0, LONGEST_ERROR)}…` : text);
}
