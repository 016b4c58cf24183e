import { ServerResponse } from 'node:http';
import type { StalePolicy } from '../config/stale-options.js';
import type { LocalItem, StaleItem } from '../engine/local-item.js';
import type { StoredResponse } from '../ports/stored-response.js';
import { BackOff } from './back-off.js';
import { canBeReborn } from './newborn.js';

/** What one view does with responses past their lifetime, and what it remembers for that. */
export class StaleView {
  readonly policy: StalePolicy;
  readonly backOff = new BackOff();
  /** The handler has answered with something else since, that could not be stored. */
  readonly #superseded = new WeakSet<StoredResponse>();
  #refreshes = 0;

  constructor(policy: StalePolicy) {
    this.policy = policy;
  }

  /** The response that may answer while it is made new (RFC 5861 §3): merely past its lifetime, never invalidated. */
  whileRevalidating(found: StaleItem | undefined, now: number): LocalItem | undefined {
    if (found?.validity !== 'valid' || this.#superseded.has(found.item.stored)) return undefined;
    const { item } = found;
    const { freshUntil } = item;
    const until = freshUntil + (item.stored.stale?.whileRevalidateMs ?? 0);
    return now >= freshUntil && now < until ? item : undefined;
  }

  /** The response that may answer where the handler fails (RFC 5861 §4), or is left alone after it has failed. */
  onError(found: StaleItem | undefined, now: number): LocalItem | undefined {
    if (found === undefined) return undefined;
    const { item } = found;
    const { ifErrorMs = 0 } = item.stored.stale ?? {};
    // Of what was invalidated nothing is left but that.
    if (found.validity === 'stale' && ifErrorMs === 0) return undefined;
    if (now < item.freshUntil + ifErrorMs) return this.#isCurrent(item);
    return this.whileRevalidating(found, now);
  }

  /** Whether a hit comes so late in a lifetime that the response is made new behind it. */
  isDue(item: LocalItem, now: number): boolean {
    const { earlyRefreshMs } = this.policy;
    if (earlyRefreshMs === 0) return false;
    return now >= item.freshUntil - Math.min(earlyRefreshMs, item.stored.lifetimeMs / 2);
  }

  /** Whether a refresh may begin now that runs behind the visitor's answer. */
  mayContinue(res: ServerResponse): boolean {
    // HTTP/2 has responses of another kind.
    return this.#refreshes < this.policy.maxRefreshes && this.continues(res);
  }

  /** Whether a visitor's chain can go on when he has been answered; else one visitor has to wait. */
  continues(res: ServerResponse): boolean {
    return this.policy.revalidate === 'background' && res instanceof ServerResponse && canBeReborn();
  }

  /** Counts a refresh in; what it returns counts it out, once. */
  begin(): () => void {
    this.#refreshes++;
    let isOver = false;
    return () => {
      if (!isOver) this.#refreshes--;
      isOver = true;
    };
  }

  /** The handler has answered otherwise: what is stored does not stand for its answer any more. */
  supersede(item: LocalItem): void {
    this.#superseded.add(item.stored);
  }

  #isCurrent(item: LocalItem): LocalItem | undefined {
    return this.#superseded.has(item.stored) ? undefined : item;
  }
}

/** A status by which a handler says that it has failed, rather than what it cannot do (RFC 5861 §4). */
export function isFailure(status: number): boolean {
  return status >= 500 && status !== 501 && status !== 505;
}
