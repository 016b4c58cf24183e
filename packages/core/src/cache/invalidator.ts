import { AsyncLocalStorage } from 'node:async_hooks';
import type { RetryQueue } from '../invalidation/retry-queue.js';
import type { TagTable } from '../invalidation/tag-table.js';
import type { EventSink } from '../ports/event-sink.js';
import type { InvalidationReceipt } from './cache.js';

type Mode = 'soft' | 'hard';
type Collected = {
  readonly soft: Set<string>;
  readonly hard: Set<string>;
  /** False once the batch has been sent: work it did not wait for may still run inside it. */
  isOpen: boolean;
};

/** Carries invalidations out: here at once, at the shared store as soon as it answers (PROTOCOL 4.6). */
export class Invalidator {
  readonly #tags: TagTable;
  readonly #unheard: RetryQueue | undefined;
  readonly #sink: EventSink;
  readonly #batches = new AsyncLocalStorage<Collected>();

  constructor(tags: TagTable, unheard: RetryQueue | undefined, sink: EventSink) {
    this.#tags = tags;
    this.#unheard = unheard;
    this.#sink = sink;
  }

  /** The first step is synchronous: nothing that starts after this call is answered from what it invalidates. */
  async run(tags: readonly string[], mode: Mode): Promise<InvalidationReceipt> {
    const at = this.#tags.invalidate(tags, mode);
    const batch = this.#batches.getStore();
    if (batch?.isOpen === true) {
      for (const tag of tags) batch[mode].add(tag);
      return { durable: false, at };
    }
    return await this.#deliver(tags, mode, at);
  }

  async batch<T>(work: () => Promise<T> | T): Promise<T> {
    const collected: Collected = { soft: new Set(), hard: new Set(), isOpen: true };
    try {
      return await this.#batches.run(collected, async () => await work());
    } finally {
      collected.isOpen = false;
      // Also after an error: what was written before it is written.
      await Promise.all([this.#flush(collected.hard, 'hard'), this.#flush(collected.soft, 'soft')]);
    }
  }

  async #flush(tags: ReadonlySet<string>, mode: Mode): Promise<void> {
    if (tags.size === 0) return;
    // Once more, now that all is done: a fill may have read between the first invalidation and the end of the batch.
    await this.#deliver([...tags], mode, this.#tags.invalidate(tags, mode));
  }

  async #deliver(tags: readonly string[], mode: Mode, at: number): Promise<InvalidationReceipt> {
    const durable = this.#unheard === undefined || (await this.#unheard.deliver(tags, mode, at));
    this.#sink.emit({ type: 'invalidated', tags, mode, durable });
    return { durable, at };
  }
}
