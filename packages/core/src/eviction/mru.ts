import { LruPolicy } from './lru.js';

/**
 * Evicts what was used last.
 *
 * The best there is under a loop over more than the store holds, where what was used last is what will be needed last; poor
 * under nearly everything else.
 */
export class MruPolicy extends LruPolicy {
  override readonly name = 'mru';

  override victim(): number {
    return this.queue.newest(0);
  }

  override order(): Iterable<number> {
    return this.queue.fromNewest(0);
  }
}
