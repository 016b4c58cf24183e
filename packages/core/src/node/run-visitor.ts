import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CacheRuntime } from '../cache/runtime.js';
import type { ViewPolicy } from '../config/view-options.js';
import type { CacheKey } from '../engine/cache-key.js';
import type { RequestFields } from '../engine/variants.js';
import type { Refusal } from '../ports/event-sink.js';
import type { Emission } from './emission.js';
import type { Preconditions } from './preconditions.js';
import type { StaleView } from './stale-view.js';
import type { ViewHost } from './view-host.js';

/** The visitor whose handler runs. */
export interface RunVisitor<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly key: CacheKey;
  readonly fields: RequestFields;
  readonly req: Req;
  readonly res: Res;
  readonly next: (error?: unknown) => void;
  readonly policy: ViewPolicy<Req, Res>;
  readonly runtime: CacheRuntime;
  readonly host: ViewHost<Req>;
  readonly stale: StaleView;
  readonly emission: Emission;
  readonly preconditions: Preconditions;
  readonly isRefresh: boolean;
  isWithdrawn: boolean;
  refuse(reason: Refusal): void;
}
