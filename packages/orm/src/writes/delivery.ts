import type { Cache } from '@viewcache/core';
import { invalidateFrom, type WriteOrigin } from '@viewcache/core/tracking';
import type { WriteBatch } from './batch.js';

/** What was delivered of a data source's writes to its cache since it is watched. */
export interface DeliveryCounts {
  /** Commits, and writes outside transactions, that invalidated something. */
  commits: number;
  /** Tags of all of them: of each table and each row one, in however many spellings it is told. */
  tags: number;
  /** Of the commits, those that the shared store had not acknowledged when the write's caller went on. */
  unacknowledged: number;
  /** Of the commits, those whose outcome nobody knew: they count as committed. */
  uncertain: number;
  /** What went wrong in the watch itself. What may have been written then invalidates everything. */
  failures: number;
}

/** How a {@link Delivery} goes about it. */
export interface DeliverySettings {
  readonly cache: Cache;
  /** What the data source is called. */
  readonly source: string;
  readonly onWrite: 'purge' | 'invalidate';
  readonly onFailure: (error: unknown) => void;
  /** Called when what changes tables was delivered. */
  readonly onTablesChanged?: () => void;
}

/** Callers that wait for the shared store at once. Beyond them nobody waits: a store so slow must not gather them. */
const WAITING = 64;
/** A cache answers or gives up within its own deadline; this is for one whose clock stands still. */
const LONGEST_MS = 10_000;
/** For so long a statement of which nobody has heard the end may still be carried out. */
const UNCERTAIN_FOR_MS = 30_000;

/**
 * Tells a cache what was committed. In this process it is invalidated before {@link deliver} returns; what that returns is for
 * the shared store's answer, ends within the cache's deadline, and never rejects.
 */
export class Delivery {
  readonly counts: DeliveryCounts = { commits: 0, tags: 0, unacknowledged: 0, uncertain: 0, failures: 0 };
  readonly #settings: DeliverySettings;
  readonly #origins = new WeakMap<WriteOrigin, readonly string[]>();
  #waiting = 0;

  constructor(settings: DeliverySettings) {
    this.#settings = settings;
  }

  /** What was written by an invalidation that comes from here, each table and row once; `undefined` for any other. */
  namesOf(origin: WriteOrigin): readonly string[] | undefined {
    return this.#origins.get(origin);
  }

  deliver(writes: WriteBatch): Promise<void> | undefined {
    if (writes.isEmpty) return undefined;
    try {
      if (writes.changesTables) this.#settings.onTablesChanged?.();
      this.counts.commits++;
      if (writes.isUncertain) this.counts.uncertain++;
      return this.#bounded(this.#tell(writes));
    } catch (error) {
      this.#settings.onFailure(error);
      return undefined;
    }
  }

  #tell(writes: WriteBatch): Promise<{ readonly durable: boolean }> {
    const { cache, onWrite, source } = this.#settings;
    const { why, statement = '', isUncertain } = writes;
    const tags = why === undefined ? writes.tags() : 'everything';
    const names = why === undefined ? writes.names() : [];
    this.counts.tags += names.length;
    const origin: WriteOrigin = why === undefined ? { source, statement } : { source, statement, why };
    this.#origins.set(origin, names);
    // What is read until its end is known may be from before it: nobody stores that for longer.
    return invalidateFrom(cache, tags, onWrite, origin, isUncertain ? UNCERTAIN_FOR_MS : 0);
  }

  #bounded(told: Promise<{ readonly durable: boolean }>): Promise<void> | undefined {
    const settled = told.then(
      ({ durable }) => {
        if (!durable) this.counts.unacknowledged++;
      },
      // `onInvalidateFailure: 'throw'`: whoever has written is not the one to be told, the cache's events do.
      () => {
        this.counts.unacknowledged++;
      },
    );
    if (this.#waiting >= WAITING) return undefined;
    this.#waiting++;
    return new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LONGEST_MS).unref();
      void settled.then(() => {
        clearTimeout(timer);
        resolve();
      });
    }).then(() => {
      this.#waiting--;
    });
  }
}
