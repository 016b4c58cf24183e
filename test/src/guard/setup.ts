import type express from 'express';
import type { Request, RequestHandler, Response } from 'express';

/** A request with what the middleware here puts on it. */
export interface Carrier extends Pick<Request, 'headers' | 'ip' | 'protocol' | 'hostname' | 'body' | 'res'> {
  readonly query: Record<string, string>;
  readonly cookies: Record<'who', string>;
  readonly signedCookies: Record<'who', string>;
  readonly session: { user?: string };
  readonly log: { info(text: string): void };
  readonly useragent: { readonly browser: string };
  readonly files: unknown;
  readonly clientIp: string;
  readonly locale: string;
  user: { readonly name: string } | undefined;
  auth: { readonly name: string; readonly user: string } | undefined;
  account: { readonly name: string };
  t(text: string): string;
  __(text: string): string;
  csrfToken(): string;
  isAuthenticated(): boolean;
  flash(key: string, text?: string): unknown;
  logIn(user: object, done: (error: unknown) => void): void;
  who(): string;
}
/** A response, and what the middleware here puts on it. */
export type Carried = Response & Record<string, unknown>;

/** What one place of a middleware comes to: for a public handler, and for one that answers each visitor with its own. */
export interface Outcome {
  /** `cached`, `vary x` for each its variant, or `refused` and why. */
  readonly open: string;
  /** The input that keeps a personalised page from being stored, or `vary x`. */
  readonly personal: string;
}

/** One middleware, or stack of them, mounted before the cache, inside the cached part, and half and half. */
export interface Setup {
  readonly name: string;
  make(express: Express): RequestHandler[];
  /** What a personalised handler answers. */
  personal(req: Carrier, res: Carried): unknown;
  open?(req: Carrier): unknown;
  readonly visitors?: (who: string, at: number) => Record<string, string>;
  logIn?(req: Carrier, res: Response, next: (error?: unknown) => void): void;
  readonly isGate?: boolean;
  readonly trusts?: boolean;
  readonly before: Outcome;
  readonly inside: Outcome;
  readonly split?: Outcome;
}

/** Express, of either version. */
export type Express = typeof express;
