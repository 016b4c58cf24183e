import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerOf } from '../base/answer.js';
import type { CacheRuntime } from '../cache/runtime.js';
import type { ViewPolicy } from '../config/view-options.js';
import type { CacheKey } from '../engine/cache-key.js';
import type { Answer, Visitor } from '../engine/flight.js';
import type { Candidate, Lead } from '../engine/lead.js';
import type { LocalItem, StaleItem } from '../engine/local-item.js';
import type { RequestFields } from '../engine/variants.js';
import { runInView, ViewContext } from '../engine/view-context.js';
import { momentNow } from '../invalidation/tag-table.js';
import type { Refusal } from '../ports/event-sink.js';
import { type Emission, forbidKeeping } from './emission.js';
import { addVary, declaredTags, type Framing, judge, setStatus, setTiming } from './frame-head.js';
import { Freshening } from './freshening.js';
import { Inheritance } from './inheritance.js';
import type { InnerLayers } from './inner-layers.js';
import { type GuardOwner, InputGuard } from './input-guard.js';
import { type Place, warnOfRelease } from './input-warnings.js';
import { type Declared, type LeadingVisitor, markLeading, visitorOf } from './leading.js';
import { makeCandidate, refusesLate } from './make-candidate.js';
import { fillingsOf } from './placeholders.js';
import { Preconditions } from './preconditions.js';
import { Recorder } from './recorder.js';
import type { RecorderListener } from './recorder-listener.js';
import { Refresh } from './refresh.js';
import { repeatedField } from './repeated-fields.js';
import type { ResponseHead } from './response-head.js';
import { freshenedCandidate, validatingFields } from './revalidation.js';
import { ArrivalFields } from './sent-fields.js';
import type { StaleView } from './stale-view.js';
import { type Course, StandIns } from './stand-ins.js';
import type { ViewHost } from './view-host.js';
import type { VisitorAnswers } from './visitor-answers.js';

/** One request to a cached view that found no hit: it waits, or runs its handler and offers what that answers. */
export class ViewVisitor<Req extends IncomingMessage, Res extends ServerResponse>
  implements Visitor, RecorderListener, LeadingVisitor, GuardOwner
{
  readonly fields: RequestFields;
  readonly preconditions: Preconditions;
  /** The request asks for a newer response than the one that is stored: only a handler that fails lets it have that. */
  isDemanding = false;
  /** Not stored: another cached view inside this one has taken over. */
  isWithdrawn = false;
  #lead: Lead | undefined;
  #recorder: Recorder | undefined;
  #guard: InputGuard | undefined;
  #context: ViewContext | undefined;
  /** What is offered for storing, or why nothing is, where the whole response was there with its head. */
  #made: Candidate | Refusal | undefined;
  /** The values of placeholders before the handler ran. */
  #refilled: readonly string[] | undefined;
  #startedAt = 0;
  /** When the handler began, by the count of all invalidations. */
  #moment = 0;
  isAnswered = false;
  readonly #standIns: StandIns<Req, Res>;
  readonly #refresh: Refresh<Req, Res>;
  readonly #freshening: Freshening;
  readonly #inheritance: Inheritance;
  #scope: AsyncResource | undefined;

  constructor(
    readonly key: CacheKey,
    readonly req: Req,
    readonly res: Res,
    readonly next: (error?: unknown) => void,
    readonly policy: ViewPolicy<Req, Res>,
    readonly runtime: CacheRuntime,
    readonly host: ViewHost<Req>,
    readonly answers: VisitorAnswers,
    readonly stale: StaleView,
    readonly emission: Emission,
  ) {
    this.#standIns = new StandIns<Req, Res>(this);
    this.#refresh = new Refresh<Req, Res>(this, this.#standIns);
    this.#freshening = new Freshening(this);
    this.#inheritance = new Inheritance(runtime.tags);
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

  get isAwaited(): boolean {
    return this.#lead?.hasWaiters === true;
  }

  /** The method that what is offered for storing answers: not always the visitor's own. */
  get method(): string {
    return this.#freshening.freshened === undefined ? (this.req.method ?? '') : 'GET';
  }

  get mayAnswerOtherwise(): boolean {
    return this.preconditions.decide;
  }

  /** Remembers the visitor's asynchronous context when it has to wait: its handler must not run in another visitor's. */
  wait(): void {
    if (this.#lead === undefined && !this.isAnswered) this.#scope = new AsyncResource('viewcache.visitor');
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
      // Another process has made it new already.
      this.#refresh.end();
      return;
    }
    if (!this.answers.accepts(item)) {
      this.isDemanding = true;
      this.runtime.engine.fetchAlone(this, 'request');
      return;
    }
    this.#standIns.patience.forget();
    this.isAnswered = true;
    this.inScope(() => {
      if (this.isGone || this.answers.write(item, how)) return;
      this.next();
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
    this.inScope(() => this.#run());
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
    return true;
  }

  /** Answers from what is stored, fresh or stale, and makes it new: behind the answer, or with this visitor waiting for it. */
  revalidate(item: LocalItem): boolean {
    return this.#refresh.revalidate(item);
  }

  /** Answers from what is stored where the handler has failed a moment ago, and is left alone. */
  rest(): boolean {
    return this.#standIns.rest();
  }

  get course(): Course {
    return { lead: this.#lead, recorder: this.#recorder, guard: this.#guard, context: this.#context };
  }

  hurry(): void {
    this.#recorder?.hurry();
  }

  forbid(): void {
    if (!this.isWithdrawn) this.refuse('no-store');
  }

  withdraw(): void {
    this.isWithdrawn = true;
    this.#standIns.patience.forget();
    this.#guard?.stop();
    this.#lead?.withdraw();
    this.preconditions.show();
  }

  get layers(): InnerLayers | undefined {
    return this.#guard?.isListening === true ? this.#guard.layers : undefined;
  }

  released(isNew: boolean): void {
    this.refuse('input');
    if (isNew) warnOfRelease(this.policy.inputs, this.#place(false));
  }

  leaving(): void {
    this.#guard?.conclude();
    this.#guard?.suspend();
  }

  mayReplace(status: number): boolean {
    return this.#standIns.mayReplace(status);
  }

  head(recorder: Recorder): 304 | 412 | 'replaced' | undefined {
    if (this.isWithdrawn || recorder.head === undefined || this.#lead === undefined) return undefined;
    const { status } = recorder.head;
    const { isValidating } = this.preconditions;
    const head = this.#freshening.headOf(recorder, recorder.head, this.#lead.freshenable, isValidating);
    if (!head.isReadable) {
      if (this.#standIns.isFailure(status)) this.#standIns.failed();
      this.refuse('head');
      return this.#replaceFailure(status) ? 'replaced' : undefined;
    }
    const guard = this.#guard;
    const framing = this.#judge(head);
    addVary(
      recorder,
      head,
      framing.codings === undefined ? framing.selecting : [...framing.selecting, 'accept-encoding'],
    );
    // Where all of it is here with the head, what becomes of it is known now, and Cache-Status can say so.
    if (recorder.isWhole) this.#made = this.#make(recorder, head, framing);
    const early = typeof this.#made === 'string' ? this.#made : framing.refusal;
    const isValid = this.#lead.admits(framing.tags);
    const refusal = this.#lead.refusal ?? early ?? (recorder.isWhole && !isValid ? 'invalidated' : undefined);
    const isKept = recorder.isWhole && refusal === undefined;
    const { storesNothing } = this.runtime;
    const made = typeof this.#made === 'object' && isKept ? this.#made : undefined;
    if (made?.etag !== undefined && framing.etag === undefined) recorder.setField('ETag', made.etag);
    const instead = this.preconditions.instead(head.status, made ?? framing, this.runtime.clock.now());
    setStatus(recorder, head, this.policy.cacheStatus, {
      lead: this.#lead,
      refusal: isKept && storesNothing ? 'null-store' : refusal,
      isStored: isKept && !storesNothing,
      guard,
      fwdStatus: (instead ?? head.status) === status ? undefined : status,
    });
    if (!isValid) forbidKeeping(recorder, head);
    else if (isKept) this.emission.addTo(recorder, head, framing, this.req, this.runtime.clock.now());
    if (this.policy.serverTiming) setTiming(recorder, head, this.#lead.fwd, this.#producerMs);
    // Before those who wait go on: they are to leave it alone.
    if (this.#standIns.isFailure(head.status)) this.#standIns.failed();
    if (early !== undefined) this.refuse(early);
    if (this.#replaceFailure(head.status)) return 'replaced';
    return this.isRefresh ? undefined : instead;
  }

  /** Answers with what is stored in place of a status by which the handler fails. */
  #replaceFailure(status: number): boolean {
    return this.#standIns.isFailure(status) && this.#standIns.replace({ detail: 'error', fwdStatus: status });
  }

  returning(): void {
    this.#guard?.resume();
  }

  ended(recorder: Recorder): void {
    const { patience, late } = this.#standIns;
    patience.forget();
    this.#guard?.stop();
    this.preconditions.show();
    const { head } = recorder;
    const lead = this.#lead;
    // Of one that was broken off nothing is to be learnt.
    if (this.isWithdrawn || lead === undefined || head === undefined || lead.refusal === 'aborted') return;
    if (!head.isReadable) {
      this.#refresh.learnFrom(head.status, 'head');
      return;
    }
    // After its first chunk a handler may have read, declared and refused what was not known with the head.
    const made = this.#made ?? this.#make(recorder, head, this.#judge(head));
    const refusal =
      typeof made === 'string' ? made : (late ?? refusesLate(made, recorder, this) ?? this.#refresh.differs(made));
    if (typeof made === 'string' || refusal !== undefined) this.refuse(refusal ?? 'view');
    else lead.complete(made);
    if (this.#guard?.hasUses === true) this.#guard.report(this.#place(refusal === undefined), refusal === 'input');
    this.#refresh.learnFrom(head.status, refusal);
  }

  failed(): void {
    this.refuse('aborted');
  }

  overflowed(): void {
    this.refuse('too-large');
  }

  closed(): void {
    this.#standIns.patience.forget();
    // Where there is no client who could have gone, the handler has broken off.
    if (this.isRefresh || this.#standIns.hasAnswered) this.#standIns.failed();
    this.refuse('aborted');
  }

  /** By the head, and by what was read until now. */
  #judge(head: ResponseHead): Framing {
    const guard = this.#guard;
    if (guard !== undefined && guard.learned.size > 0 && this.#lead !== undefined) {
      guard.weigh(this.#lead, this.#place(false));
    }
    return judge(head, this, guard, this.#context);
  }

  #make(recorder: Recorder, head: ResponseHead, framing: Framing): Candidate | Refusal {
    if (framing.refusal !== undefined) return framing.refusal;
    if (!this.#inheritance.admits(() => [...framing.tags, ...this.key.tags])) return 'invalidated';
    const made = makeCandidate(recorder, head, this, framing, this.#producerMs);
    if (typeof made === 'string') return made;
    const { freshened } = this.#freshening;
    if (freshened !== undefined) return freshenedCandidate(made, freshened);
    return this.#isRepeating(made) ? 'input' : made;
  }

  /** The response shows what a field says that is no input of pages. */
  #isRepeating(made: Candidate): boolean {
    const guard = this.#guard;
    const name = guard === undefined ? undefined : repeatedField(guard.passed, this.fields, made);
    if (name !== undefined) guard?.refuse(`header ${name}`);
    return name !== undefined && guard?.refusal !== undefined;
  }

  /** Whether these are the values of placeholders that were there before the handler ran, where there were any. */
  knows(values: readonly string[]): boolean {
    return this.#refilled?.every((value, at) => value === '' || value === values[at]) ?? true;
  }

  declared(): Declared | undefined {
    const context = this.#context;
    return this.#inheritance.handOn(this.#lead, context, () => declaredTags(this, context), this.#moment);
  }

  /** Inputs that the `key` option reads are in the key; it has answered once already, and must not fail the visitor now. */
  #keyInputs(guard: InputGuard, key: (req: Req) => unknown): void {
    const ask = () =>
      answerOf(
        () => key(this.req),
        () => this.refuse('input'),
      );
    const context = this.#context;
    // Inside the view, where a storage that is watched tells of being read.
    guard.key(() => {
      if (context === undefined || this.policy.inputs.watch.length === 0) return ask();
      return runInView(context, ask);
    });
  }

  get #producerMs(): number {
    return Math.max(0, this.runtime.clock.monotonic() - this.#startedAt);
  }

  refuse(reason: Refusal): void {
    const detail = reason === 'input' ? this.#guard?.refusal : undefined;
    this.#lead?.refuse(reason, this.host.route(this.req), detail);
  }

  /** Where a warning about an input comes from. */
  #place(isStored: boolean): Place {
    const route = this.host.route(this.req);
    return { method: this.req.method ?? 'GET', route, isStored, telemetry: this.runtime.telemetry, now: this.now };
  }

  get now(): number {
    return this.runtime.clock.monotonic();
  }

  #run(): void {
    const { req, res, policy } = this;
    this.#startedAt = this.runtime.clock.monotonic();
    this.#moment = momentNow();
    const keyedBy = this.host.prepare?.(req);
    if (req.method === 'GET') this.preconditions.validate(validatingFields(this.#lead?.freshenable, this.#startedAt));
    this.preconditions.hide();
    const begin = this.#standIns.ready();
    this.#recorder = new Recorder(res, policy.maxBodyBytes, this);
    this.#refilled = fillingsOf(policy.placeholders, req, res)?.map(({ value }) => value);
    const { key, inputs } = policy;
    // That a placeholder is empty says nothing of what else is.
    const values = this.#refilled?.filter((value) => value !== '');
    // Without a guard nobody knows what the key covers.
    if (inputs.mode !== 'off' || key !== undefined) {
      this.#guard = new InputGuard(req, res, policy, this, values);
      this.#guard.keyedBy = keyedBy;
    }
    this.#context = new ViewContext((reason) => this.refuse(reason));
    const guard = this.#guard;
    if (inputs.watch.length > 0) this.#context.onStoreRead = (storage) => guard?.noteStore(storage);
    if (key !== undefined && this.#guard !== undefined) this.#keyInputs(this.#guard, key);
    if (inputs.mode === 'off') this.#guard?.stop();
    this.#inheritance.take(visitorOf(res), this.#context);
    markLeading(res, this);
    begin();
    runInView(this.#context, this.next);
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
