import type { RetryQueue } from '../invalidation/retry-queue.js';
import type { Clock } from '../ports/clock.js';
import type { FrameCodec } from '../ports/codec.js';
import type { TaggedStore } from '../ports/tagged-store.js';

/** The level behind L1: a shared store, its frames, and the invalidations it has yet to hear of. */
export interface SharedLevel {
  readonly store: TaggedStore;
  readonly codec: FrameCodec;
  readonly unheard: RetryQueue;
  /** What its leases live by, where that is not the cache's own clock. */
  readonly clock?: Clock;
  /** Waits until the store can be asked, for a while. */
  ready?(): Promise<void>;
}
