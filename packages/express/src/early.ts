import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EarlyTerms, OuterFields, ViewServer } from '@viewcache/core/node';
import { hostBeside, hostOf, PlainVisitors, parseVary, schemeOf } from '@viewcache/core/node';
import type { Application, Response } from 'express';
import type { Request } from './middleware.js';

/** The option `beforeMiddleware`. */
export type BeforeMiddleware = boolean | { readonly ignoreCookies: readonly string[] };

type VariantBy = (names: readonly string[]) => string | undefined;
type EarlyAnswer = (req: IncomingMessage, res: ServerResponse) => boolean;
type EarlyApp = Application & {
  [slot]?: EarlyAnswer;
  [routes]?: Set<EarlyRoute>;
  [served]?: boolean;
  parent?: Application;
};

const slot: unique symbol = Symbol.for('viewcache.early') as never;
const routes: unique symbol = Symbol.for('viewcache.early-routes') as never;
const served: unique symbol = Symbol.for('viewcache.served') as never;

/** Fields that are meant for one visitor: equal twice by chance, they are still not another's. */
const PERSONAL: ReadonlySet<string> = new Set([
  ...['set-cookie', 'set-cookie2', 'www-authenticate', 'proxy-authenticate', 'authorization', 'proxy-authorization'],
  ...['authentication-info', 'proxy-authentication-info'],
]);

/** Characters of what a route keeps as let through; past it all is forgotten, and passes through Express once more. */
const LET_THROUGH = 2_000_000;
/** What a URL costs beside its characters: its place in a map, and in a set. */
const URL_OVERHEAD = 100;

/**
 * A cached view whose hits are answered before Express is entered (option `beforeMiddleware`), under `createServer`.
 *
 * Middleware in front does not run for such a hit, so what it does must be known. Its fields are replayed only while all
 * requests that could have been answered early had exactly the same ones, at least two of them. And it must have let one
 * through for this very URL that selected this variant, and its fields, by what the client itself had sent.
 */
export class EarlyRoute implements EarlyTerms {
  readonly #server: ViewServer<Request, Response>;
  readonly #visitors: PlainVisitors;
  readonly #warn: (message: string) => void;
  #first: { readonly outer: OuterFields | undefined } | undefined;
  /** `undefined` until it is known to be always the same. */
  #front: readonly string[] | undefined;
  #frontVary: readonly string[] = [];
  #app: Application | undefined;
  /** URLs as they were sent, by the variant they were let through to. */
  readonly #letThrough = new Map<string, Set<string>>();
  #characters = 0;
  /** Why the route is never answered early again: what was seen to differ once may differ at any time. */
  #obstacle: string | undefined;
  #hasWarned = false;

  constructor(server: ViewServer<Request, Response>, option: BeforeMiddleware, warn: (message: string) => void) {
    this.#server = server;
    this.#visitors = new PlainVisitors(option);
    this.#warn = warn;
  }

  get front(): readonly string[] {
    return this.#front ?? [];
  }

  get frontVary(): readonly string[] {
    return this.#frontVary;
  }

  hasLetThrough(variant: string, url: string): boolean {
    return this.#letThrough.get(variant)?.has(url) === true;
  }

  /** Takes down what middleware in front did for a request that passes, and puts the route on its app. */
  observe(req: Request, outer: OuterFields | undefined, variantBy: VariantBy): void {
    // What a visitor with cookies or credentials is sent says nothing of those who are answered early.
    if (this.#obstacle === undefined && this.#visitors.isPlain(req) && this.#visitors.cameBare(req)) {
      this.#learn(req, outer, variantBy);
    }
    if (this.#obstacle !== undefined && !this.#hasWarned && rootOf(req.app)[served] === true) {
      this.#hasWarned = true;
      this.#warn(
        `beforeMiddleware: middleware in front sets ${this.#obstacle}, so this route is not answered early; ` +
          'set it inside the route, or leave beforeMiddleware out',
      );
    }
  }

  #learn(req: Request, outer: OuterFields | undefined, variantBy: VariantBy): void {
    const vary = parseVary(outer?.get('vary'));
    this.#obstacle = vary === '*' ? 'Vary: *' : obstacleIn(outer, this.#first);
    if (this.#obstacle !== undefined || vary === '*') {
      this.#front = undefined;
      this.#forget();
      return;
    }
    this.#frontVary = vary;
    if (this.#first === undefined) this.#first = { outer };
    else this.#front ??= linesOf(outer);
    install(rootOf(req.app), this);
    // By this app's trust proxy setting the scheme and host are in the key; another one's may differ.
    this.#app ??= req.app;
    const variant = this.#app === req.app ? variantBy(vary) : undefined;
    if (variant !== undefined) this.#keep(variant, req.originalUrl);
  }

  #keep(variant: string, url: string): void {
    if (this.hasLetThrough(variant, url)) return;
    const characters = variant.length + url.length + URL_OVERHEAD;
    if (this.#characters + characters > LET_THROUGH) this.#forget();
    this.#characters += characters;
    const urls = this.#letThrough.get(variant);
    if (urls === undefined) this.#letThrough.set(variant, new Set([url]));
    else urls.add(url);
  }

  #forget(): void {
    this.#letThrough.clear();
    this.#characters = 0;
  }

  /** Answers from a fresh stored response, if nothing about the request speaks against it. */
  answer(req: IncomingMessage, res: ServerResponse): boolean {
    const app = this.#app;
    if (app === undefined || this.#front === undefined || !this.#visitors.isPlain(req)) return false;
    const request = req as Request;
    const [scheme, host, beside] = [schemeOf(request, app), hostOf(request, app), hostBeside(request, app)];
    return this.#server.answerEarly(request, res as Response, scheme, host, beside, this);
  }
}

function install(app: EarlyApp, route: EarlyRoute): void {
  let known = app[routes];
  if (known === undefined) {
    const all = new Set<EarlyRoute>();
    known = all;
    app[routes] = all;
    app[slot] = (req, res) => {
      for (const each of all) if (each.answer(req, res)) return true;
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

/** What keeps these fields from being replayed to anybody; `undefined` when nothing does. */
function obstacleIn(outer: OuterFields | undefined, first: { readonly outer: OuterFields | undefined } | undefined) {
  for (const name of outer?.keys() ?? []) if (PERSONAL.has(name)) return `${name}, which is for one visitor`;
  if (first === undefined) return undefined;
  for (const name of new Set([...(first.outer?.keys() ?? []), ...(outer?.keys() ?? [])])) {
    if (String(first.outer?.get(name)) !== String(outer?.get(name))) return `${name} differently from answer to answer`;
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
