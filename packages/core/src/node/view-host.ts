import type { LocalItem } from '../engine/local-item.js';
import type { Dialect } from './dialect.js';
import type { OuterFields } from './response-head.js';
import type { Front } from './watched-front.js';

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
  /** The function that is the handler, as its developer calls it; without this function, it is known by the route alone. */
  handler?(req: Req): string;
  /** How warnings write what they advise; without it, as for Express. */
  readonly dialect?: Dialect;
  /** The entity tag that the app itself would give a body, if any; without this function, a weak one is made. */
  etag?(req: Req, body: Buffer): string | undefined;
  /** What handlers are given in place of Node's request and response, where that is something else. */
  front?(req: Req): Front;
  /** Prepares the request for being watched; what it returns, the guard keeps for it ({@link InputGuard.keyedBy}). */
  prepare?(req: Req): unknown;
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
  /** Told of each fresh stored response before it answers. */
  observeHit?(req: Req, item: LocalItem): void;
}
