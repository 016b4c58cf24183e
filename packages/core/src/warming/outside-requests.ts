import { AsyncResource } from 'node:async_hooks';

/**
 * The process's own context: who warms in a request, a view or a transaction gives nothing of that to what is warmed. Of when the
 * package is loaded.
 */
const outside = new AsyncResource('viewcache.warming');

/** Runs something as nobody's request. */
export function outsideRequests<T>(run: () => T): T {
  return outside.runInAsyncScope(run);
}
