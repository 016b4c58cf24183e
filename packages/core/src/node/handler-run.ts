import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerOf } from '../base/answer.js';
import type { CacheRuntime } from '../cache/runtime.js';
import type { ViewPolicy } from '../config/view-options.js';
import type { Begun, Candidate, Lead } from '../engine/lead.js';
import type { NestedTag } from '../engine/nested-tag.js';
import type { RequestFields } from '../engine/variants.js';
import { runInView, ViewContext } from '../engine/view-context.js';
import { momentNow } from '../invalidation/tag-table.js';
import type { Refusal } from '../ports/event-sink.js';
import { declaredTags } from './declared-tags.js';
import { EXPRESS_DIALECT } from './dialect.js';
import { earlyWatchOf } from './early-watch.js';
import { forbidKeeping } from './emission.js';
import { type Framing, judge } from './frame-head.js';
import { Freshening } from './freshening.js';
import { addVary, setStatus, setTiming } from './head-fields.js';
import { Inheritance } from './inheritance.js';
import type { InnerLayers } from './inner-layers.js';
import { type GuardOwner, InputGuard } from './input-guard.js';
import { type Place, warnOfCredentials, warnOfRelease } from './input-warnings.js';
import type { JudgedRun } from './judged-run.js';
import { type Declared, type LeadingVisitor, markLeading, visitorOf } from './leading.js';
import { makeCandidate, refusesLate } from './make-candidate.js';
import { fillingsOf } from './placeholders.js';
import { Recorder } from './recorder.js';
import type { RecorderListener } from './recorder-listener.js';
import type { Refresh } from './refresh.js';
import { repeatedField } from './repeated-fields.js';
import type { ResponseHead } from './response-head.js';
import { freshenedCandidate, validatingFields } from './revalidation.js';
import type { RunVisitor } from './run-visitor.js';
import type { StaleView } from './stale-view.js';
import type { StandIns } from './stand-ins.js';
import type { ViewHost } from './view-host.js';

/** One run of a handler: what it reads is watched, what it answers is recorded, judged, and offered for storing. */
export class HandlerRun<Req extends IncomingMessage, Res extends ServerResponse>
  implements RecorderListener<Recorder>, LeadingVisitor, GuardOwner, JudgedRun<Req, Res>
{
  readonly req: Req;
  readonly res: Res;
  readonly policy: ViewPolicy<Req, Res>;
  readonly runtime: CacheRuntime;
  readonly host: ViewHost<Req>;
  readonly stale: StaleView;
  readonly fields: RequestFields;
  recorder: Recorder | undefined;
  guard: InputGuard | undefined;
  context: ViewContext | undefined;
  readonly #visitor: RunVisitor<Req, Res>;
  readonly #lead: Lead;
  readonly #standIns: StandIns<Req, Res>;
  readonly #refresh: Refresh<Req, Res>;
  /** Where a stored response may be freshened. */
  #freshening: Freshening | undefined;
  readonly #inheritance: Inheritance;
  /** What is offered for storing, or why nothing is, where the whole response was there with its head. */
  #made: Candidate | Refusal | undefined;
  /** The values of placeholders before the handler ran. */
  #refilled: readonly string[] | undefined;
  #startedAt = 0;
  /** When the handler began, by the count of all invalidations. */
  #moment = 0;

  constructor(visitor: RunVisitor<Req, Res>, lead: Lead, standIns: StandIns<Req, Res>, refresh: Refresh<Req, Res>) {
    this.req = visitor.req;
    this.res = visitor.res;
    this.policy = visitor.policy;
    this.runtime = visitor.runtime;
    this.host = visitor.host;
    this.stale = visitor.stale;
    this.fields = visitor.fields;
    this.#visitor = visitor;
    this.#lead = lead;
    this.#standIns = standIns;
    this.#refresh = refresh;
    this.#inheritance = new Inheritance(visitor.runtime.tags);
  }

  /** Lets the handler answer. */
  begin(): void {
    const { req, res, policy } = this;
    this.#startedAt = this.runtime.clock.monotonic();
    this.#moment = momentNow();
    const keyedBy = this.host.prepare?.(req);
    if (req.method === 'GET')
      this.#visitor.preconditions.validate(validatingFields(this.#lead.freshenable, this.#startedAt));
    this.#visitor.preconditions.hide();
    const begin = this.#standIns.ready();
    this.recorder = new Recorder(res, policy.maxBodyBytes, this);
    this.#refilled = fillingsOf(policy.placeholders, req, res)?.map(({ value }) => value);
    const { key, inputs } = policy;
    // That a placeholder is empty says nothing of what else is.
    const values = this.#refilled?.filter((value) => value !== '');
    // Without a guard nobody knows what the key covers.
    if (inputs.mode !== 'off' || key !== undefined) {
      this.guard = new InputGuard(req, res, policy, this, values, this.host.front?.(req));
      this.guard.keyedBy = keyedBy;
    }
    this.context = new ViewContext((reason) => this.refuse(reason));
    this.context.home = this.runtime.tags;
    this.context.tracksReads = policy.trackReads ?? this.runtime.tracksReads;
    if (inputs.mode !== 'off') this.context.hearer = this.guard;
    if (key !== undefined && this.guard !== undefined) this.#keyInputs(this.guard, key);
    const early = earlyWatchOf(req);
    if (early !== undefined) this.guard?.noteEarly(early.inputs);
    if (inputs.mode === 'off') this.guard?.leave();
    this.#inheritance.take(visitorOf(res), this.context);
    markLeading(res, this);
    begin();
    runInView(this.context, this.#visitor.next);
  }

  /** The method that what is offered for storing answers: not always the visitor's own. */
  get method(): string {
    return this.#freshening?.freshened === undefined ? (this.req.method ?? '') : 'GET';
  }

  get mayAnswerOtherwise(): boolean {
    return this.#visitor.preconditions.decide;
  }

  get isAwaited(): boolean {
    return this.#lead.hasWaiters;
  }

  forbid(): void {
    if (!this.#visitor.isWithdrawn) this.refuse('no-store');
  }

  withdraw(): void {
    this.#visitor.isWithdrawn = true;
    this.context?.end();
    this.#standIns.patience.forget();
    this.guard?.leave();
    this.#lead.withdraw();
    this.#visitor.preconditions.show();
  }

  get layers(): InnerLayers | undefined {
    return this.guard?.isListening === true ? this.guard.layers : undefined;
  }

  released(isNew: boolean): void {
    this.refuse('input');
    if (isNew) warnOfRelease(this.policy.inputs, this.#place(false));
  }

  leaving(): void {
    this.guard?.conclude();
    this.guard?.suspend();
  }

  mayReplace(status: number): boolean {
    return this.#standIns.mayReplace(status);
  }

  head(recorder: Recorder): 304 | 412 | 'replaced' | undefined {
    if (this.#visitor.isWithdrawn || recorder.head === undefined) return undefined;
    const { status } = recorder.head;
    const head = this.#freshen(recorder, recorder.head);
    if (!head.isReadable) {
      if (this.#standIns.isFailure(status)) this.#standIns.failed();
      this.refuse('head');
      return this.#replaceFailure(status) ? 'replaced' : undefined;
    }
    const guard = this.guard;
    const framing = this.#judge(head);
    addVary(
      recorder,
      head,
      framing.codings === undefined ? framing.selecting : [...framing.selecting, 'accept-encoding'],
    );
    // Where all of it is here with the head, what becomes of it is known now, and Cache-Status can say so.
    if (recorder.isWhole) this.#made = this.#make(recorder, head, framing);
    const early = typeof this.#made === 'string' ? this.#made : this.#refusalBy(recorder, framing);
    const isValid = this.#lead.admits({ tags: framing.tags, nested: this.nested });
    const refusal = this.#lead.refusal ?? early ?? (recorder.isWhole ? this.#whyLate(isValid) : undefined);
    const isKept = recorder.isWhole && refusal === undefined;
    const { storesNothing } = this.runtime;
    const made = typeof this.#made === 'object' && isKept ? this.#made : undefined;
    if (made?.etag !== undefined && framing.etag === undefined) recorder.setField('ETag', made.etag);
    const instead = this.#visitor.preconditions.instead(head.status, made ?? framing, this.runtime.clock.now());
    setStatus(recorder, head, this.policy.cacheStatus, {
      lead: this.#lead,
      refusal: isKept && storesNothing ? 'null-store' : refusal,
      isStored: isKept && !storesNothing,
      guard,
      fwdStatus: (instead ?? head.status) === status ? undefined : status,
    });
    if (!isValid) forbidKeeping(recorder, head);
    else if (isKept) this.#visitor.emission.addTo(recorder, head, framing, this.req, this.runtime.clock.now());
    if (this.policy.serverTiming) setTiming(recorder, head, this.#lead.fwd, this.#producerMs);
    // Before those who wait go on: they are to leave it alone.
    if (this.#standIns.isFailure(head.status)) this.#standIns.failed();
    if (early !== undefined) this.refuse(early);
    if (this.#replaceFailure(head.status)) return 'replaced';
    return this.#visitor.isRefresh ? undefined : instead;
  }

  /** Why what is whole by now would not be stored any more. */
  #whyLate(isValid: boolean): Refusal | undefined {
    if (!isValid) return 'invalidated';
    return this.#lead.isOvertaken ? 'overtaken' : undefined;
  }

  /** What a handler reads after the first part of its body counts as well. */
  #refusalBy({ isWhole }: Recorder, { refusal }: Framing): Refusal | undefined {
    return refusal === 'nothing-tracked' && !isWhole ? undefined : refusal;
  }

  /** The head that is judged: that of a stored response, where the handler has only said that it still holds. */
  #freshen(recorder: Recorder, head: ResponseHead): ResponseHead {
    const { freshenable } = this.#lead;
    if (freshenable === undefined) return head;
    this.#freshening = new Freshening(this);
    return this.#freshening.headOf(recorder, head, freshenable, this.#visitor.preconditions.isValidating);
  }

  /** Answers with what is stored in place of a status by which the handler fails. */
  #replaceFailure(status: number): boolean {
    return this.#standIns.isFailure(status) && this.#standIns.replace({ detail: 'error', fwdStatus: status });
  }

  returning(): void {
    this.guard?.resume();
  }

  ended(recorder: Recorder): void {
    const { patience, late } = this.#standIns;
    patience.forget();
    // What its handler reads from now on is no part of it.
    this.context?.end();
    this.guard?.stop();
    this.#visitor.preconditions.show();
    const { head } = recorder;
    // Of one that was broken off nothing is to be learnt.
    if (this.#visitor.isWithdrawn || head === undefined || this.#lead.refusal === 'aborted') return;
    if (!head.isReadable) {
      this.#refresh.learnFrom(head.status, 'head');
      return;
    }
    // After its first chunk a handler may have read, declared and refused what was not known with the head.
    const made = this.#made ?? this.#make(recorder, head, this.#judge(head));
    const refusal =
      typeof made === 'string' ? made : (late ?? refusesLate(made, recorder, this) ?? this.#refresh.differs(made));
    if (typeof made === 'string' || refusal !== undefined) this.refuse(refusal ?? 'view');
    else this.#lead.complete(made);
    if (this.guard?.hasUses === true) this.guard.report(this.#place(refusal === undefined), refusal === 'input');
    else if (refusal === 'authorization') warnOfCredentials(this.policy.inputs, this.#place(false));
    this.#refresh.learnFrom(head.status, refusal);
  }

  failed(): void {
    this.refuse('aborted');
  }

  overflowed(): void {
    this.refuse('too-large');
  }

  closed(): void {
    this.context?.end();
    this.#standIns.patience.forget();
    // Where there is no client who could have gone, the handler has broken off.
    if (this.#visitor.isRefresh || this.#standIns.hasAnswered) this.#standIns.failed();
    this.refuse('aborted');
  }

  /** By the head, and by what was read until now. */
  #judge(head: ResponseHead): Framing {
    const guard = this.guard;
    if (guard !== undefined && guard.learned.size > 0) guard.weigh(this.#lead, this.#place(false));
    return judge(head, this);
  }

  #make(recorder: Recorder, head: ResponseHead, framing: Framing): Candidate | Refusal {
    if (framing.refusal !== undefined) return framing.refusal;
    if (!this.#inheritance.admits(() => [...framing.tags, ...this.#visitor.key.tags])) return 'invalidated';
    const made = makeCandidate(recorder, head, this, framing, this.#producerMs);
    if (typeof made === 'string') return made;
    const freshened = this.#freshening?.freshened;
    if (freshened !== undefined) return freshenedCandidate(made, freshened, this.#visitor.key.tags);
    return this.#isRepeating(made) ? 'input' : made;
  }

  /** The response shows what a field says that is no input of pages. */
  #isRepeating(made: Candidate): boolean {
    const guard = this.guard;
    const name = guard === undefined ? undefined : repeatedField(guard.passed, this.fields, made);
    if (name !== undefined) guard?.refuse(`header ${name}`);
    return name !== undefined && guard?.refusal !== undefined;
  }

  /** Whether these are the values of placeholders that were there before the handler ran, where there were any. */
  knows(values: readonly string[]): boolean {
    return this.#refilled?.every((value, at) => value === '' || value === values[at]) ?? true;
  }

  /** The tags of cached values that the handler has used. */
  get nested(): readonly NestedTag[] {
    return this.context?.nested ?? [];
  }

  /** The run of a view further outside that this one is a part of. */
  get begun(): Begun | undefined {
    return this.#inheritance.begun;
  }

  declared(): Declared | undefined {
    const context = this.context;
    return this.#inheritance.handOn(this.#lead, context, () => declaredTags(this), this.#moment);
  }

  /** Inputs that the `key` option reads are in the key; it has answered once already, and must not fail the visitor now. */
  #keyInputs(guard: InputGuard, key: (req: Req) => unknown): void {
    const ask = () =>
      answerOf(
        () => key(this.req),
        () => this.refuse('input'),
      );
    const context = this.context;
    // Inside the view, where a storage that is watched tells of being read.
    guard.key(() => {
      if (context === undefined || this.policy.inputs.watch.length === 0) return ask();
      return runInView(context, ask);
    });
  }

  get #producerMs(): number {
    return Math.max(0, this.runtime.clock.monotonic() - this.#startedAt);
  }

  /** Where a warning about an input comes from. */
  #place(isStored: boolean): Place {
    const { req, runtime, host } = this;
    const { clock, telemetry } = runtime;
    const { dialect = EXPRESS_DIALECT } = host;
    const who = { method: req.method ?? 'GET', route: host.route(req), handler: host.handler?.(req), dialect };
    return { ...who, isStored, telemetry, now: clock.monotonic() };
  }

  refuse(reason: Refusal): void {
    this.#visitor.refuse(reason);
  }
}
