import type { ServerResponse } from 'node:http';
import {
  type AheadTerms,
  type BeforeOption,
  type LocalItem,
  PlainVisitors,
  type ViewHost,
  type ViewServer,
} from '@viewcache/core/node';
import type { Platform } from './platform.js';
import type { ViewRequest } from './request-context.js';

/** URLs, as they were sent, by which one stored response was reached with the guards' consent; past it they are asked anew. */
const URLS = 16;

type Values = Readonly<Record<string, unknown>>;

/** What a request was like before the guards looked at it. */
interface Entered {
  readonly inputs: Values;
  readonly fields: Values;
  /** The guards have let it through, and changed nothing. */
  isUnchanged: boolean;
  hasArrived: boolean;
}

/**
 * Answers hits of one route before its guards run (option `beforeGuards`).
 *
 * Guards do not run for such a hit, so that they let everybody have it must be known. They have to have let a request
 * through to this very stored response that named nobody: no credentials, no cookie. And they may do nothing else for such
 * requests: once they have refused one, or have changed a field of it or of its response, guards come first for good.
 */
export class BeforeGuards {
  readonly #visitors: PlainVisitors;
  /** Names of fields that `@Header()` sets in between. */
  readonly #own: ReadonlySet<string>;
  readonly #warn: (what: string) => void;
  readonly #entered = new WeakMap<ViewRequest, Entered>();
  readonly #letThrough = new WeakMap<LocalItem, Set<string>>();
  /** What was seen to differ once may differ at any time. */
  #isClosed = false;

  /** @param own - names of fields that are the handler's, lower case */
  constructor(option: BeforeOption, own: readonly string[], warn: (what: string) => void) {
    this.#visitors = new PlainVisitors(option);
    this.#own = new Set(own);
    this.#warn = warn;
  }

  /** The same host, which tells of the hits behind the guards. */
  watching(host: ViewHost<ViewRequest>): ViewHost<ViewRequest> {
    return { ...host, observeHit: (req, item) => this.#observe(req, item) };
  }

  /** Whether a request may be answered here at all. */
  isOpenTo(req: ViewRequest): boolean {
    return !this.#isClosed && this.#visitors.isPlain(req) && this.#visitors.cameBare(req);
  }

  /**
   * Answers a request, or notes what it is like: guards are about to look at it.
   *
   * @param ready - sets the fields that an answer has from in front of the view
   */
  answer(
    server: ViewServer<ViewRequest, ServerResponse>,
    platform: Platform,
    req: ViewRequest,
    reply: unknown,
    ready: () => void,
  ): boolean {
    const terms: AheadTerms = {
      mayAnswer: (item) => this.#letThrough.get(item)?.has(urlOf(req)) === true,
      ready: () => {
        ready();
        platform.gather(reply);
      },
    };
    const res = platform.responseOf(reply);
    if (server.answerAhead(req, res, terms)) return true;
    // A guard may answer by itself, and never say what it has decided.
    res.once('finish', () => this.fail(req));
    const fields = { ...platform.fieldsOf(reply) };
    this.#entered.set(req, { inputs: inputsOf(req), fields, isUnchanged: false, hasArrived: false });
    return false;
  }

  /** The guards have let a request through. */
  arrive(platform: Platform, req: ViewRequest, reply: unknown): void {
    const entered = this.#entered.get(req);
    if (entered === undefined) return;
    entered.hasArrived = true;
    const asked = differing(entered.inputs, inputsOf(req), NONE);
    const said = differing(entered.fields, platform.fieldsOf(reply), this.#own);
    if (asked === undefined && said === undefined) entered.isUnchanged = true;
    else this.#close(asked === undefined ? `sets the response header ${said}` : `changes ${asked}`);
  }

  /** The chain of a request has failed, or has answered: perhaps before it came to the view. */
  fail(req: ViewRequest): void {
    if (this.#entered.get(req)?.hasArrived === false) this.#close('has refused a request');
  }

  #observe(req: ViewRequest, item: LocalItem): void {
    if (this.#isClosed || this.#entered.get(req)?.isUnchanged !== true) return;
    // Who may have the head of a page need not be allowed its body.
    if (req.method !== 'GET') return;
    const urls = this.#letThrough.get(item);
    if (urls === undefined || urls.size >= URLS) this.#letThrough.set(item, new Set([urlOf(req)]));
    else urls.add(urlOf(req));
  }

  #close(what: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#warn(what);
  }
}

const NONE: ReadonlySet<string> = new Set();

/** As the client has sent it: guards may tell apart what is one URL to a cache. */
function urlOf(req: ViewRequest): string {
  return req.originalUrl ?? req.url ?? '';
}

/** What selects among stored responses, by the names that warnings give it. */
function inputsOf(req: ViewRequest & { readonly language?: unknown; readonly locale?: unknown }): Values {
  const fields = Object.entries(req.headers).map(([name, value]) => [`the request header ${name}`, value]);
  return { ...Object.fromEntries(fields), 'req.language': req.language, 'req.locale': req.locale };
}

/** The first name that has another value by now. */
function differing(before: Values, now: Values, except: ReadonlySet<string>): string | undefined {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].find((name) => !except.has(name) && String(before[name]) !== String(now[name]));
}

/** Says of a route, once, that its guards run first, and why. */
export function messageOfGuards(where: string, what: string): string {
  return [
    `viewcache: ${where}.beforeGuards: a guard, or an interceptor further out, ${what}, so the guards of this route run first, on hits too.`,
    '  if they decide about it   leave beforeGuards out',
    '  if not                    let them do nothing on this route, or set the header in middleware',
    '  why: docs/guides/nestjs-views.md#before-the-guards',
  ].join('\n');
}
