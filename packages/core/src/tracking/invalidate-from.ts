import type { Cache } from '../cache/cache.js';
import type { InvalidationReceipt } from '../cache/receipts.js';
import { runtimeOf } from '../cache/runtime.js';
import { groupOf, isTag } from '../invalidation/tags.js';
import type { WriteOrigin } from '../ports/event-sink.js';

/**
 * Carries out what a committed write comes to: as `cache.invalidate` and `cache.purge` do, and says where it comes from. It
 * holds in this process before this returns.
 *
 * @param tags - `'everything'` where nobody knows what was written
 * @param holdMs - for how long data sources may still answer with what was there before
 * @returns resolves when the store has acknowledged it, or its deadline has passed
 * @throws `InvalidationUnheardError` (by rejection) where the cache's `onInvalidateFailure` asks for it
 */
export async function invalidateFrom(
  cache: Cache,
  tags: readonly string[] | 'everything',
  mode: 'invalidate' | 'purge',
  origin: WriteOrigin,
  holdMs = 0,
): Promise<InvalidationReceipt> {
  const runtime = runtimeOf(cache);
  if (runtime === undefined) throw new TypeError('not a cache made by createCache()');
  const strength = mode === 'purge' ? 'hard' : 'soft';
  if (tags === 'everything') return await runtime.invalidateFrom({ all: true }, strength, origin, holdMs);
  // A row that cannot be named is read and written as any of its table.
  const named = tags.flatMap((tag) => (isTag(tag) ? tag : (groupOf(tag) ?? []))).filter(isTag);
  if (named.length === 0) return { durable: true, at: runtime.tags.clock };
  return await runtime.invalidateFrom({ tags: named }, strength, origin, holdMs);
}
