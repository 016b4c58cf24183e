import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerOf } from '../base/answer.js';
import type { CacheRuntime } from '../cache/runtime.js';
import type { ViewPolicy } from '../config/view-options.js';
import type { CacheKey } from '../engine/cache-key.js';
import type { Answer, Visitor } from '../engine/flight.js';
import type { Candidate, Lead } from '../engine/lead.js';
import type { LocalItem } from '../engine/local-item.js';
import type { RequestFields } from '../engine/variants.js';
import { runInView, ViewContext } from '../engine/view-context.js';
import { momentNow } from '../invalidation/tag-table.js';
import type { Refusal } from '../ports/event-sink.js';
import { addVary, declaredTags, type Framing, isNotModified, judge, setStatus } from './frame-head.js';
import { InputGuard } from './input-guard.js';
import { type Declared, type LeadingVisitor, markLeading, visitorOf } from './leading.js';
import { makeCandidate, refusesLate } from './make-candidate.js';
import { fillingsOf } from './placeholders.js';
import { Recorder, type RecorderListener } from './recorder.js';
import type { OuterFields, ResponseHead } from './response-head.js';

/** What the web framework knows of a request, and the engine does not. */
export interface ViewHost<Req> {
  /** Through the app's own trust-proxy setting. */
  scheme(req: Req): string;
  /** Through the app's own trust-proxy setting; as the client sent it. */
  host(req: Req): string;
  /**
   * What handlers read of the target beside scheme, host and URL, as text that is the same wherever it is the same;
   * `undefined` where it cannot be told.
   */
  beside?(req: Req): string | undefined;
  /** The route's pattern, `/cities/:id`, known once the handler has run. */
  route(req: Req): string;
  /** Prepares the request for being watched. */
  prepare?(req: Req): void;
  /**
   * Told at each hit and miss of the fields that outer middleware had set.
   *
   * @param variantBy - the variant that the request selects, also by these names; `undefined` where the client itself
   * selects another one, whose fields middleware has replaced
   */
  observeOuter?(
    req: Req,
    outer: OuterFields | undefined,
    variantBy: (names: readonly string[]) => string | undefined,
  ): void;
}

/** Fields of a conditional request that are answered here: on a cold key they would make a handler answer 304. */
const CONDITIONS = ['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'if-range'] as const;

/** One request to a cached view that found no hit: it waits, or runs its handler and offers what that answers. */
export class ViewVisitor<Req extends IncomingMessage, Res extends ServerResponse>
  implements Visitor, RecorderListener, LeadingVisitor
{
  readonly fields: RequestFields;
  /** The request's own preconditions, while they are hidden from the handler. */
  readonly conditions: Record<string, string | undefined> = {};
  isConditional = false;
  /** Not stored: another cached view inside this one has taken over. */
  #isWithdrawn = false;
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
  #inherited: Declared | undefined;
  /** Something was invalidated here between the start of an outer view, of another cache, and of this one. */
  #isOutrun = false;
  #isAnswered = false;
  #scope: AsyncResource | undefined;

  constructor(
    readonly key: CacheKey,
    readonly req: Req,
    readonly res: Res,
    readonly next: (error?: unknown) => void,
    readonly policy: ViewPolicy<Req, Res>,
    readonly runtime: CacheRuntime,
    readonly host: ViewHost<Req>,
    readonly writeAnswer: (item: LocalItem, how: Answer) => boolean,
  ) {
    // A copy: what middleware inside the view writes into the request must not change which variant this is.
    const headers = { ...req.headers };
    this.fields = {
      get: (name) => {
        const value = headers[name];
        return Array.isArray(value) ? value.join(', ') : value;
      },
    };
  }

  get policyNames(): readonly string[] {
    return this.policy.vary;
  }

  get isGone(): boolean {
    const { res } = this;
    // Also when somebody else has answered meanwhile, such as a timeout.
    return res.destroyed || res.headersSent || res.socket?.destroyed === true;
  }

  get isAwaited(): boolean {
    return this.#lead?.hasWaiters === true;
  }

  /** Remembers the visitor's asynchronous context when it has to wait: its handler must not run in another visitor's. */
  wait(): void {
    if (this.#lead === undefined && !this.#isAnswered) this.#scope = new AsyncResource('viewcache.visitor');
  }

  answer(item: LocalItem, how: Answer): void {
    this.#isAnswered = true;
    this.#inScope(() => {
      if (this.isGone || this.writeAnswer(item, how)) return;
      this.next();
    });
  }

  lead(lead: Lead): void {
    this.#lead = lead;
    this.#inScope(() => this.#run());
  }

  hurry(): void {
    this.#recorder?.hurry();
  }

  forbid(): void {
    if (!this.#isWithdrawn) this.#refuse('no-store');
  }

  withdraw(): void {
    this.#isWithdrawn = true;
    this.#guard?.stop();
    this.#lead?.withdraw();
    this.#showConditions();
  }

  leaving(): void {
    this.#guard?.suspend();
  }

  head(recorder: Recorder): 304 | undefined {
    const { head } = recorder;
    if (this.#isWithdrawn || head === undefined || this.#lead === undefined) return undefined;
    if (!head.isReadable) {
      this.#refuse('head');
      return undefined;
    }
    const guard = this.#guard;
    const framing = judge(head, this, guard, this.#context);
    addVary(recorder, head, framing.selecting);
    // Where all of it is here with the head, what becomes of it is known now, and Cache-Status can say so.
    if (recorder.isWhole) this.#made = this.#make(recorder, head, framing);
    const early = typeof this.#made === 'string' ? this.#made : framing.refusal;
    const isValid = this.#lead.admits(framing.tags);
    const refusal = early ?? (recorder.isWhole && !isValid ? 'invalidated' : undefined);
    const isStored = recorder.isWhole && refusal === undefined && !this.runtime.storesNothing;
    setStatus(recorder, head, this.policy.cacheStatus, { lead: this.#lead, refusal, isStored, guard });
    if (early !== undefined) this.#refuse(early);
    return isNotModified(head, framing, this) ? 304 : undefined;
  }

  returning(): void {
    this.#guard?.resume();
  }

  ended(recorder: Recorder): void {
    this.#guard?.stop();
    this.#showConditions();
    const { head } = recorder;
    const lead = this.#lead;
    if (this.#isWithdrawn || lead === undefined || head?.isReadable !== true) return;
    // After its first chunk a handler may have read, declared and refused what was not known with the head.
    const made = this.#made ?? this.#make(recorder, head, judge(head, this, this.#guard, this.#context));
    const refusal = typeof made === 'string' ? made : refusesLate(made, recorder, this);
    if (typeof made === 'string' || refusal !== undefined) this.#refuse(refusal ?? 'view');
    else lead.complete(made);
  }

  failed(): void {
    this.#refuse('aborted');
  }

  overflowed(): void {
    this.#refuse('too-large');
  }

  closed(): void {
    this.#refuse('aborted');
  }

  #make(recorder: Recorder, head: ResponseHead, framing: Framing): Candidate | Refusal {
    if (framing.refusal !== undefined) return framing.refusal;
    if (this.#isOutrun) return 'invalidated';
    const { tags } = this.runtime;
    // What was read between the two views was read under the outer one's token, and is in here, whatever it depends on.
    const inherited = this.#inherited;
    if (inherited?.clock === tags && !tags.admits([...framing.tags, ...this.key.tags], inherited.token))
      return 'invalidated';
    return makeCandidate(recorder, head, this, framing, this.#producerMs);
  }

  /** Whether these are the values of placeholders that were there before the handler ran, where there were any. */
  knows(values: readonly string[]): boolean {
    return this.#refilled?.every((value, at) => value === '' || value === values[at]) ?? true;
  }

  /** What the outer view's code has declared for a response that is now this one's to store. */
  #inherit(outer: LeadingVisitor | undefined, context: ViewContext): void {
    const declared = outer?.declared();
    if (declared === undefined) return;
    if (declared.tags === undefined) context.refuse('tag');
    else context.dependsOn(...declared.tags);
    context.varyOn(...declared.varyNames);
    if (declared.refusal !== undefined) context.refuse(declared.refusal);
    this.#inherited = declared;
    const { tags } = this.runtime;
    this.#isOutrun = declared.clock !== tags && tags.hasMovedSince(declared.moment);
  }

  declared(): Declared | undefined {
    const context = this.#context;
    const lead = this.#lead;
    if (context === undefined || lead === undefined) return this.#inherited;
    const { token, clock, moment } = this.#inherited ?? {
      token: lead.token,
      clock: this.runtime.tags,
      moment: this.#moment,
    };
    const tags = declaredTags(this, context);
    return { tags, varyNames: [...context.varyNames], refusal: context.refusal, token, clock, moment };
  }

  /** Inputs that the `key` option reads are in the key; it has answered once already, and must not fail the visitor now. */
  #keyInputs(guard: InputGuard, key: (req: Req) => unknown): void {
    guard.key(() =>
      answerOf(
        () => key(this.req),
        () => this.#refuse('input'),
      ),
    );
  }

  get #producerMs(): number {
    return Math.max(0, this.runtime.clock.monotonic() - this.#startedAt);
  }

  #refuse(reason: Refusal): void {
    this.#lead?.refuse(reason, this.host.route(this.req));
  }

  #run(): void {
    const { req, res, policy } = this;
    this.#startedAt = this.runtime.clock.monotonic();
    this.#moment = momentNow();
    this.host.prepare?.(req);
    this.#hideConditions();
    this.#recorder = new Recorder(res, policy.maxBodyBytes, this);
    this.#refilled = fillingsOf(policy.placeholders, req, res)?.map(({ value }) => value);
    // That a placeholder is empty says nothing of what else is.
    const values = this.#refilled?.filter((value) => value !== '');
    this.#guard = new InputGuard(req, res, policy.vary, values);
    this.#context = new ViewContext((reason) => this.#refuse(reason));
    const { key } = policy;
    if (key !== undefined) this.#keyInputs(this.#guard, key);
    this.#inherit(visitorOf(res), this.#context);
    markLeading(res, this);
    runInView(this.#context, this.next);
  }

  #inScope(run: () => void): void {
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

  #hideConditions(): void {
    const { headers } = this.req;
    for (const name of CONDITIONS) {
      const value = headers[name];
      if (value === undefined) continue;
      this.isConditional = true;
      this.conditions[name] = String(value);
      delete headers[name];
    }
  }

  #showConditions(): void {
    if (this.isConditional) Object.assign(this.req.headers, this.conditions);
  }
}
