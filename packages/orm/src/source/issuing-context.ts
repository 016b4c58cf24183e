import { AsyncResource } from 'node:async_hooks';
import { isTracking } from '@viewcache/core/tracking';

// biome-ignore lint/suspicious/noExplicitAny: whatever it takes and returns, it is called as it was
type Called = (...given: any[]) => unknown;

/**
 * Carries out functions in the asynchronous context of here, whoever calls them: drivers call back in that of their socket, and
 * what is read there would belong to no view, or to another's.
 *
 * @returns `undefined` where nothing is tracked here: outside a view they may go on in another's, that is made of something
 * more, then
 */
export function issuingContext(): (<F extends Called>(called: F) => F) | undefined {
  if (!isTracking()) return undefined;
  // `AsyncResource.bind` costs several times as much.
  const context = new AsyncResource('viewcache.issued', { requireManualDestroy: true });
  return <F extends Called>(called: F) =>
    function (this: unknown, ...given: unknown[]) {
      return context.runInAsyncScope(called, this, ...given);
    } as F;
}

/** The same for all listeners of an emitter, until it has no use any more. */
export function emitHere(emitter: { emit(event: never, ...given: never[]): boolean }): void {
  const here = issuingContext();
  if (here !== undefined) emitter.emit = here(emitter.emit);
}
