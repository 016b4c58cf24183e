import type { StoredResponse } from '../ports/stored-response.js';
import { BackOff } from './back-off.js';
import type { LocalItem, StaleItem } from './local-item.js';

/** What a policy says of making new what is stored. */
export interface RefreshLimits {
  /** So long before the end of its lifetime a hit makes it new; 0: never. */
  readonly earlyRefreshMs: number;
  /** Refreshes at a time. */
  readonly maxRefreshes: number;
}

/** What has to be remembered between one use and the next. */
export class StaleMemory {
  readonly backOff = new BackOff();
  /** Something else was made since, that could not be stored. */
  readonly superseded = new WeakSet<StoredResponse>();
  refreshes = 0;
}

/** What may be used past its lifetime, and for what. */
export class StaleUses<Limits extends RefreshLimits = RefreshLimits> {
  readonly policy: Limits;
  readonly #memory: StaleMemory;

  /** @param memory - shared by policies that are about the same keys */
  constructor(policy: Limits, memory: StaleMemory = new StaleMemory()) {
    this.policy = policy;
    this.#memory = memory;
  }

  get backOff(): BackOff {
    return this.#memory.backOff;
  }

  /** What may answer while it is made new (RFC 5861 §3): merely past its lifetime, never invalidated. */
  whileRevalidating(found: StaleItem | undefined, now: number): LocalItem | undefined {
    if (found?.validity !== 'valid' || this.#memory.superseded.has(found.item.stored)) return undefined;
    const { item } = found;
    const { freshUntil } = item;
    const until = freshUntil + (item.stored.stale?.whileRevalidateMs ?? 0);
    return now >= freshUntil && now < until ? item : undefined;
  }

  /** What may answer where making it fails (RFC 5861 §4), or is not tried again so soon after it has failed. */
  onError(found: StaleItem | undefined, now: number): LocalItem | undefined {
    if (found === undefined) return undefined;
    const { item } = found;
    const { ifErrorMs = 0 } = item.stored.stale ?? {};
    // Of what was invalidated nothing is left but that.
    if (found.validity === 'stale' && ifErrorMs === 0) return undefined;
    if (now < item.freshUntil + ifErrorMs) return this.#isCurrent(item);
    return this.whileRevalidating(found, now);
  }

  /** Whether a hit comes so late in a lifetime that it is made new behind the answer. */
  isDue(item: LocalItem, now: number): boolean {
    const { earlyRefreshMs } = this.policy;
    if (earlyRefreshMs === 0) return false;
    return now >= item.freshUntil - Math.min(earlyRefreshMs, item.stored.lifetimeMs / 2);
  }

  /** Whether one more refresh may run. */
  get hasRoom(): boolean {
    return this.#memory.refreshes < this.policy.maxRefreshes;
  }

  /** Counts a refresh in; what it returns counts it out, once. */
  begin(): () => void {
    this.#memory.refreshes++;
    let isOver = false;
    return () => {
      if (!isOver) this.#memory.refreshes--;
      isOver = true;
    };
  }

  /** It was made otherwise: what is stored does not stand for it any more. */
  supersede(item: LocalItem): void {
    this.#memory.superseded.add(item.stored);
  }

  #isCurrent(item: LocalItem): LocalItem | undefined {
    return this.#memory.superseded.has(item.stored) ? undefined : item;
  }
}

/** A lifetime shortened by chance, so that what was stored together does not end together. */
export function jittered(lifetimeMs: number, jitterMs: number): number {
  if (jitterMs === 0 || lifetimeMs === Number.POSITIVE_INFINITY) return lifetimeMs;
  return lifetimeMs - Math.random() * Math.min(jitterMs, lifetimeMs / 2);
}
