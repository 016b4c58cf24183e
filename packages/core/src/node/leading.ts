import type { ServerResponse } from 'node:http';
import type { Begun } from '../engine/lead.js';
import type { NestedTag } from '../engine/nested-tag.js';
import type { TagReasons } from '../engine/tag-reasons.js';
import type { ViewContext } from '../engine/view-context.js';
import type { TagTable } from '../invalidation/tag-table.js';
import type { InnerLayers } from './inner-layers.js';

/** What a view's code has said of its response so far. */
export interface Declared {
  /** `undefined` when one of them cannot be a tag. */
  readonly tags: readonly string[] | undefined;
  readonly varyNames: readonly string[];
  /** Tags of the cached values that were used. */
  readonly nested: readonly NestedTag[];
  /** Monotonic time at which the oldest of these was last found valid. */
  readonly nestedVerifiedAt: number;
  readonly refusal: ViewContext['refusal'];
  /** Why there are these tags, where reads are tracked. */
  readonly reasons: TagReasons | undefined;
  readonly partsUntil: number;
  /** The local clock before anything was read. */
  readonly token: number;
  /** The lead of the outermost view. */
  readonly begun: Begun;
  /** Whose clock that is: the inner view's cache may be another one. */
  readonly clock: TagTable;
  /** The same time for whoever has another clock. */
  readonly moment: number;
}

/** The visitor whose handler runs for a response, as other middleware inside may speak to it. */
export interface LeadingVisitor {
  /** Steps aside for a cached view further inside, whose settings are nearer to the handler. */
  withdraw(): void;
  /** What a view further inside takes over. */
  declared(): Declared | undefined;
  /** The middleware inside the view, while what it reads counts. */
  readonly layers: InnerLayers | undefined;
  /** Nothing is stored, and that is known before the handler has answered. */
  forbid(): void;
  /** What the view is told by whatever runs in it: for what has lost it on the way, such as a template that Nest renders. */
  readonly context: ViewContext | undefined;
}

const slot = Symbol.for('viewcache.view');
type Marked = { [slot]?: LeadingVisitor };

/** Says whose handler runs for the response. */
export function markLeading(res: ServerResponse, visitor: LeadingVisitor): void {
  (res as Marked)[slot] = visitor;
}

/** The visitor who leads on this response already, in a cached view further outside. */
export function visitorOf(res: ServerResponse): LeadingVisitor | undefined {
  return (res as Marked)[slot];
}

/**
 * The middleware inside the cached view that leads on this response, to be told of each layer: for the routers of web
 * frameworks. Nothing where no view leads, which is all that a hit and an uncached route cost.
 */
export function layersOf(res: ServerResponse): InnerLayers | undefined {
  return (res as Marked)[slot]?.layers;
}
