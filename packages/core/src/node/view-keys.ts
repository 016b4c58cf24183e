import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerOf, kindOf } from '../base/answer.js';
import type { ViewPolicy } from '../config/view-options.js';
import type { CacheKey } from '../engine/cache-key.js';
import { visitorOf } from './leading.js';
import type { ViewHost } from './view-host.js';

/** What a request is for: its target, and what middleware in front has made of it. */
export interface Target {
  readonly url: string;
  /** Empty where it was not rewritten. */
  readonly rewritten: string;
  /** What handlers read of it beside scheme, host and URL. */
  readonly beside: string;
}

/** Finds the cache keys of requests, by a view's policy and by what the web framework knows of them. */
export class ViewKeys<
  Req extends IncomingMessage & { originalUrl?: string; baseUrl?: string },
  Res extends ServerResponse,
> {
  readonly #policy: ViewPolicy<Req, Res>;
  readonly #host: ViewHost<Req>;
  readonly #warn: (req: Req, option: string, what: string) => void;

  constructor(
    policy: ViewPolicy<Req, Res>,
    host: ViewHost<Req>,
    warn: (req: Req, option: string, what: string) => void,
  ) {
    this.#policy = policy;
    this.#host = host;
    this.#warn = warn;
  }

  /** What a request is for, as it was when it came here; `undefined` where nothing is looked up by it. */
  targetOf(req: Req, res: Res): Target | undefined {
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

  /** The key of a request; `undefined` where it can have none. */
  keyOf(req: Req, method: string, { url, rewritten, beside }: Target): CacheKey | undefined {
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
        this.#warn(req, 'key', `${why}, the cache was bypassed`);
      },
    );
    if (hasFailed) return null;
    if (own === undefined || typeof own === 'string') return own;
    if (typeof own === 'number' && Number.isFinite(own)) return String(own);
    const what = typeof own === 'number' ? String(own) : kindOf(own);
    this.#warn(req, 'key', `returned ${what}, the cache was bypassed; return a string, a number or undefined`);
    return null;
  }
}

/** Express strips the mount path: `/api` reaches a router mounted there as `/`, which is no rewriting. */
function isMountRoot(baseUrl: string, url: string | undefined, originalUrl: string): boolean {
  if (baseUrl === '' || url === undefined || !url.startsWith('/')) return false;
  return originalUrl === baseUrl + url.slice(1) && (url.length === 1 || url[1] === '?');
}
