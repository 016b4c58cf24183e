import { AsyncLocalStorage } from 'node:async_hooks';
import { InvalidationUnheardError } from '../base/store-errors.js';
import { HeldInvalidations } from '../invalidation/held-invalidations.js';
import { namedBy } from '../invalidation/named.js';
import type { RetryQueue } from '../invalidation/retry-queue.js';
import type { TagTable } from '../invalidation/tag-table.js';
import type { Clock } from '../ports/clock.js';
import type { Dropped, EventSink, WriteOrigin } from '../ports/event-sink.js';
import { MOST_KEYS } from './dropped.js';
import { keepProcessFor } from './keep-process.js';
import type { BatchReceipt, InvalidationReceipt } from './receipts.js';

type Mode = 'soft' | 'hard';

/** How an invalidation is carried out beside the store's acknowledging it. */
export interface Orders {
  /** It resolves when no process can answer with what it held before. */
  readonly confirmsAll: boolean;
  /** For how long data sources may still answer with what was there before. */
  readonly holdMs: number;
  /** What it drops is to be asked for again, whatever its tags. */
  readonly isRewarmed?: boolean | undefined;
  /** What those who listen are told of where it comes from, and of what it has dropped. */
  readonly from?: From | undefined;
}

interface From {
  readonly origin: WriteOrigin;
  readonly dropped: Dropped;
}

const PLAIN: Orders = { confirmsAll: false, holdMs: 0 };

interface Collected {
  readonly soft: Set<string>;
  readonly hard: Set<string>;
  /** The strictest of all. */
  orders: Orders;
  /** What they come from, those of either mode together. */
  readonly from: Partial<Record<Mode, From>>;
  /** False once the batch has been sent: work it did not wait for may still run inside it. */
  isOpen: boolean;
}

/** What an {@link Invalidator} stands on. */
export interface InvalidatorParts {
  readonly tags: TagTable;
  /** Those that the shared store has yet to hear of; `undefined` where memory is the only store. */
  readonly unheard: RetryQueue | undefined;
  readonly sink: EventSink;
  readonly clock: Clock;
  /** How far the memory of another process may lag; `undefined` where there is none. */
  readonly lagMs: number | undefined;
  readonly throwsUnheard: boolean;
  /** The shared store can only purge: then this process does so, too, or it would show what no other does. */
  readonly purgesOnly: boolean;
  /** What of what this process holds has one of these tags, and was good until now. */
  droppedBy(tags: readonly string[]): Dropped;
  /** Hears of all that is invalidated here, once it is. */
  invalidated(tags: readonly string[], isRewarmed: boolean): void;
}

/** Clocks of two machines do not run alike: so much longer than the lag nobody is behind. */
const MARGIN = 1.05;

/** Carries invalidations out: here at once, at the shared store as soon as it answers (PROTOCOL 4.6). */
export class Invalidator {
  readonly #parts: InvalidatorParts;
  readonly #batches = new AsyncLocalStorage<Collected>();
  readonly #held: HeldInvalidations;

  constructor(parts: InvalidatorParts) {
    this.#parts = parts;
    this.#held = new HeldInvalidations((tags, mode) => this.#repeat(tags, mode), parts.clock);
  }

  /** The first step is synchronous: nothing that starts after this call is answered from what it invalidates. */
  async run(tags: readonly string[], asked: Mode, orders: Orders = PLAIN): Promise<InvalidationReceipt> {
    const mode = this.#parts.purgesOnly ? 'hard' : asked;
    const at = this.#parts.tags.invalidate(tags, mode);
    this.#parts.invalidated(tags, orders.isRewarmed === true);
    const batch = this.#batches.getStore();
    if (batch?.isOpen === true) {
      for (const tag of tags) batch[mode].add(tag);
      batch.orders = strictest(batch.orders, orders);
      if (orders.from !== undefined) batch.from[mode] = together(batch.from[mode], orders.from);
      // The store still has what was there before, and nobody has told it: it must not come back from there.
      this.#parts.unheard?.announce(tags, mode, at);
      return { durable: false, at };
    }
    return await this.#send(tags, mode, at, orders);
  }

  /** A purge that waits for no batch: what is stored after it, within that, stays. */
  async purgeNow(tags: readonly string[]): Promise<InvalidationReceipt> {
    return await this.#send(tags, 'hard', this.#parts.tags.invalidate(tags, 'hard'), PLAIN);
  }

  /** As a write to a data source asks for it, which those who listen are told. */
  async runFrom(
    tags: readonly string[],
    asked: Mode,
    origin: WriteOrigin,
    holdMs: number = 0,
  ): Promise<InvalidationReceipt> {
    const from = this.#parts.sink.isHeard ? { origin, dropped: this.#parts.droppedBy(tags) } : undefined;
    return await this.run(tags, asked, { confirmsAll: false, holdMs, from });
  }

  /** The same where nobody awaits it: that the store has not heard of it, an event tells. */
  runBehind(tags: readonly string[], mode: Mode): void {
    this.run(tags, mode).catch(() => {});
  }

  async batch<T>(work: () => Promise<T> | T): Promise<BatchReceipt<T>> {
    const collected: Collected = { soft: new Set(), hard: new Set(), orders: PLAIN, from: {}, isOpen: true };
    const [done] = await Promise.allSettled([this.#batches.run(collected, async () => await work())]);
    collected.isOpen = false;
    // Also after an error: what was written before it is written.
    const sent = await Promise.all([this.#flush(collected, 'hard'), this.#flush(collected, 'soft')]);
    if (done.status === 'rejected') throw done.reason;
    const unheard = sent.filter(({ durable }) => !durable);
    if (unheard.length > 0 && this.#parts.throwsUnheard)
      throw unheardError(
        unheard.flatMap(({ tags }) => tags),
        done.value,
      );
    return { value: done.value, durable: unheard.length === 0, at: Math.max(...sent.map(({ at }) => at)) };
  }

  /** What waits for a data source to catch up is given up: the process is going away. */
  close(): void {
    this.#held.close();
  }

  async #flush(collected: Collected, mode: Mode): Promise<InvalidationReceipt & { readonly tags: readonly string[] }> {
    const tags = [...collected[mode]];
    const { tags: table } = this.#parts;
    if (tags.length === 0) return { durable: true, at: table.clock, tags };
    // Once more, now that all is done: a fill may have read between the first invalidation and the end of the batch.
    const orders = { ...collected.orders, from: collected.from[mode] };
    return { ...(await this.#deliver(tags, mode, table.invalidate(tags, mode), orders)), tags };
  }

  async #send(tags: readonly string[], mode: Mode, at: number, orders: Orders): Promise<InvalidationReceipt> {
    const receipt = await this.#deliver(tags, mode, at, orders);
    if (!receipt.durable && this.#parts.throwsUnheard) throw unheardError(tags);
    return receipt;
  }

  async #deliver(tags: readonly string[], mode: Mode, at: number, orders: Orders): Promise<InvalidationReceipt> {
    const { unheard, sink, clock, lagMs } = this.#parts;
    const { holdMs, confirmsAll, from } = orders;
    const durable = unheard === undefined || (await keepProcessFor(unheard.deliver(tags, mode, at, holdMs)));
    sink.emit({ type: 'invalidated', ...namedBy(tags), mode, durable, ...from });
    // What was read of a source that lags, in this process or another, goes when that has caught up.
    if (holdMs > 0) this.#held.hold(tags, mode, holdMs);
    if (durable && confirmsAll && lagMs !== undefined) await keepProcessFor(elapsed(clock, lagMs * MARGIN));
    return { durable, at };
  }

  async #repeat(tags: readonly string[], mode: Mode): Promise<void> {
    const { tags: table, unheard } = this.#parts;
    const at = table.invalidate(tags, mode);
    this.#parts.invalidated(tags, false);
    await unheard?.deliver(tags, mode, at);
  }
}

function unheardError(names: readonly string[], value?: unknown): InvalidationUnheardError {
  const { tags, targets } = namedBy(names);
  return new InvalidationUnheardError(tags, targets, value);
}

function strictest(some: Orders, others: Orders): Orders {
  return {
    confirmsAll: some.confirmsAll || others.confirmsAll,
    holdMs: Math.max(some.holdMs, others.holdMs),
  };
}

/** Of several writes the first counts, as of the statements of one. What one has dropped no other has dropped again. */
function together(before: From | undefined, { origin, dropped }: From): From {
  if (before === undefined) return { origin, dropped };
  const { count, exact, keys } = before.dropped;
  return {
    origin: before.origin,
    dropped: {
      count: count + dropped.count,
      exact: exact && dropped.exact,
      keys: [...new Set([...keys, ...dropped.keys])].slice(0, MOST_KEYS),
    },
  };
}

function elapsed(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}
