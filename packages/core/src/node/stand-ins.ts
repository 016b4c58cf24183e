import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CacheRuntime } from '../cache/runtime.js';
import type { ViewPolicy } from '../config/view-options.js';
import type { Visitor } from '../engine/flight.js';
import type { Lead } from '../engine/lead.js';
import type { LocalItem } from '../engine/local-item.js';
import { view } from '../engine/running-view.js';
import type { ViewContext } from '../engine/view-context.js';
import type { Refusal } from '../ports/event-sink.js';
import { afterAnswer } from './after-answer.js';
import type { InputGuard } from './input-guard.js';
import { Interlude } from './interlude.js';
import { listenForWord } from './late-word.js';
import { canBeReborn } from './newborn.js';
import type { Preconditions } from './preconditions.js';
import type { Recorder } from './recorder.js';
import { giveBack, putMethods, type ResponsePart, takeBack, takePart } from './response-parts.js';
import { isFailure as isFailedStatus, type StaleView } from './stale-view.js';
import { HAND_OVER_MS, hasLateFields, Patience, type StandIn } from './stand-in.js';
import type { VisitorAnswers } from './visitor-answers.js';

/** A run of a handler, as what stands in for it has to know it. */
export interface Course {
  readonly recorder: Recorder | undefined;
  readonly guard: InputGuard | undefined;
  readonly context: ViewContext | undefined;
}

/** A visitor, as far as what is stale has to know of him. */
export interface StaleVisitor<Req extends IncomingMessage, Res extends ServerResponse> extends Visitor {
  readonly req: Req;
  readonly res: Res;
  readonly policy: ViewPolicy<Req, Res>;
  readonly runtime: CacheRuntime;
  readonly answers: VisitorAnswers;
  readonly stale: StaleView;
  /** What he runs his handler for, if he does. */
  readonly leading: Lead | undefined;
  /** As far as it has begun. */
  readonly run: Course | undefined;
  readonly preconditions: Preconditions;
  readonly isDemanding: boolean;
  readonly isWithdrawn: boolean;
  isAnswered: boolean;
  /** He has his answer, and his handler will not be asked. */
  over(): void;
  /** Monotonic time. */
  readonly now: number;
  refuse(reason: Refusal): void;
  /** Runs something in the visitor's own asynchronous context. */
  inScope(run: () => void): void;
}

/** Answers a visitor from what is stored where his handler fails, is slow, or is left alone after it has failed. */
export class StandIns<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly #visitor: StaleVisitor<Req, Res>;
  /** How long the visitor waits. */
  readonly patience: Patience;
  /** Something has answered in the handler's stead. */
  hasAnswered = false;
  /** Why the handler's own answer would not have been stored after what middleware in front has added to that. */
  late: Refusal | undefined;
  /** What was on the response before the handler ran, where something else may be answered in its stead. */
  #before: ResponsePart | undefined;

  constructor(visitor: StaleVisitor<Req, Res>) {
    this.#visitor = visitor;
    this.patience = new Patience(visitor.runtime.clock);
  }

  /** Counts how long the visitor waits, for his own handler or for somebody else's. */
  growImpatient(): void {
    const { softTimeoutMs, hardTimeoutMs } = this.#visitor.stale.policy;
    if (softTimeoutMs !== undefined) this.patience.endsAfter(softTimeoutMs, () => this.#runOut(false));
    if (hardTimeoutMs !== undefined) this.patience.endsAfter(hardTimeoutMs, () => this.#runOut(true));
  }

  /** Takes down what is on the response before the handler runs; what it returns is called when the handler is about to. */
  ready(): () => void {
    const { leading, isRefresh, res, stale } = this.#visitor;
    if (isRefresh === true || (leading?.stale === undefined && stale.policy.hardTimeoutMs === undefined))
      return NOTHING;
    this.#before = takePart(res);
    return () => this.#watchDestroy(res);
  }

  /** Whether something else may be sent in place of a response with this status. */
  mayReplace(status: number): boolean {
    return this.#before !== undefined && this.isFailure(status) && this.fallback() !== undefined;
  }

  /** What may be answered in the handler's stead now. */
  fallback(): LocalItem | undefined {
    const visitor = this.#visitor;
    // A cached view further inside answers for itself.
    if (visitor.isRefresh === true || visitor.isWithdrawn || this.hasAnswered) return undefined;
    const found = visitor.runtime.engine.stillStale(visitor, visitor.leading?.stale);
    return visitor.stale.onError(found, visitor.now);
  }

  /** Remembered where something stored can answer meanwhile; elsewhere nobody would ask. */
  failed(): void {
    const { leading, isRefresh, key, now, stale } = this.#visitor;
    if (isRefresh === true || leading?.stale !== undefined) stale.backOff.failed(key.text, now);
  }

  /** A status by which the handler fails, unless the policy takes it for an answer. */
  isFailure(status: number): boolean {
    return isFailedStatus(status) && this.#visitor.policy.statuses?.has(status) !== true;
  }

  /** Answers with what is stored in place of what the handler has just begun, or broken off. */
  replace(standIn: StandIn): boolean {
    const part = this.#standIn(standIn);
    if (part === undefined) return false;
    putMethods(this.#visitor.res, part.methods);
    this.#visitor.run?.recorder?.replace();
    return true;
  }

  /**
   * Answers in the handler's stead, with the response as it was before the handler ran.
   *
   * @returns what the handler had made of it; `undefined` when nothing could be answered
   */
  #standIn(standIn: StandIn | 'gateway-timeout'): ResponsePart | undefined {
    const visitor = this.#visitor;
    const { answers, res } = visitor;
    const guard = visitor.run?.guard;
    const item = this.fallback();
    const before = this.#before;
    if (before === undefined || res.headersSent) return undefined;
    if (standIn !== 'gateway-timeout' && item === undefined) return undefined;
    const part = takeBack(res, before);
    visitor.preconditions.show();
    const write = (): boolean => {
      if (standIn !== 'gateway-timeout' && item !== undefined) return answers.writeStandIn(item, standIn);
      answers.writeTimeout();
      return true;
    };
    const forbidden = listenForWord(res);
    const isWritten = guard === undefined ? write() : guard.unwatched(write);
    if (!isWritten) {
      giveBack(res, part);
      visitor.preconditions.hide();
      return undefined;
    }
    this.hasAnswered = true;
    this.late = forbidden() ?? (hasLateFields(res, before, item) ? 'set-cookie' : undefined);
    return part;
  }

  /** The visitor has waited for long enough. */
  #runOut(isHard: boolean): void {
    const { leading, isAnswered, isGone, isWithdrawn } = this.#visitor;
    if (isAnswered || this.hasAnswered || isGone || isWithdrawn) return;
    if (leading === undefined) this.#runOutWaiting(isHard);
    else this.#runOutLeading(isHard);
  }

  /** Somebody else's handler takes too long: this visitor does not wait for it any more. */
  #runOutWaiting(isHard: boolean): void {
    const visitor = this.#visitor;
    const item = this.fallback();
    if (item === undefined && !isHard) return;
    visitor.inScope(() => {
      if (item !== undefined) visitor.isAnswered = visitor.answers.write(item, 'collapsed');
      if (visitor.isAnswered || !isHard) return;
      visitor.isAnswered = true;
      visitor.answers.writeTimeout();
    });
    // With its head sent it counts as gone, and the flight forgets it.
    if (!visitor.isAnswered) return;
    this.patience.forget();
    visitor.over();
  }

  /** The handler goes on, into nothing, and what it answers is stored. */
  #runOutLeading(isHard: boolean): void {
    const visitor = this.#visitor;
    const { req, res, runtime, stale } = visitor;
    if (visitor.run === undefined) return;
    const { context, guard, recorder } = visitor.run;
    if (recorder === undefined || recorder.head !== undefined) return;
    const part = this.#standIn({ detail: 'timeout' }) ?? (isHard ? this.#standIn('gateway-timeout') : undefined);
    if (part === undefined) return;
    this.patience.forget();
    this.failed();
    const interlude = new Interlude(req, res, part, () => view() === context, visitor.policy.maxBodyBytes);
    recorder.noteSetting(interlude.draft);
    visitor.preconditions.hide();
    const giveUp = (): void => {
      interlude.abandon();
      visitor.refuse('aborted');
    };
    if (!canBeReborn()) {
      giveUp();
      return;
    }
    this.patience.endsAfter(stale.policy.refreshTimeoutMs, () => {
      giveUp();
      // The newborn response, or none: while the visitor's own is under way, the interlude stands before it.
      res.destroy();
    });
    const renew = (makeNew: () => void): void => {
      if (guard === undefined) makeNew();
      else guard.move(makeNew);
      recorder.rebase();
    };
    afterAnswer(res, runtime.clock, HAND_OVER_MS, { goOn: () => interlude.end(renew), tooSlow: giveUp });
  }

  /** What the handler leans on has failed a moment ago: it is left alone while a stored response can answer. */
  rest(): boolean {
    const visitor = this.#visitor;
    if (visitor.isDemanding || !visitor.stale.backOff.isResting(visitor.key.text, visitor.now)) return false;
    const item = this.fallback();
    if (item === undefined) return false;
    visitor.inScope(() => {
      visitor.isAnswered = visitor.answers.write(item, 'hit');
    });
    if (visitor.isAnswered) this.patience.forget();
    return visitor.isAnswered;
  }

  /** A handler that breaks its response off has failed, and something else may still be answered. */
  #watchDestroy(res: ServerResponse): void {
    const visitor = this.#visitor;
    const { destroy } = res;
    res.destroy = (error) => {
      const recorder = visitor.run?.recorder;
      if (recorder?.isReplaced === true) return res;
      const isEarly = recorder?.head === undefined && !visitor.isGone;
      if (!isEarly || !this.replace({ detail: 'aborted' })) return destroy.call(res, error);
      this.failed();
      visitor.refuse('aborted');
      return res;
    };
  }
}

const NOTHING = (): void => {};
