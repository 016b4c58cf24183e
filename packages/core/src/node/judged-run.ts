import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CacheRuntime } from '../cache/runtime.js';
import type { ViewPolicy } from '../config/view-options.js';
import type { Begun } from '../engine/lead.js';
import type { NestedTag } from '../engine/nested-tag.js';
import type { RequestFields } from '../engine/variants.js';
import type { ViewContext } from '../engine/view-context.js';
import type { InputGuard } from './input-guard.js';
import type { ViewHost } from './view-host.js';

/** What has to be known of a run of a handler to say whether its response may be stored, and as what. */
export interface JudgedRun<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly req: Req;
  readonly res: Res;
  readonly policy: ViewPolicy<Req, Res>;
  readonly runtime: CacheRuntime;
  readonly host: ViewHost<Req>;
  readonly fields: RequestFields;
  /** The method that what is offered for storing answers: not always the visitor's own. */
  readonly method: string;
  readonly guard: InputGuard | undefined;
  readonly context: ViewContext | undefined;
  /** The tags of cached values that the handler has used. */
  readonly nested: readonly NestedTag[];
  /** The run of a view further outside that this one is a part of. */
  readonly begun: Begun | undefined;
  /** Whether these are the values of placeholders that were there before the handler ran, where there were any. */
  knows(values: readonly string[]): boolean;
}
