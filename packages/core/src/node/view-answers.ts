import type { IncomingMessage, ServerResponse } from 'node:http';
import { ignoreRejection } from '../base/answer.js';
import type { CacheRuntime } from '../cache/runtime.js';
import type { ViewPolicy } from '../config/view-options.js';
import type { Answer } from '../engine/flight.js';
import type { LocalItem } from '../engine/local-item.js';
import { type CacheStatus, cacheStatusWriter } from '../http/cache-status.js';
import { withStaleControl } from '../http/downstream.js';
import { formatServerTiming } from '../http/server-timing.js';
import { Emission } from './emission.js';
import { fillHoles } from './placeholders.js';
import type { StandIn } from './stand-in.js';
import { type HitStyle, writeHit } from './write-hit.js';

const status = cacheStatusWriter('viewcache');

/** Writes the answers of a view that no handler is asked for, with what they say of themselves. */
export class ViewAnswers<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly emission: Emission;
  readonly #policy: ViewPolicy<Req, Res>;
  readonly #runtimeOf: () => CacheRuntime;
  readonly #hitStyle: HitStyle;
  readonly #collapsedStyle: HitStyle;
  #earlyStyle: HitStyle | undefined;

  /** @param runtimeOf - found on first use */
  constructor(policy: ViewPolicy<Req, Res>, runtimeOf: () => CacheRuntime) {
    this.#policy = policy;
    this.#runtimeOf = runtimeOf;
    this.emission = new Emission(policy.emission);
    const wallClock = () => runtimeOf().clock.now();
    const level = policy.cacheStatus;
    this.#hitStyle = {
      wallClock,
      serverTiming: policy.serverTiming ? (item) => timingOf(item, 'hit') : noField,
      front: [],
      cacheStatus: (item, ttl) =>
        level === 'none'
          ? undefined
          : level === 'short'
            ? status.hit(freshnessOf(item, ttl))
            : status.write({ hit: true, ttl: freshnessOf(item, ttl), key: item.stored.key }),
    };
    this.#collapsedStyle = {
      wallClock,
      serverTiming: policy.serverTiming ? (item) => timingOf(item, 'collapsed') : noField,
      front: [],
      cacheStatus: (item, ttl) =>
        level === 'none'
          ? undefined
          : status.write({
              fwd: 'uri-miss',
              collapsed: true,
              ttl: freshnessOf(item, ttl),
              ...(level === 'full' ? { key: item.stored.key } : {}),
            }),
    };
  }

  /**
   * Writes a hit before the web framework is entered.
   *
   * @param front - name, value, name, value of what middleware in front would have set
   */
  writeEarly(req: Req, res: Res, item: LocalItem, front: readonly string[]): void {
    const { telemetry, clock } = this.#runtimeOf();
    if (this.#earlyStyle?.front !== front) this.#earlyStyle = { ...this.#hitStyle, front };
    telemetry.hit(item.stored.key, item.counters, item.stored.route, false, item.stored.producerMs);
    const now = clock.monotonic();
    writeHit(req, res, item, now, this.emission.styled(this.#earlyStyle, req, res, item, now));
  }

  /** Writes a hit and counts it. False when it cannot be written: then the handler has to answer. */
  writeItem(req: Req, res: Res, item: LocalItem, how: Answer): boolean {
    const { telemetry, clock } = this.#runtimeOf();
    const { stored } = item;
    const filled = this.#filled(req, res, item);
    if (filled === null) return false;
    telemetry.hit(stored.key, item.counters, stored.route, how === 'collapsed', stored.producerMs);
    const style = how === 'collapsed' ? this.#collapsedStyle : this.#hitStyle;
    const now = clock.monotonic();
    writeHit(req, res, item, now, this.emission.styled(style, req, res, item, now), filled);
    return true;
  }

  /** The body with its placeholders filled in, where it has any; `null` when there is no value for one. */
  #filled(req: Req, res: Res, { stored }: LocalItem): Buffer | undefined | null {
    if (stored.placeholders.length === 0) return undefined;
    return fillHoles(stored.body, stored.placeholders, (name) => this.#valueOf(name, req, res)) ?? null;
  }

  /** Writes a stored response in the handler's stead. */
  writeStandIn(req: Req, res: Res, item: LocalItem, standIn: StandIn): boolean {
    const { stored } = item;
    const filled = this.#filled(req, res, item);
    if (filled === null) return false;
    const level = this.#policy.cacheStatus;
    const style: HitStyle = {
      ...this.#hitStyle,
      fields: (it) => withStaleControl(it.stored.headers),
      serverTiming: this.#policy.serverTiming ? (it) => timingOf(it, 'stale') : noField,
      cacheStatus: (_item, ttl) =>
        level === 'none'
          ? undefined
          : status.write({
              fwd: 'stale',
              fwdStatus: standIn.fwdStatus,
              ttl,
              ...(level === 'full' ? { key: stored.key, detail: standIn.detail } : {}),
            }),
    };
    this.#runtimeOf().telemetry.emit({ type: 'stale', key: stored.key, route: stored.route, reason: standIn.detail });
    writeHit(req, res, item, this.#runtimeOf().clock.monotonic(), style, filled);
    return true;
  }

  /** Says that nobody has answered in time. */
  writeTimeout(res: ServerResponse): void {
    res.statusCode = 504;
    this.say(res, { fwd: 'miss', detail: 'timeout' });
    res.end();
  }

  /** Says that the handler was not asked, because the request wants what is stored or nothing (RFC 9111 §5.2.1.7). */
  writeOnlyIfCached(res: ServerResponse): void {
    res.statusCode = 504;
    this.say(res, { fwd: 'request', detail: 'only-if-cached' });
    res.end();
  }

  /** Sets Cache-Status, unless the view says nothing. */
  say(res: ServerResponse, what: CacheStatus): void {
    if (this.#policy.cacheStatus !== 'none') res.setHeader('Cache-Status', status.write(what));
  }

  #valueOf(name: string, req: Req, res: Res): string | undefined {
    const fill = this.#policy.placeholders.find(([known]) => known === name)?.[1];
    try {
      const value: unknown = fill?.(req, res);
      ignoreRejection(value);
      return typeof value === 'string' ? value : undefined;
    } catch {
      return undefined;
    }
  }
}

const noField = (): undefined => undefined;

/** Seconds of freshness left: none of what was invalidated (RFC 9211 §2.4). */
function freshnessOf({ isOutdated }: LocalItem, ttl: number): number {
  return isOutdated ? Math.min(0, ttl) : ttl;
}

/** What the browser is shown of an answer that no handler was asked for. */
function timingOf({ stored }: LocalItem, outcome: Answer | 'stale'): string {
  return formatServerTiming([
    { name: 'viewcache', desc: outcome },
    { name: 'saved', dur: stored.producerMs },
  ]);
}
