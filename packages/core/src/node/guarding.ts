import type { LayerFunction } from './inner-layers.js';
import { watcherSlot } from './watcher.js';

/** Who watches a request, as frameworks speak to it. */
export interface Guarding {
  /** By what the framework has read scheme and host for the key; its own to know. */
  readonly keyedBy: unknown;
  /** Runs what reads inputs that are in every key anyway. */
  unwatched<T>(run: () => T): T;
  /** A handler is about to run: one that could not do with what is watched is not watched any more. */
  entering?(handler: LayerFunction): void;
  /** Whether a handler has failed because of what is watched, and may run once more with the plain objects. */
  mayRunAgain?(error: unknown, handler: LayerFunction): boolean;
}

/** Who watches a request now. */
export function guardOf(req: object): Guarding | undefined {
  const { headers } = req as { readonly headers: { readonly [watcherSlot]?: Guarding } };
  return headers[watcherSlot];
}
