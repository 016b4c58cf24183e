import type { ExecutionContext } from '@nestjs/common';
import { ignoreRejection } from '@viewcache/core/node';
/** What `trackBy()` may return. */
export type Tracked = Promise<string | undefined | null> | string | undefined | null;

interface Asked {
  readonly key: string;
  readonly ask: (() => Tracked) | undefined;
}

/** What the answer to each request is found by: both adapters hand out one request to all contexts of it. */
const asked = new WeakMap<object, Asked>();

/**
 * Keeps what a request's answer is found by.
 *
 * @param ask - asks for it once more; not where that takes a promise, which would go on reading while the handler runs
 */
export function keepKey(context: ExecutionContext, key: string, ask: (() => Tracked) | undefined): void {
  asked.set(context.switchToHttp().getRequest<object>(), { key, ask });
}

/** What {@link keepKey} has kept. */
export function keyOf(context: ExecutionContext): string | undefined {
  return asked.get(context.switchToHttp().getRequest<object>())?.key;
}

/** The same, asked anew where the cache looks on: what is read of the request for it is covered by the key. */
export function askAgain(context: ExecutionContext): string | undefined {
  const known = asked.get(context.switchToHttp().getRequest<object>());
  ignoreRejection(known?.ask?.());
  return known?.key;
}
