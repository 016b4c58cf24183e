import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerOf, ignoreRejection, kindOf, saysTrue } from '../base/answer.js';
import type { Cache } from '../cache/cache.js';
import { type CacheRuntime, runtimeOf } from '../cache/runtime.js';
import type { ViewPolicy } from '../config/view-options.js';
import type { CacheKey } from '../engine/cache-key.js';
import type { Answer } from '../engine/flight.js';
import type { LocalItem } from '../engine/local-item.js';
import type { RequestFields } from '../engine/variants.js';
import { parseCacheControl } from '../http/cache-control.js';
import { cacheStatusWriter } from '../http/cache-status.js';
import { isSafeMethod } from '../http/unsafe-method.js';
import { invalidateOnSuccess } from './invalidate-on-success.js';
import { visitorOf } from './leading.js';
import { isNever } from './never.js';
import { fillHoles } from './placeholders.js';
import { hasBody, takeOuterFields } from './response-head.js';
import { type ViewHost, ViewVisitor } from './view-visitor.js';
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
  #earlyStyle: HitStyle | undefined;
  #runtime: CacheRuntime | undefined;

  constructor(policy: ViewPolicy<Req, Res>, cacheOf: () => Cache, host: ViewHost<Req>) {
    this.#policy = policy;
    this.#cacheOf = cacheOf;
    this.#host = host;
    const wallClock = () => this.runtime.clock.now();
    const level = policy.cacheStatus;
    this.#hitStyle = {
      wallClock,
      front: [],
      cacheStatus: (item, ttl) =>
        level === 'none'
          ? undefined
          : level === 'short'
            ? status.hit(ttl)
            : status.write({ hit: true, ttl, key: item.stored.key }),
    };
    this.#collapsedStyle = {
      wallClock,
      front: [],
      cacheStatus: (item, ttl) =>
        level === 'none'
          ? undefined
          : status.write({
              fwd: 'uri-miss',
              collapsed: true,
              ttl,
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
      next();
      return;
    }
    const bypass = this.#whyBypassed(req, res, method);
    if (bypass !== undefined) {
      this.#pass(req, res, next, bypass);
      return;
    }
    const key = this.#keyOf(req, res, method);
    if (key === undefined) this.#pass(req, res, next, 'key');
    else this.#serve(req, res, next, key);
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
    if (this.#earlyStyle?.front !== front) this.#earlyStyle = { ...this.#hitStyle, front };
    if (!key.isRemembered) this.#policy.keys.remember(key);
    telemetry.hit(item.stored.key, item.counters, item.stored.route, false, item.stored.producerMs);
    writeHit(req, res, item, clock.monotonic(), this.#earlyStyle);
    return true;
  }

  /** Writes a hit and counts it. False when it cannot be written: then the handler has to answer. */
  writeItem(req: Req, res: Res, item: LocalItem, how: Answer): boolean {
    const { telemetry, clock } = this.runtime;
    const { stored } = item;
    let filled: Buffer | undefined;
    if (stored.placeholders.length > 0) {
      filled = fillHoles(stored.body, stored.placeholders, (name) => this.#valueOf(name, req, res));
      if (filled === undefined) return false;
    }
    telemetry.hit(stored.key, item.counters, stored.route, how === 'collapsed', stored.producerMs);
    writeHit(req, res, item, clock.monotonic(), how === 'collapsed' ? this.#collapsedStyle : this.#hitStyle, filled);
    return true;
  }

  #serve(req: Req, res: Res, next: Next, key: CacheKey): void {
    const { engine } = this.runtime;
    const policy = this.#policy;
    const isFresh = policy.honours === undefined ? undefined : this.#requestLimits(req, policy.honours);
    if (isFresh === 'no-store') {
      this.#pass(req, res, next, 'request');
      return;
    }
    // A hit tells as much of the middleware in front as a miss does.
    this.#host.observeOuter?.(req, takeOuterFields(res), (names) => this.#sentVariant(req, key, names));
    const item = isFresh === 'no-cache' ? undefined : engine.find(key, policy.vary, fieldsOf(req));
    if (
      item !== undefined &&
      (typeof isFresh !== 'function' || isFresh(item)) &&
      this.writeItem(req, res, item, 'hit')
    ) {
      if (!key.isRemembered) policy.keys.remember(key);
      return;
    }
    if (this.#mayOnlyBeCached(req)) {
      res.statusCode = 504;
      if (policy.cacheStatus !== 'none')
        res.setHeader('Cache-Status', status.write({ fwd: 'request', detail: 'only-if-cached' }));
      res.end();
      return;
    }
    // HEAD never fills: its response has no body. A part of a response is not stored either (RFC 9111 §3.3).
    if (req.method === 'HEAD' || req.headers.range !== undefined) {
      this.#pass(req, res, next, req.method === 'HEAD' ? 'method' : 'partial');
      return;
    }
    const visitor: ViewVisitor<Req, Res> = new ViewVisitor(
      key,
      req,
      res,
      next,
      policy,
      this.runtime,
      this.#host,
      (found, how) => this.writeItem(req, res, found, how),
    );
    // What only this visitor may see, or a response it asked to be new, is no answer for others who wait.
    if (isFresh === 'no-cache') engine.fetchAlone(visitor, 'request');
    else if (item !== undefined) engine.fetchAlone(visitor, 'request');
    else if (this.#isUnkeyedIdentity(req)) engine.fetchAlone(visitor, 'uri-miss');
    else engine.fetch(visitor);
    visitor.wait();
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
    const { key, vary } = this.#policy;
    return req.headers.authorization !== undefined && key === undefined && !vary.includes('authorization');
  }

  #whyBypassed(req: Req, res: Res, method: string): string | undefined {
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

  #keyOf(req: Req, res: Res, method: string): CacheKey | undefined {
    const { keys, key } = this.#policy;
    const url = req.originalUrl ?? req.url ?? '';
    // An absolute-form or asterisk-form target is for proxies (RFC 9112 §3.2); nothing is looked up by it. One with a
    // fragment has no form at all: Express drops it, `new URL()` does, and to the handler it is another URL.
    if (!url.startsWith('/') || url.includes('#')) return undefined;
    const verb = method === 'HEAD' ? 'GET' : method;
    const scheme = this.#host.scheme(req);
    const host = this.#host.host(req);
    const baseUrl = req.baseUrl ?? '';
    const seen = baseUrl === '' ? (req.url ?? url) : baseUrl + (req.url ?? '');
    let rewritten = seen === url || isMountRoot(baseUrl, req.url, url) ? '' : seen;
    const outer = visitorOf(res);
    if (outer !== undefined) {
      // The nearest cached view is the one that counts; its responses are not those of the outer one.
      outer.withdraw();
      rewritten = `${seen}\n>inner`;
    }
    const beside = this.#host.beside === undefined ? '' : this.#host.beside(req);
    if (beside === undefined) return undefined;
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

  #requestLimits(req: Req, honours: ReadonlySet<string>): 'no-store' | 'no-cache' | ((item: LocalItem) => boolean) {
    const field = req.headers['cache-control'];
    // RFC 9111 §5.4: Pragma counts only where there is no Cache-Control.
    const control = parseCacheControl(field ?? req.headers.pragma);
    if (honours.has('no-store') && control.noStore) return 'no-store';
    if (honours.has('no-cache') && control.noCache !== false) return 'no-cache';
    const maxAge = honours.has('max-age') ? control.maxAge : undefined;
    const minFresh = honours.has('min-fresh') ? control.minFresh : undefined;
    return (item) => {
      const now = this.runtime.clock.monotonic();
      if (maxAge !== undefined && now - item.generatedAt > maxAge * 1000) return false;
      return minFresh === undefined || item.freshUntil - now >= minFresh * 1000;
    };
  }

  #mayOnlyBeCached(req: Req): boolean {
    return (
      this.#policy.honours?.has('only-if-cached') === true &&
      parseCacheControl(req.headers['cache-control']).onlyIfCached
    );
  }

  #pass(req: Req, res: Res, next: Next, reason: string): void {
    this.runtime.telemetry.bypass(req.originalUrl ?? req.url ?? '', reason);
    if (this.#policy.cacheStatus !== 'none' && !res.headersSent) {
      const fwd = reason === 'method' || reason === 'partial' || reason === 'request' ? reason : 'bypass';
      res.setHeader(
        'Cache-Status',
        status.write({ fwd, ...(this.#policy.cacheStatus === 'full' ? { detail: reason } : {}) }),
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
    const values = this.#lines.filter((_, at) => at % 2 === 1 && this.#lines[at - 1]?.toLowerCase() === name);
    return values.length === 0 ? undefined : values.join(', ');
  }
}
