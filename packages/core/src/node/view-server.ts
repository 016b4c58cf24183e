import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerOf, ignoreRejection, kindOf, saysTrue } from '../base/answer.js';
import type { Cache } from '../cache/cache.js';
import { type CacheRuntime, runtimeOf } from '../cache/runtime.js';
import type { ViewPolicy } from '../config/view-options.js';
import type { CacheKey } from '../engine/cache-key.js';
import type { Answer } from '../engine/flight.js';
import type { LocalItem, StaleItem } from '../engine/local-item.js';
import { isProperty, selectingPropertyOf } from '../engine/selecting-values.js';
import type { RequestFields } from '../engine/variants.js';
import { cacheStatusWriter } from '../http/cache-status.js';
import { withStaleControl } from '../http/downstream.js';
import { formatServerTiming } from '../http/server-timing.js';
import { isSafeMethod } from '../http/unsafe-method.js';
import type { Bypass } from '../ports/event-sink.js';
import { forwardOf } from '../telemetry/telemetry.js';
import { Emission } from './emission.js';
import { invalidateOnSuccess } from './invalidate-on-success.js';
import { visitorOf } from './leading.js';
import { isNever } from './never.js';
import { fillHoles } from './placeholders.js';
import { RequestLimits } from './request-limits.js';
import { hasBody, takeOuterFields } from './response-head.js';
import { StaleView } from './stale-view.js';
import type { StandIn, VisitorAnswers } from './stand-in.js';
import { type ViewHost, ViewVisitor } from './view-visitor.js';
import { watchStorages } from './watched-storages.js';
import { type HitStyle, writeHit } from './write-hit.js';

type Next = (error?: unknown) => void;

const status = cacheStatusWriter('viewcache');

/** What is known of requests that go without the middleware in front. */
export interface EarlyTerms {
  /** Name, value, name, value of what that middleware sets. */
  readonly front: readonly string[];
  /** Request fields that those vary by, in lower case. */
  readonly frontVary: readonly string[];
  /** Whether the middleware has let such a request through to this variant of this URL, as the client spells it. */
  hasLetThrough(variant: string, url: string): boolean;
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
  readonly #hitStyle: HitStyle;
  readonly #collapsedStyle: HitStyle;
  readonly #stale: StaleView;
  #earlyStyle: HitStyle | undefined;
  readonly #emission: Emission;
  #runtime: CacheRuntime | undefined;

  constructor(policy: ViewPolicy<Req, Res>, cacheOf: () => Cache, host: ViewHost<Req>) {
    this.#policy = policy;
    watchStorages(policy.inputs.watch);
    this.#cacheOf = cacheOf;
    this.#host = host;
    this.#stale = new StaleView(policy.stale);
    this.#emission = new Emission(policy.emission);
    const wallClock = () => this.runtime.clock.now();
    const level = policy.cacheStatus;
    this.#hitStyle = {
      wallClock,
      serverTiming: policy.serverTiming ? (item) => timingOf(item, 'hit') : noField,
      front: [],
      cacheStatus: (item, ttl) =>
        level === 'none'
          ? undefined
          : level === 'short'
            ? status.hit(freshnessOf(item, ttl))
            : status.write({ hit: true, ttl: freshnessOf(item, ttl), key: item.stored.key }),
    };
    this.#collapsedStyle = {
      wallClock,
      serverTiming: policy.serverTiming ? (item) => timingOf(item, 'collapsed') : noField,
      front: [],
      cacheStatus: (item, ttl) =>
        level === 'none'
          ? undefined
          : status.write({
              fwd: 'uri-miss',
              collapsed: true,
              ttl: freshnessOf(item, ttl),
              ...(level === 'full' ? { key: item.stored.key } : {}),
            }),
    };
  }

  /** The inner parts of the cache; found on first use, so that the default cache may be set after routes are made. */
  get runtime(): CacheRuntime {
    if (this.#runtime === undefined) {
      const runtime = runtimeOf(this.#cacheOf());
      if (runtime === undefined) throw new TypeError('not a cache made by createCache()');
      runtime.urlReadings.add(this.#policy.isIgnored);
      this.#runtime = runtime;
    }
    return this.#runtime;
  }

  /** Answers the request from the cache, or lets `next` answer it and stores what may be stored. */
  handle(req: Req, res: Res, next: Next): void {
    const { methods } = this.#policy;
    const method = req.method ?? 'GET';
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
    const target = this.#targetOf(req, res);
    const key = target === undefined ? undefined : this.#keyOf(req, method, target);
    if (target === undefined || key === undefined) this.#pass(req, res, next, 'key');
    else this.#serve(req, res, next, key, target);
  }

  /** Answers a request that no middleware has seen from a fresh stored response, with the fields they would have set. */
  answerEarly(req: Req, res: Res, scheme: string, host: string, beside: string, terms: EarlyTerms): boolean {
    const { engine, telemetry, clock, isOff } = this.runtime;
    if (isOff) return false;
    const url = req.url ?? '/';
    const { front, frontVary } = terms;
    const key = this.#policy.keys.plain('GET', scheme, host, url, beside);
    const fields = fieldsOf(req);
    if (!terms.hasLetThrough(engine.variantOf(key, this.#namesWith(frontVary), fields), url)) return false;
    const item = engine.find(key, this.#policy.vary, fields);
    if (item === undefined || item.stored.placeholders.length > 0) return false;
    if (this.#isDue(item)) return false;
    if (this.#earlyStyle?.front !== front) this.#earlyStyle = { ...this.#hitStyle, front };
    if (!key.isRemembered) this.#policy.keys.remember(key);
    telemetry.hit(item.stored.key, item.counters, item.stored.route, false, item.stored.producerMs);
    const now = clock.monotonic();
    writeHit(req, res, item, now, this.#emission.styled(this.#earlyStyle, req, res, item, now));
    return true;
  }

  /** Writes a hit and counts it. False when it cannot be written: then the handler has to answer. */
  writeItem(req: Req, res: Res, item: LocalItem, how: Answer): boolean {
    const { telemetry, clock } = this.runtime;
    const { stored } = item;
    const filled = this.#filled(req, res, item);
    if (filled === null) return false;
    telemetry.hit(stored.key, item.counters, stored.route, how === 'collapsed', stored.producerMs);
    const style = how === 'collapsed' ? this.#collapsedStyle : this.#hitStyle;
    const now = clock.monotonic();
    writeHit(req, res, item, now, this.#emission.styled(style, req, res, item, now), filled);
    return true;
  }

  /** The body with its placeholders filled in, where it has any; `null` when there is no value for one. */
  #filled(req: Req, res: Res, { stored }: LocalItem): Buffer | undefined | null {
    if (stored.placeholders.length === 0) return undefined;
    return fillHoles(stored.body, stored.placeholders, (name) => this.#valueOf(name, req, res)) ?? null;
  }

  /** Writes a stored response in the handler's stead. */
  writeStandIn(req: Req, res: Res, item: LocalItem, standIn: StandIn): boolean {
    const { stored } = item;
    const filled = this.#filled(req, res, item);
    if (filled === null) return false;
    const level = this.#policy.cacheStatus;
    const style: HitStyle = {
      ...this.#hitStyle,
      fields: (it) => withStaleControl(it.stored.headers),
      serverTiming: this.#policy.serverTiming ? (it) => timingOf(it, 'stale') : noField,
      cacheStatus: (_item, ttl) =>
        level === 'none'
          ? undefined
          : status.write({
              fwd: 'stale',
              fwdStatus: standIn.fwdStatus,
              ttl,
              ...(level === 'full' ? { key: stored.key, detail: standIn.detail } : {}),
            }),
    };
    this.runtime.telemetry.emit({ type: 'stale', key: stored.key, route: stored.route, reason: standIn.detail });
    writeHit(req, res, item, this.runtime.clock.monotonic(), style, filled);
    return true;
  }

  #writeTimeout(res: Res): void {
    res.statusCode = 504;
    if (this.#policy.cacheStatus !== 'none')
      res.setHeader('Cache-Status', status.write({ fwd: 'miss', detail: 'timeout' }));
    res.end();
  }

  #serve(req: Req, res: Res, next: Next, key: CacheKey, target: Target): void {
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
    if (isTaken && !this.#isDue(item) && this.writeItem(req, res, item, 'hit')) {
      if (!key.isRemembered) policy.keys.remember(key);
      return;
    }
    const usable = isTaken ? item : this.#whileRevalidating(req, key, limits);
    if (usable !== undefined) {
      if (!this.#mayFill(req)) {
        if (this.writeItem(req, res, usable, 'hit')) return;
      } else if (this.#visitor(req, res, next, key, target, limits).revalidate(usable)) return;
    }
    const isCachedOnly = limits?.onlyIfCached === true;
    if (isCachedOnly || (req.method === 'HEAD' && policy.revalidatableMs > 0)) {
      // HEAD never fills, but may tell of something stale whether it still holds (RFC 9111 §4.3.5).
      const asking = this.#visitor(req, res, next, key, target, limits);
      engine.fetchApart(asking);
      asking.wait();
      return;
    }
    // HEAD never fills: its response has no body. A part of a response is not stored either (RFC 9111 §3.3).
    if (req.method === 'HEAD' || req.headers.range !== undefined) {
      this.#pass(req, res, next, req.method === 'HEAD' ? 'method' : 'partial');
      return;
    }
    const visitor = this.#visitor(req, res, next, key, target, limits);
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

  /** Answers with what is stale, if the request asks for no better, or with nothing, if it wants no handler to run. */
  #writeInsteadOf(req: Req, res: Res, found: StaleItem | undefined, limits: RequestLimits | undefined): boolean {
    if (limits === undefined) return false;
    const isTaken = found?.validity === 'valid' && limits.acceptsStale(found.item, this.runtime.clock.monotonic());
    if (isTaken && this.writeItem(req, res, found.item, 'hit')) return true;
    if (!limits.onlyIfCached) return false;
    res.statusCode = 504;
    if (this.#policy.cacheStatus !== 'none')
      res.setHeader('Cache-Status', status.write({ fwd: 'request', detail: 'only-if-cached' }));
    res.end();
    return true;
  }

  #visitor(
    req: Req,
    res: Res,
    next: Next,
    key: CacheKey,
    target: Target,
    limits: RequestLimits | undefined,
  ): ViewVisitor<Req, Res> {
    const method = req.method ?? 'GET';
    const answers: VisitorAnswers = {
      writeInsteadOf: (found) => this.#writeInsteadOf(req, res, found, limits),
      accepts: (item) => limits?.accepts(item, this.runtime.clock.monotonic()) !== false,
      write: (item, how) => this.writeItem(req, res, item, how),
      writeStandIn: (item, standIn) => this.writeStandIn(req, res, item, standIn),
      writeTimeout: () => this.#writeTimeout(res),
      keyNow: () =>
        req.originalUrl === undefined || req.originalUrl === target.url
          ? this.#keyOf(req, method, target)?.text
          : undefined,
    };
    return new ViewVisitor(
      key,
      req,
      res,
      next,
      this.#policy,
      this.runtime,
      this.#host,
      answers,
      this.#stale,
      this.#emission,
    );
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
      (why) => this.#warn(`when ${why}, the cache was bypassed`),
    );
    return isMeant ? undefined : 'when';
  }

  /** What a request is for, as it was when it came here. */
  #targetOf(req: Req, res: Res): Target | undefined {
    const url = req.originalUrl ?? req.url ?? '';
    // An absolute-form or asterisk-form target is for proxies (RFC 9112 §3.2); nothing is looked up by it. One with a
    // fragment has no form at all: Express drops it, `new URL()` does, and to the handler it is another URL.
    if (!url.startsWith('/') || url.includes('#')) return undefined;
    const beside = this.#host.beside === undefined ? '' : this.#host.beside(req);
    if (beside === undefined) return undefined;
    const baseUrl = req.baseUrl ?? '';
    const seen = baseUrl === '' ? (req.url ?? url) : baseUrl + (req.url ?? '');
    const outer = visitorOf(res);
    if (outer !== undefined) {
      // The nearest cached view is the one that counts; its responses are not those of the outer one.
      outer.withdraw();
      return { url, rewritten: `${seen}\n>inner`, beside };
    }
    return { url, rewritten: seen === url || isMountRoot(baseUrl, req.url, url) ? '' : seen, beside };
  }

  #keyOf(req: Req, method: string, { url, rewritten, beside }: Target): CacheKey | undefined {
    const { keys, key } = this.#policy;
    const verb = method === 'HEAD' ? 'GET' : method;
    const scheme = this.#host.scheme(req);
    const host = this.#host.host(req);
    if (key === undefined && rewritten === '') return keys.plain(verb, scheme, host, url, beside);
    const own = this.#ownKey(req);
    // Where nothing covers the body of a POST, its answer is not for another one.
    if (own === undefined && verb !== 'GET') return undefined;
    return own === null ? undefined : keys.special({ method: verb, scheme, host, url, rewritten, beside }, own);
  }

  /** What the `key` option adds; `null` when it failed, and then nothing may be looked up or stored. */
  #ownKey(req: Req): string | undefined | null {
    const { key } = this.#policy;
    if (key === undefined) return undefined;
    let hasFailed = false;
    const own: unknown = answerOf(
      () => key(req),
      (why) => {
        hasFailed = true;
        this.#warn(`key ${why}, the cache was bypassed`);
      },
    );
    if (hasFailed) return null;
    if (own === undefined || typeof own === 'string') return own;
    if (typeof own === 'number') return String(own);
    this.#warn(`key returned ${kindOf(own)}, the cache was bypassed; return a string, a number or undefined`);
    return null;
  }

  #pass(req: Req, res: Res, next: Next, reason: Bypass): void {
    this.runtime.telemetry.bypass(req.originalUrl ?? req.url ?? '', reason);
    if (this.#policy.cacheStatus !== 'none' && !res.headersSent) {
      res.setHeader(
        'Cache-Status',
        status.write({ fwd: forwardOf(reason), ...(this.#policy.cacheStatus === 'full' ? { detail: reason } : {}) }),
      );
    }
    visitorOf(res)?.withdraw();
    next();
  }

  #valueOf(name: string, req: Req, res: Res): string | undefined {
    const fill = this.#policy.placeholders.find(([known]) => known === name)?.[1];
    try {
      const value: unknown = fill?.(req, res);
      ignoreRejection(value);
      return typeof value === 'string' ? value : undefined;
    } catch {
      return undefined;
    }
  }

  #warn(message: string): void {
    this.runtime.telemetry.emit({ type: 'warning', message });
  }
}

const noField = (): undefined => undefined;

/** Seconds of freshness left: none of what was invalidated (RFC 9211 §2.4). */
function freshnessOf({ isOutdated }: LocalItem, ttl: number): number {
  return isOutdated ? Math.min(0, ttl) : ttl;
}

/** What the browser is shown of an answer that no handler was asked for. */
function timingOf({ stored }: LocalItem, outcome: Answer | 'stale'): string {
  return formatServerTiming([
    { name: 'viewcache', desc: outcome },
    { name: 'saved', dur: stored.producerMs },
  ]);
}

/** What a request is for: its target, and what middleware in front has made of it. */
interface Target {
  readonly url: string;
  /** Empty where it was not rewritten. */
  readonly rewritten: string;
  /** What handlers read of it beside scheme, host and URL. */
  readonly beside: string;
}

/** Express strips the mount path: `/api` reaches a router mounted there as `/`, which is no rewriting. */
function isMountRoot(baseUrl: string, url: string | undefined, originalUrl: string): boolean {
  if (baseUrl === '' || url === undefined || !url.startsWith('/')) return false;
  return originalUrl === baseUrl + url.slice(1) && (url.length === 1 || url[1] === '?');
}

function fieldsOf(req: IncomingMessage): RequestFields {
  return new HeaderFields(req);
}

class HeaderFields implements RequestFields {
  readonly #req: IncomingMessage;

  constructor(req: IncomingMessage) {
    this.#req = req;
  }

  get(name: string): string | undefined {
    if (isProperty(name)) return selectingPropertyOf(this.#req, name);
    const value = this.#req.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }
}

/** The fields as the client sent them, whatever middleware has made of them since. */
class SentFields implements RequestFields {
  readonly #lines: readonly string[];

  constructor(req: IncomingMessage) {
    this.#lines = req.rawHeaders;
  }

  get(name: string): string | undefined {
    // Nobody sends what middleware assigns.
    if (isProperty(name)) return undefined;
    const values = this.#lines.filter((_, at) => at % 2 === 1 && this.#lines[at - 1]?.toLowerCase() === name);
    return values.length === 0 ? undefined : values.join(', ');
  }
}
