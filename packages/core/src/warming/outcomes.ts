import { AsyncLocalStorage } from 'node:async_hooks';
import type { Bypass, CacheEvent, Refusal } from '../ports/event-sink.js';

/** What the cache has made of what was asked for. */
export type Found =
  | { readonly outcome: 'hit' | 'stored'; readonly key: string }
  | {
      readonly outcome: 'refused';
      readonly reason: Refusal | Bypass | 'no-view' | 'other-key';
      readonly detail?: string | undefined;
    };

/** The cache was not asked: no view or value stands there. */
const NO_VIEW: Found = { outcome: 'refused', reason: 'no-view' };
/** It goes on all the same, and is stored or refused in the end. */
const NOT_THE_END: ReadonlySet<Bypass> = new Set(['waiters', 'collapse-timeout']);

/** Hears what becomes of one request or call. */
export class Report {
  /** The key that it is looked up by, once that is known. */
  key: string | undefined;
  #isLookedUp = false;
  #found: Found | undefined;
  #tell: ((found: Found) => void) | undefined;

  /** @param isMeant - whether an event of this key is of what was asked for, and not of something that was used for it */
  constructor(readonly isMeant: (key: string, type: CacheEvent['type']) => boolean) {}

  get isOpen(): boolean {
    return this.#found === undefined;
  }

  hear(event: CacheEvent & { readonly key: string }): void {
    if (event.type === 'miss') this.#isLookedUp = true;
    else if (event.type === 'hit') this.#settle({ outcome: 'hit', key: event.key });
    // Without a miss it is a copy of what a shared store has, and a hit.
    else if (event.type === 'stored' && this.#isLookedUp) this.#settle({ outcome: 'stored', key: event.key });
    else if (event.type === 'refused') this.#settle({ outcome: 'refused', reason: event.reason, detail: event.detail });
    else if (event.type === 'bypass' && !NOT_THE_END.has(event.reason))
      this.#settle({ outcome: 'refused', reason: event.reason });
  }

  /** When the answer is there: a shared store may take its time to store it. */
  async answered(): Promise<Found> {
    if (this.#found !== undefined) return this.#found;
    if (!this.#isLookedUp) return NO_VIEW;
    return await new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  #settle(found: Found): void {
    if (this.#found !== undefined) return;
    this.#found = found;
    this.#tell?.(found);
  }
}

/**
 * Tells events of what is warmed from those of visitors: by the asynchronous context that they happen in; and by key from when
 * that is known, since a handler may answer in any context.
 */
export class Outcomes {
  readonly #context = new AsyncLocalStorage<Report>();
  readonly #byKey = new Map<string, Report[]>();

  readonly listener = (event: CacheEvent): void => {
    if (!('key' in event)) return;
    const report = this.#context.getStore();
    if (report?.isMeant(event.key, event.type) === true) {
      if (event.type === 'miss' && report.key === undefined) this.expect(event.key, report);
      report.hear(event);
    } else if (event.type !== 'hit' && event.type !== 'bypass') this.#expecting(event.key)?.hear(event);
  };

  /** Whether what happens now is done for what is warmed. */
  readonly isUnderWay = (): boolean => this.#context.getStore() !== undefined;

  during<T>(report: Report, run: () => T): T {
    return this.#context.run(report, run);
  }

  /** Hears what becomes of a key on behalf of whoever is to be told. */
  expect(key: string, report: Report): void {
    report.key = key;
    this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), report]);
  }

  forget(report: Report): void {
    const { key } = report;
    if (key === undefined) return;
    const left = (this.#byKey.get(key) ?? []).filter((other) => other !== report);
    if (left.length > 0) this.#byKey.set(key, left);
    else this.#byKey.delete(key);
  }

  /** Of several that ask for variants of one URL the first that has not been told. */
  #expecting(key: string): Report | undefined {
    const variant = key.indexOf('\n~');
    const reports = this.#byKey.get(key) ?? (variant < 0 ? undefined : this.#byKey.get(key.slice(0, variant)));
    return reports?.find(({ isOpen }) => isOpen);
  }
}
