import type { IncomingMessage, ServerResponse } from 'node:http';
import { saysTrue } from '../base/answer.js';
import type { Cache } from '../cache/cache.js';
import { type CacheRuntime, runtimeOf } from '../cache/runtime.js';
import type { ViewPolicy } from '../config/view-options.js';
import type { CacheKey } from '../engine/cache-key.js';
import type { LocalItem } from '../engine/local-item.js';
import { isSafeMethod } from '../http/unsafe-method.js';
import type { Bypass } from '../ports/event-sink.js';
import { forwardOf } from '../telemetry/telemetry.js';
import { invalidateOnSuccess } from './invalidate-on-success.js';
import { visitorOf } from './leading.js';
import { isNever } from './never.js';
import { warnOfOption } from './option-warning.js';
import { RequestLimits } from './request-limits.js';
import { hasBody, takeOuterFields } from './response-head.js';
import { fieldsOf, SentFields } from './sent-fields.js';
import { StaleView } from './stale-view.js';
import { ViewAnswers } from './view-answers.js';
import type { ViewHost } from './view-host.js';
import { type Target, ViewKeys } from './view-keys.js';
import { ViewVisitor } from './view-visitor.js';
import { RequestAnswers } from './visitor-answers.js';
import { watchStorages } from './watched-storages.js';

type Next = (error?: unknown) => void;
type Done = (() => void) | undefined;

/** What is known of requests that go without the middleware in front. */
export interface EarlyTerms {
  /** Name, value, name, value of what that middleware sets. */
  readonly front: readonly string[];
  /** Request fields that those vary by, in lower case. */
  readonly frontVary: readonly string[];
  /** Whether the middleware has let such a request through to this variant of this URL, as the client spells it. */
  hasLetThrough(variant: string, url: string): boolean;
}

/** What is known of requests that are answered in front of where the view stands. */
export interface AheadTerms {
  /** Whether this stored response may answer there. */
  mayAnswer(item: LocalItem): boolean;
  /** The answer is about to be written. */
  ready(): void;
}

/**
 * Serves one cached view: the same for every web framework, which only says how to read its requests.
 *
 * The hit path is straight and synchronous: key, look-up, bytes out.
 */
export class ViewServer<
  Req extends IncomingMessage & { originalUrl?: string; baseUrl?: string },
  Res extends ServerResponse,
> {
  readonly #policy: ViewPolicy<Req, Res>;
  readonly #cacheOf: () => Cache;
  readonly #host: ViewHost<Req>;
  readonly #answers: ViewAnswers<Req, Res>;
  readonly #keys: ViewKeys<Req, Res>;
  readonly #stale: StaleView;
  #runtime: CacheRuntime | undefined;

  constructor(policy: ViewPolicy<Req, Res>, cacheOf: () => Cache, host: ViewHost<Req>) {
    this.#policy = policy;
    watchStorages(policy.inputs.watch);
    this.#cacheOf = cacheOf;
    this.#host = host;
    this.#keys = new ViewKeys(policy, host, (...failure) => this.#warn(...failure));
    this.#stale = new StaleView(policy.stale);
    this.#answers = new ViewAnswers(policy, () => this.runtime);
  }

  /** The inner parts of the cache; found on first use, so that the default cache may be set after routes are made. */
  get runtime(): CacheRuntime {
    return this.#runtime ?? this.#attach();
  }

  /** At the beginning of each request: the default cache may be another one by now. */
  #attach(): CacheRuntime {
    const runtime = runtimeOf(this.#cacheOf());
    if (runtime === undefined) throw new TypeError('not a cache made by createCache()');
    if (runtime === this.#runtime) return runtime;
    runtime.urlReadings.add(this.#policy.isIgnored);
    this.#runtime = runtime;
    return runtime;
  }

  /**
   * Answers the request from the cache, or lets `next` answer it and stores what may be stored.
   *
   * @param done - called once where the request has been answered, or its client has gone, and `next` never will be. Not
   * yet where `next` is to make what was stored new behind the answer
   */
  handle(req: Req, res: Res, next: Next, done?: () => void): void {
    const { methods } = this.#policy;
    const method = req.method ?? 'GET';
    this.#attach();
    if (!methods.has(method)) {
      if (!isSafeMethod(method)) invalidateOnSuccess(req, res, this.#host, this.runtime, this.#policy.keys);
      this.#pass(req, res, next, 'method');
      return;
    }
    const bypass = this.#whyBypassed(req, res, method);
    if (bypass !== undefined) {
      this.#pass(req, res, next, bypass);
      return;
    }
    const target = this.#keys.targetOf(req, res);
    const key = target === undefined ? undefined : this.#keys.keyOf(req, method, target);
    if (target === undefined || key === undefined) this.#pass(req, res, next, 'key');
    else this.#serve(req, res, next, done, key, target);
  }

  /** Answers a request that no middleware has seen from a fresh stored response, with the fields they would have set. */
  answerEarly(req: Req, res: Res, scheme: string, host: string, beside: string, terms: EarlyTerms): boolean {
    const { engine, isOff } = this.#attach();
    if (isOff) return false;
    const url = req.url ?? '/';
    const { front, frontVary } = terms;
    const key = this.#policy.keys.plain('GET', scheme, host, url, beside);
    const fields = fieldsOf(req);
    if (!terms.hasLetThrough(engine.variantOf(key, this.#namesWith(frontVary), fields), url)) return false;
    const item = engine.find(key, this.#policy.vary, fields);
    if (item === undefined || item.stored.placeholders.length > 0) return false;
    if (this.#isDue(item)) return false;
    if (!key.isRemembered) this.#policy.keys.remember(key);
    this.#answers.writeEarly(req, res, item, front);
    return true;
  }

  /**
   * Answers a request from a fresh stored response in front of where the view stands, where the same request is asked for
   * by {@link handle} otherwise; false, with nothing changed, where it cannot be.
   */
  answerAhead(req: Req, res: Res, terms: AheadTerms): boolean {
    const { engine, isOff, clock } = this.#attach();
    const { honours, keys, vary } = this.#policy;
    if (isOff || isNever(res) || res.headersSent || visitorOf(res) !== undefined) return false;
    const target = this.#keys.targetOf(req, res);
    const key = target === undefined ? undefined : this.#keys.keyOf(req, 'GET', target);
    if (key === undefined) return false;
    const limits = honours === undefined ? undefined : new RequestLimits(req, honours);
    if (limits?.noStore === true || limits?.noCache === true) return false;
    const item = engine.find(key, vary, fieldsOf(req));
    if (item === undefined || item.stored.placeholders.length > 0 || this.#isDue(item)) return false;
    if (limits?.accepts(item, clock.monotonic()) === false || !terms.mayAnswer(item)) return false;
    terms.ready();
    if (!key.isRemembered) keys.remember(key);
    return this.#answers.writeItem(req, res, item, 'hit');
  }

  #serve(req: Req, res: Res, next: Next, done: Done, key: CacheKey, target: Target): void {
    const { engine } = this.runtime;
    const policy = this.#policy;
    const limits = policy.honours === undefined ? undefined : new RequestLimits(req, policy.honours);
    if (limits?.noStore === true) {
      this.#pass(req, res, next, 'request');
      return;
    }
    // A hit tells as much of the middleware in front as a miss does.
    this.#host.observeOuter?.(req, takeOuterFields(res), (names) => this.#sentVariant(req, key, names));
    const isRefused = limits?.noCache === true;
    const item = isRefused ? undefined : engine.find(key, policy.vary, fieldsOf(req));
    const isTaken = item !== undefined && limits?.accepts(item, this.runtime.clock.monotonic()) !== false;
    if (isTaken) this.#host.observeHit?.(req, item);
    if (isTaken && !this.#isDue(item) && this.#answers.writeItem(req, res, item, 'hit')) {
      if (!key.isRemembered) policy.keys.remember(key);
      done?.();
      return;
    }
    const usable = isTaken ? item : this.#whileRevalidating(req, key, limits);
    if (usable !== undefined) {
      if (!this.#mayFill(req)) {
        if (this.#answers.writeItem(req, res, usable, 'hit')) {
          done?.();
          return;
        }
      } else {
        const visitor = this.#visitor(req, res, next, done, key, target, limits);
        if (visitor.revalidate(usable)) return;
        visitor.forget();
      }
    }
    const isCachedOnly = limits?.onlyIfCached === true;
    if (isCachedOnly || (req.method === 'HEAD' && policy.revalidatableMs > 0)) {
      // HEAD never fills, but may tell of something stale whether it still holds (RFC 9111 §4.3.5).
      const asking = this.#visitor(req, res, next, done, key, target, limits);
      engine.fetchApart(asking);
      asking.wait();
      return;
    }
    // HEAD never fills: its response has no body. A part of a response is not stored either (RFC 9111 §3.3).
    if (req.method === 'HEAD' || req.headers.range !== undefined) {
      this.#pass(req, res, next, req.method === 'HEAD' ? 'method' : 'partial');
      return;
    }
    const visitor = this.#visitor(req, res, next, done, key, target, limits);
    // What is stored was not new enough for this request.
    visitor.isDemanding = isRefused || (limits !== undefined && usable === undefined);
    if (visitor.rest()) return;
    visitor.growImpatient();
    // What only this visitor may see, or a response it asked to be new, is no answer for others who wait.
    if (isRefused) engine.fetchAlone(visitor, 'request');
    else if (item !== undefined) engine.fetchAlone(visitor, 'request');
    else if (this.#isUnkeyedIdentity(req)) engine.fetchApart(visitor);
    else engine.fetch(visitor);
    visitor.wait();
  }

  #isDue(item: LocalItem): boolean {
    return this.#policy.stale.earlyRefreshMs > 0 && this.#stale.isDue(item, this.runtime.clock.monotonic());
  }

  /** What is stale and may answer this request while it is made new. */
  #whileRevalidating(req: Req, key: CacheKey, limits: RequestLimits | undefined): LocalItem | undefined {
    if (limits?.noCache === true) return undefined;
    const { engine, clock } = this.runtime;
    const found = engine.findStale(key, this.#policy.vary, fieldsOf(req));
    const item = this.#stale.whileRevalidating(found, clock.monotonic());
    return item !== undefined && limits?.accepts(item, clock.monotonic()) === false ? undefined : item;
  }

  #visitor(
    req: Req,
    res: Res,
    next: Next,
    done: Done,
    key: CacheKey,
    target: Target,
    limits: RequestLimits | undefined,
  ): ViewVisitor<Req, Res> {
    const { runtime } = this;
    const answers = new RequestAnswers(this.#answers, this.#keys, runtime.clock, req, res, target, limits);
    const visitor = new ViewVisitor<Req, Res>(
      key,
      req,
      res,
      next,
      done,
      this.#policy,
      runtime,
      this.#host,
      answers,
      this.#stale,
      this.#answers.emission,
    );
    visitor.mayFill = this.#mayFill(req);
    return visitor;
  }

  /** Whether the handler's answer to this request would be offered for storing, and shared with those who wait. */
  #mayFill(req: Req): boolean {
    return req.method !== 'HEAD' && req.headers.range === undefined && !this.#isUnkeyedIdentity(req);
  }

  /** The variant that a request selects, where the fields that its client sent select the same one. */
  #sentVariant(req: Req, key: CacheKey, names: readonly string[]): string | undefined {
    const { engine } = this.runtime;
    const all = this.#namesWith(names);
    const variant = engine.variantOf(key, all, fieldsOf(req));
    return engine.variantOf(key, all, new SentFields(req)) === variant ? variant : undefined;
  }

  #namesWith(names: readonly string[]): readonly string[] {
    const { vary } = this.#policy;
    return names.length === 0 ? vary : [...new Set([...vary, ...names])].sort();
  }

  /** A request with Authorization that the key does not cover: its response is rarely one that others may have. */
  #isUnkeyedIdentity(req: Req): boolean {
    const { key, vary, inputs } = this.#policy;
    if (inputs.hiddenFields.has('authorization')) return false;
    return req.headers.authorization !== undefined && key === undefined && !vary.includes('authorization');
  }

  #whyBypassed(req: Req, res: Res, method: string): Bypass | undefined {
    const { when } = this.#policy;
    if (this.runtime.isOff) return 'off';
    if (isNever(res)) return 'never-cache';
    // Part of the answer is out already: it can neither be taken from the cache nor recorded as a whole.
    if (res.headersSent) return 'headers-sent';
    if ((method === 'GET' || method === 'HEAD') && hasBody(req)) return 'body';
    if (when === undefined) return undefined;
    const isMeant = saysTrue(
      () => when(req),
      (why) => this.#warn(req, 'when', `${why}, the cache was bypassed`),
    );
    return isMeant ? undefined : 'when';
  }

  #pass(req: Req, res: Res, next: Next, reason: Bypass): void {
    this.runtime.telemetry.bypass(req.originalUrl ?? req.url ?? '', reason);
    const detail = this.#policy.cacheStatus === 'full' ? { detail: reason } : {};
    if (!res.headersSent) this.#answers.say(res, { fwd: forwardOf(reason), ...detail });
    visitorOf(res)?.withdraw();
    next();
  }

  #warn(req: Req, option: string, what: string): void {
    warnOfOption({ policy: this.#policy, host: this.#host, runtime: this.runtime }, req, option, what);
  }
}
