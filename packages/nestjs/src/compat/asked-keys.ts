import type { ExecutionContext } from '@nestjs/common';
import { ignoreRejection, isThenable } from '@viewcache/core/node';

/** What `trackBy()` may return. */
export type Tracked = Promise<string | undefined | null> | string | undefined | null;

interface Asked {
  readonly key: string;
  readonly ask: () => Tracked;
}

/** What the answer to each request is found by: both adapters hand out one request to all contexts of it. */
const asked = new WeakMap<object, Asked>();

/** Keeps what a request's answer is found by, and how that was found out. */
export function keepKey(context: ExecutionContext, key: string, ask: () => Tracked): void {
  asked.set(context.switchToHttp().getRequest<object>(), { key, ask });
}

/** What {@link keepKey} has kept. */
export function keyOf(context: ExecutionContext): string | undefined {
  return asked.get(context.switchToHttp().getRequest<object>())?.key;
}

/** The same, asked anew where the cache looks on: what is read of the request for it is covered by the key. */
export function askAgain(context: ExecutionContext): string | undefined {
  const known = asked.get(context.switchToHttp().getRequest<object>());
  const key = known?.ask();
  // It was waited for already, and is not again.
  if (!isThenable(key)) return key ?? undefined;
  ignoreRejection(key);
  return known?.key;
}
