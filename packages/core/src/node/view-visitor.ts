import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CacheRuntime } from '../cache/runtime.js';
import type { ViewPolicy } from '../config/view-options.js';
import type { CacheKey } from '../engine/cache-key.js';
import type { Answer, Visitor } from '../engine/flight.js';
import { lastingDetail } from '../engine/lasting.js';
import type { Lead } from '../engine/lead.js';
import type { LocalItem, StaleItem } from '../engine/local-item.js';
import type { RequestFields } from '../engine/variants.js';
import type { Refusal } from '../ports/event-sink.js';
import type { Emission } from './emission.js';
import { HandlerRun } from './handler-run.js';
import { warnOfNothingTracked } from './nothing-tracked.js';
import { Preconditions } from './preconditions.js';
import { Refresh } from './refresh.js';
import { ArrivalFields } from './sent-fields.js';
import type { StaleView } from './stale-view.js';
import { type Course, StandIns } from './stand-ins.js';
import type { ViewHost } from './view-host.js';
import type { VisitorAnswers } from './visitor-answers.js';

/** One request to a cached view that found no hit: it waits, or its handler runs, and what that answers is offered. */
export class ViewVisitor<Req extends IncomingMessage, Res extends ServerResponse> implements Visitor {
  readonly fields: RequestFields;
  readonly preconditions: Preconditions;
  /** The request asks for a newer response than the one that is stored: only a handler that fails lets it have that. */
  isDemanding = false;
  /** Its handler's answer would be offered for storing. */
  mayFill = false;
  /** Not stored: another cached view inside this one has taken over. */
  isWithdrawn = false;
  #lead: Lead | undefined;
  #run: HandlerRun<Req, Res> | undefined;
  isAnswered = false;
  readonly #standIns: StandIns<Req, Res>;
  readonly #refresh: Refresh<Req, Res>;
  #scope: AsyncResource | undefined;
  /** Told where the handler will not be asked. */
  #done: (() => void) | undefined;

  constructor(
    readonly key: CacheKey,
    readonly req: Req,
    readonly res: Res,
    readonly next: (error?: unknown) => void,
    done: (() => void) | undefined,
    readonly policy: ViewPolicy<Req, Res>,
    readonly runtime: CacheRuntime,
    readonly host: ViewHost<Req>,
    readonly answers: VisitorAnswers,
    readonly stale: StaleView,
    readonly emission: Emission,
  ) {
    this.#done = done;
    this.#standIns = new StandIns<Req, Res>(this);
    this.#refresh = new Refresh<Req, Res>(this, this.#standIns);
    this.preconditions = new Preconditions(req);
    this.fields = new ArrivalFields(req, policy.inputs.properties);
  }

  get policyNames(): readonly string[] {
    return this.policy.vary;
  }

  get isGone(): boolean {
    const { res } = this;
    // Also when somebody else has answered meanwhile, such as a timeout.
    return res.destroyed || res.headersSent || res.socket?.destroyed === true;
  }

  get isRefresh(): boolean {
    return this.#refresh.item !== undefined;
  }

  get renews(): boolean {
    return this.#refresh.renews;
  }

  /** Remembers the visitor's asynchronous context when it has to wait: its handler must not run in another visitor's. */
  wait(): void {
    if (this.#lead !== undefined || this.isAnswered) return;
    this.#scope = new AsyncResource('viewcache.visitor');
    if (this.#done === undefined) return;
    if (this.res.destroyed) this.left();
    else this.res.once('close', () => this.left());
  }

  /** The visitor has his answer, or has gone, and his handler will not be asked. */
  over(): void {
    const done = this.#done;
    this.#done = undefined;
    done?.();
  }

  /** Somebody else stands for the visitor now. */
  forget(): void {
    this.#done = undefined;
  }

  /** Nobody asks the handler of a visitor who has gone while he waited. */
  left(): void {
    if (this.#run === undefined && !this.#refresh.isPending) this.over();
  }

  takesStale(found: StaleItem): boolean {
    if (this.isRefresh || this.isDemanding || this.req.method === 'HEAD' || !this.#refresh.isBehind) return false;
    return this.stale.whileRevalidating(found, this.now) !== undefined;
  }

  /** Counts how long the visitor waits, for his own handler or for somebody else's. */
  growImpatient(): void {
    this.#standIns.growImpatient();
  }

  answer(item: LocalItem, how: Answer): void {
    if (this.isRefresh) {
      this.#refresh.find(item);
      return;
    }
    if (!this.answers.accepts(item)) {
      this.isDemanding = true;
      this.runtime.engine.fetchAlone(this, 'request');
      return;
    }
    const isDue = how === 'hit' && this.mayFill && !this.isDemanding && this.stale.isDue(item, this.now);
    if (isDue && this.#refresh.leadInFront()) return;
    this.#standIns.patience.forget();
    this.isAnswered = true;
    this.inScope(() => {
      if (this.isGone) this.over();
      else if (isDue && this.#refresh.isBehind) {
        if (!this.revalidate(item)) this.next();
      } else if (this.answers.write(item, how)) this.over();
      else this.next();
    });
  }

  lead(lead: Lead): void {
    this.#lead = lead;
    if (this.#answersInstead(lead)) return;
    if (!this.isRefresh && !this.isDemanding && this.req.method !== 'HEAD') {
      const item = this.stale.whileRevalidating(lead.stale, this.now);
      // It was found by asking the shared store; what this process had at hand was looked at before.
      if (item !== undefined && this.#refresh.isBehind && this.#refresh.leadBehind(lead, item)) return;
      if (this.rest()) {
        lead.withdraw();
        return;
      }
    }
    this.inScope(() => {
      this.#run = new HandlerRun(this, lead, this.#standIns, this.#refresh);
      this.#run.begin();
    });
  }

  /** The request asks for no handler, or not for a new answer. */
  #answersInstead(lead: Lead): boolean {
    let isAnswered = false;
    this.inScope(() => {
      isAnswered = !this.isRefresh && this.answers.writeInsteadOf(lead.stale);
    });
    if (!isAnswered) return false;
    this.isAnswered = true;
    this.#standIns.patience.forget();
    // It was counted as a miss, and is none.
    this.runtime.telemetry.withdrawn(lead.fwd);
    lead.handOver();
    this.over();
    return true;
  }

  /** Answers from what is stored, fresh or stale, and makes it new: behind the answer, or with this visitor waiting for it. */
  revalidate(item: LocalItem): boolean {
    return this.#refresh.revalidate(item);
  }

  /** Answers from what is stored where the handler has failed a moment ago, and is left alone. */
  rest(): boolean {
    const isAnswered = this.#standIns.rest();
    if (isAnswered) this.over();
    return isAnswered;
  }

  get leading(): Lead | undefined {
    return this.#lead;
  }

  get run(): Course | undefined {
    return this.#run;
  }

  hurry(): void {
    this.#run?.recorder?.hurry();
  }

  /** Nothing of what the handler answers is stored. */
  refuse(reason: Refusal): void {
    const run = this.#run;
    const route = this.host.route(this.req);
    if (reason === 'nothing-tracked')
      warnOfNothingTracked(this.req.method ?? 'GET', route, run?.context, this.runtime.telemetry);
    this.#lead?.refuse(reason, route, reason === 'input' ? run?.guard?.refusal : lastingDetail(run?.context, reason));
  }

  get now(): number {
    return this.runtime.clock.monotonic();
  }

  inScope(run: () => void): void {
    if (this.#scope === undefined) {
      run();
      return;
    }
    this.#scope.runInAsyncScope(() => {
      try {
        run();
      } catch (error) {
        // It runs on another visitor's behalf: nobody up the stack can answer for this one.
        this.next(error);
      }
    });
  }
}
