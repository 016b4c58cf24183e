import type { Duration } from '../base/duration.js';
import type { InvalidationTarget } from '../invalidation/target.js';
import type { StoreHealth } from '../ports/store-health.js';
import type { Finding } from '../telemetry/findings.js';
import type { CacheListener, CacheStats } from '../telemetry/telemetry.js';
import type { WarmOptions, WarmResult, WarmSource } from '../warming/warm-types.js';
import type { Explanation, ValueExplanation, ValueTarget } from './explanation.js';
import type { BatchReceipt, InvalidationReceipt } from './receipts.js';
import type { ValueCache } from './value-cache.js';

/** How an invalidation is carried out. */
export interface InvalidateOptions {
  /**
   * When it resolves: `'store'`, when the shared store has acknowledged it; `'all'`, when no process can answer with what
   * it held before. `'all'` takes `l1MaxLag` and a little, and is at once where memory is the only store.
   *
   * @defaultValue `'store'`
   */
  readonly confirm?: 'store' | 'all' | undefined;
  /**
   * For how long the data source may still answer with what was there before, such as a replica that lags: what is read in
   * that time is stored by nobody for longer.
   *
   * @defaultValue 0
   */
  readonly hold?: Duration | undefined;
  /**
   * Whether the views that it drops of what this process holds are asked for again, as by {@link Cache.warm}: a second after the
   * last such invalidation, 1,000 at a time, as an anonymous visitor. What a `key` function, a cookie or any other field but those
   * of content negotiation has selected is not.
   *
   * @defaultValue false, or as `rewarm` of the cache says of its tags
   */
  readonly rewarm?: boolean | undefined;
}

/** What an event stands for, in {@link Cache.invalidateOn}: tags, or any target. */
export type EventTarget<Args extends unknown[]> = (...args: Args) => string | readonly string[] | InvalidationTarget;

/** Anything with `on` and `off`, such as `node:events`. */
export interface EmitterLike {
  // Method syntax, so that emitters with listeners of any shape fit.
  on<Args extends unknown[]>(event: string, listener: (...args: Args) => void): unknown;
  off<Args extends unknown[]>(event: string, listener: (...args: Args) => void): unknown;
}

/** How the parts of a cache are doing, without asking them anything. */
export interface CacheHealth {
  readonly local: 'up';
  /** `undefined` where memory is the only store. */
  readonly shared: StoreHealth | undefined;
  /**
   * Tags, URLs, paths, keys … that were invalidated here, and that the shared store has not acknowledged yet, each once
   * however often; those of a batch that is not over, too. More than 10,000 count as one: everything.
   */
  readonly unheardInvalidations: number;
}

/** A cache: what is stored, and what makes it go. Made by {@link createCache}. */
export interface Cache extends ValueCache {
  /**
   * Marks stored responses invalid: a request that starts after this resolved is not answered from data read before it.
   *
   * Call it after the write has committed. In this process it holds at once, before the promise resolves.
   *
   * @throws {@link ConfigError} (by rejection) for a target that names nothing or cannot be a tag;
   * `InvalidationUnheardError` (by rejection) where the shared store does not answer and `onInvalidateFailure` asks
   * for it
   *
   * @example
   * ```ts
   * await dataSource.transaction((tx) => tx.update(City, id, change));
   * await cache.invalidate({ tags: `cities#${id}` });
   * ```
   */
  invalidate(target: InvalidationTarget, options?: InvalidateOptions): Promise<InvalidationReceipt>;
  /**
   * As {@link invalidate}, and what is purged is never served again, not even while the handler fails.
   *
   * @example
   * ```ts
   * await cache.purge({ url: '/users/1' });
   * ```
   */
  purge(target: InvalidationTarget, options?: InvalidateOptions): Promise<InvalidationReceipt>;
  /**
   * Sends the invalidations made inside `work` to the shared store as one, when `work` has ended, however it ended.
   * In this process each holds at once; the receipts inside say nothing yet, the batch has one for all.
   *
   * @throws what `work` throws, by rejection; else `InvalidationUnheardError` as {@link invalidate}, with what `work`
   * returned as its `value`
   *
   * @example
   * ```ts
   * const { value, durable } = await cache.batch(async () => {
   *   for (const user of changed) await cache.invalidate({ tags: `users#${user.id}` });
   *   return changed.length;
   * });
   * ```
   */
  batch<T>(work: () => Promise<T> | T): Promise<BatchReceipt<T>>;
  /**
   * Invalidates whenever an emitter emits: in this process before `emit` returns. What `target` throws, and a target
   * that names nothing, become a `warning` event and a process warning.
   *
   * @returns a function that stops it
   *
   * @example
   * ```ts
   * cache.invalidateOn(users, 'updated', (user) => [`users#${user.id}`]);
   * ```
   */
  invalidateOn<Args extends unknown[]>(emitter: EmitterLike, event: string, target: EventTarget<Args>): () => void;
  /**
   * What this process knows of a URL: what is stored for it, for how long and by which tags, and why the last answers to
   * it were not stored. A path means it on every host, whatever the method. Goes through all that is stored: for a
   * person who asks, not for each request.
   *
   * @throws {@link ConfigError} for something that is no URL
   *
   * @example
   * ```ts
   * const { stored, refusals } = cache.explain('/cities/7');
   * refusals[0]; // { reason: 'input', detail: 'header cookie', … }
   * ```
   */
  explain(url: string): Explanation;
  /**
   * What is known of a value: where it is stored, whether it may answer and for how long, by which tags, and why the last
   * ones were not stored. Asks the shared store, and changes nothing.
   *
   * @throws {@link ConfigError} (by rejection) for what can be no key
   *
   * @example
   * ```ts
   * const { stored, refusals } = await cache.explain({ key: 'user:7' });
   * stored[0]; // { where: 'memory', state: 'fresh', ttl: 297, tags: ['users#7'], … }
   * ```
   */
  explain(value: ValueTarget): Promise<ValueExplanation>;
  /**
   * Asks for what visitors will ask for, so that they find it stored: URLs of an app in this process, or calls of memoized
   * functions. Each URL goes through the whole app as a request of an anonymous visitor, a few at a time; what is stored already is
   * a hit, and costs next to nothing. One process warms at a time.
   *
   * @param source - a list of URLs, {@link fromSitemap}, {@link fromAccessLog}, or {@link calls}
   * @returns what has become of it, with the reason for each that is no hit now
   * @throws {@link ConfigError} (by rejection) for a wrong setting, or where no server is known; what the source throws
   *
   * @example
   * ```ts
   * const { stored, problems } = await cache.warm(['/', '/cities'], { origin: 'https://www.example.com' });
   * ```
   */
  warm(source: WarmSource, options?: WarmOptions): Promise<WarmResult>;
  /**
   * Warms after each invalidation of these tags in this process, writes to watched data sources included: a second after the last
   * of them, ten after the first at the latest. What is stored all the same is a hit, and is not made again.
   *
   * Of `defaultCache()` it is about the cache that is the default one when it is called. What goes wrong, and what is no hit
   * afterwards, is a warning.
   *
   * @param tags - one or several; `'cities'` stands for its rows, too. An invalidation of everything counts as one of them
   * @param source - what {@link warm} takes, or a function that is asked for it each time
   * @param options - those of {@link warm}; `whileElsewhere` is `'wait'` unless said
   * @returns a function that ends it
   * @throws {@link ConfigError} for what can be no tag, and for a wrong option
   *
   * @example
   * ```ts
   * cache.warmAfter('rates', calls(rateOf, [['EUR'], ['USD']]));
   * ```
   */
  warmAfter(
    tags: string | readonly string[],
    source: WarmSource | (() => WarmSource | Promise<WarmSource>),
    options?: WarmOptions,
  ): () => void;
  /**
   * Counts since start, and what is held now. Cheap enough to be read at every scrape.
   *
   * @example
   * ```ts
   * const { hitRatio, refused } = cache.stats(); // 0.93, { 'set-cookie': 12 }
   * ```
   */
  stats(): CacheStats;
  /**
   * What could be better, by what happened in the last 30 to 60 minutes: routes of which less than 20 % of the requests are
   * answered from what is stored, and why; routes that a shared store takes longer to look up than their handlers to answer;
   * a full memory under 80 %; values that never end. What concerns the most requests comes first. Nothing is said of less
   * than 100 requests.
   *
   * @example
   * ```ts
   * for (const { kind, message } of cache.advise()) console.log(kind, message);
   * ```
   */
  advise(): readonly Finding[];
  /**
   * Hears of everything that happens in the cache, synchronously. What the listener throws is dropped.
   *
   * @returns a function that ends it
   *
   * @example
   * ```ts
   * cache.on((event) => { if (event.type === 'refused') console.log(event.reason, event.key); });
   * ```
   */
  on(listener: CacheListener): () => void;
  /**
   * How the stores are doing.
   *
   * @example
   * ```ts
   * app.get('/health', (req, res) => { res.json(cache.health()); });
   * ```
   */
  health(): CacheHealth;
  /**
   * Resolves when the stores can be used, or after 10 seconds; a cache works before that, by asking handlers.
   *
   * @example
   * ```ts
   * await cache.ready();
   * ```
   */
  ready(): Promise<void>;
  /**
   * Stops timers and lets go of what the cache itself opened. What you handed in stays open. A process ends without it; only a
   * strategy that writes behind needs it, or a signal: it saves what is pending first.
   *
   * @example
   * ```ts
   * afterAll(() => cache.close());
   * ```
   */
  close(): Promise<void>;
}
