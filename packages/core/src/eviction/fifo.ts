import type { EvictionPolicy } from '../ports/eviction-policy.js';
import { SlotLists } from './slot-lists.js';

/**
 * Evicts what was stored longest ago, used or not.
 *
 * The cheapest on a hit, which it does not look at; a replaced value counts as newly stored.
 */
export class FifoPolicy implements EvictionPolicy {
  readonly name: string = 'fifo';
  protected readonly queue: SlotLists = new SlotLists(1);

  grow(slots: number): void {
    this.queue.grow(slots);
  }

  insert(slot: number): void {
    this.queue.push(0, slot);
  }

  hit(_slot: number): void {}

  remove(slot: number): void {
    this.queue.remove(slot);
  }

  victim(): number {
    return this.queue.oldest(0);
  }

  order(): Iterable<number> {
    return this.queue.fromOldest(0);
  }

  clear(): void {
    this.queue.clear();
  }
}
