import { FifoPolicy } from './fifo.js';

/**
 * Evicts what was used longest ago.
 *
 * Good where what was asked for will be asked for again soon; poor under scans and loops longer than the store, each of
 * which pushes out everything.
 */
export class LruPolicy extends FifoPolicy {
  override readonly name: string = 'lru';

  override hit(slot: number): void {
    this.queue.renew(0, slot);
  }
}
