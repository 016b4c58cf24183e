import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OuterFields, ViewServer } from '@viewcache/core/node';
import { hasBody } from '@viewcache/core/node';
import type { Application, Response } from 'express';
import { hostOf, schemeOf } from './express-host.js';
import type { Request } from './middleware.js';

/** The option `beforeMiddleware`. */
export type BeforeMiddleware = boolean | { readonly ignoreCookies: readonly string[] };

type EarlyAnswer = (req: IncomingMessage, res: ServerResponse) => boolean;
type EarlyApp = Application & { [slot]?: EarlyAnswer; [routes]?: Set<EarlyRoute>; parent?: Application };

const slot: unique symbol = Symbol.for('viewcache.early') as never;
const routes: unique symbol = Symbol.for('viewcache.early-routes') as never;

/**
 * A cached view whose hits are answered before Express is entered (DESIGN: `beforeMiddleware`), under `createServer`.
 *
 * Middleware in front does not run for such a hit, so what it sets must be known: its fields are replayed only when two
 * misses running had exactly the same ones.
 */
export class EarlyRoute {
  readonly #server: ViewServer<Request, Response>;
  readonly #ignoredCookies: ReadonlySet<string>;
  #warn: (message: string) => void;
  #last: OuterFields | undefined;
  #isSeen = false;
  /** Name, value, name, value of what middleware in front sets; `undefined` until it is known to be always the same. */
  #front: readonly string[] | undefined;
  #hasWarned = false;

  constructor(server: ViewServer<Request, Response>, option: BeforeMiddleware, warn: (message: string) => void) {
    this.#server = server;
    this.#ignoredCookies = new Set(typeof option === 'object' ? option.ignoreCookies : []);
    this.#warn = warn;
  }

  /** Takes down what middleware in front set for a miss, and puts the route on its app. */
  observe(req: Request, outer: OuterFields | undefined): void {
    install(rootOf(req.app), this);
    const differing = this.#isSeen ? differenceOf(this.#last, outer) : undefined;
    const isSame = this.#isSeen && differing === undefined;
    this.#isSeen = true;
    this.#last = outer;
    if (isSame) {
      this.#front ??= linesOf(outer);
      return;
    }
    this.#front = undefined;
    if (differing !== undefined && !this.#hasWarned) {
      this.#hasWarned = true;
      this.#warn(
        `beforeMiddleware: middleware in front sets ${differing} differently from answer to answer, so this route is not ` +
          'answered early; set it inside the route, or leave beforeMiddleware out',
      );
    }
  }

  /** Answers from a fresh stored response, if nothing about the request speaks against it. */
  answer(req: IncomingMessage, res: ServerResponse, app: Application): boolean {
    if (this.#front === undefined || !this.#isPlain(req)) return false;
    const request = req as Request;
    return this.#server.answerEarly(
      request,
      res as Response,
      schemeOf(request, app),
      hostOf(request, app),
      this.#front,
    );
  }

  #isPlain(req: IncomingMessage): boolean {
    const { headers, method } = req;
    if (method !== 'GET' && method !== 'HEAD') return false;
    if (headers.authorization !== undefined || headers.upgrade !== undefined || headers.expect !== undefined)
      return false;
    if (headers.range !== undefined || !req.url?.startsWith('/') || hasBody(req)) return false;
    return headers.cookie === undefined || this.#ignoresAll(headers.cookie);
  }

  #ignoresAll(cookie: string): boolean {
    if (this.#ignoredCookies.size === 0) return false;
    return cookie.split(';').every((pair) => this.#ignoredCookies.has((pair.split('=', 1)[0] ?? '').trim()));
  }
}

function install(app: EarlyApp, route: EarlyRoute): void {
  let known = app[routes];
  if (known === undefined) {
    const all = new Set<EarlyRoute>();
    known = all;
    app[routes] = all;
    app[slot] = (req, res) => {
      for (const each of all) if (each.answer(req, res, app)) return true;
      return false;
    };
  }
  known.add(route);
}

function rootOf(app: EarlyApp): EarlyApp {
  let root = app;
  while (root.parent !== undefined) root = root.parent;
  return root;
}

/** The name of a field that differs; `undefined` when none does. */
function differenceOf(some: OuterFields | undefined, others: OuterFields | undefined): string | undefined {
  for (const name of new Set([...(some?.keys() ?? []), ...(others?.keys() ?? [])])) {
    if (String(some?.get(name)) !== String(others?.get(name))) return name;
  }
  return undefined;
}

function linesOf(outer: OuterFields | undefined): readonly string[] {
  const lines: string[] = [];
  for (const [name, value] of outer ?? []) {
    for (const line of Array.isArray(value) ? value : [value]) lines.push(name, String(line));
  }
  return lines;
}
