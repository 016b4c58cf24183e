import type { RetryQueue } from '../invalidation/retry-queue.js';
import type { FrameCodec } from '../ports/codec.js';
import type { TaggedStore } from '../ports/tagged-store.js';

/** The level behind L1: a shared store, its frames, and the invalidations it has yet to hear of. */
export interface SharedLevel {
  readonly store: TaggedStore;
  readonly codec: FrameCodec;
  readonly unheard: RetryQueue;
  /** Waits until the store can be asked, for a while. */
  ready?(): Promise<void>;
}
