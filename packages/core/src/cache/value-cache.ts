import type { Duration } from '../base/duration.js';
import type { MemoOptions } from '../config/memo-options.js';
import type { ReadThroughOptions, WriteBehindOptions, WriteThroughOptions } from '../config/through-option-types.js';
import type {
  AddOptions,
  CacheToken,
  IncrementOptions,
  Key,
  KeyOptions,
  RowOptions,
  SetOptions,
} from '../config/value-call-options.js';
import type { ValueOptions } from '../config/value-option-types.js';
import type { NamespaceTarget } from '../invalidation/target.js';
import type { AnyFunction } from '../values/any-function.js';
import type { ProducerRun } from '../values/producer.js';
import type { Memoized } from './memoized-function.js';
import type { InvalidationReceipt } from './receipts.js';
import type { ReadThrough, Strategies, WriteBehind, WriteThrough } from './through-strategies.js';

/** Values found by key: the half of a {@link Cache} that is not about responses. */
export interface ValueCache {
  /**
   * The value of a key, or what `producer` makes for it: once for all who ask at the same time, in this process and, where
   * the store has leases, in all others. What it throws is what everybody who waits is told, and nothing is stored.
   *
   * Inside, {@link view} says what the value depends on; used inside a cached view or another value, it tells that of its
   * own tags. An invalidation or a `delete` while the producer runs wins: what it makes answers, and is not stored.
   *
   * @param producer - is told of its {@link ProducerRun}; `run.stale` is a T where T is written out, and else `unknown`
   * @param options - a ttl (seconds, or `'5m'`), or an object with it and more
   * @throws {@link ConfigError} (by rejection) for a wrong setting, `ValueTimeoutError` past `hardTimeout`, and whatever
   * the producer throws
   *
   * @example
   * ```ts
   * const user = await cache.getOrSet(`user:${id}`, () => users.find(id), { ttl: '10m', tags: [`users#${id}`] });
   * ```
   */
  getOrSet<T, Stale = T>(
    key: Key,
    producer: (run: ProducerRun<Stale>) => T | Promise<T>,
    options?: Duration | ValueOptions<T>,
  ): Promise<T>;
  /**
   * The values of many keys: what is stored in one round trip, and the rest from one call of `loadMissing`, which may leave
   * keys out: nothing is stored for those. Keys that somebody is making already are waited for.
   *
   * @param loadMissing - returns values by key, or rows where `by` says of which key each is: never by their order, which is
   * the database's own. Where it fails for several it is called again for fewer, as others may wait for some of them
   * @returns what was found or loaded, in the order of the keys
   * @throws {@link LoadMissingError} (by rejection) where nothing tells whose value is whose
   *
   * @example
   * ```ts
   * const byId = await cache.getOrSetMany(ids, (missing) => users.findMany(missing), { by: 'id', ttl: '10m' });
   * ```
   */
  getOrSetMany<K, L extends Loaded<unknown> | LoadedRows = never>(
    keys: readonly K[] & readonly Key[],
    loadMissing: (missing: readonly K[]) => L | Promise<L>,
    options: LoadOptions<NoInfer<L>>,
  ): Promise<Map<K, ValueIn<L>>>;
  getOrSetMany<K, L extends Loaded<unknown> | LoadedRows = never>(
    keys: readonly K[] & readonly Key[],
    loadMissing: ((missing: readonly K[]) => L | Promise<L>) & WithoutBy<L>,
  ): Promise<Map<K, ValueIn<L>>>;
  /**
   * The value of a key, as far as it is stored and fresh; `undefined` where there is none. {@link has} tells that from a
   * value that is `undefined`.
   *
   * @example
   * ```ts
   * const cart = await cache.get<Cart>(`cart:${sessionId}`);
   * ```
   */
  get<T = unknown>(key: Key, options?: KeyOptions): Promise<T | undefined>;
  /** {@link get} of many keys in one round trip: what is stored, in the order of the keys. */
  getMany<T = unknown>(keys: readonly number[], options?: KeyOptions): Promise<Map<number, T>>;
  getMany<T = unknown>(keys: readonly string[], options?: KeyOptions): Promise<Map<string, T>>;
  getMany<T = unknown, K extends Key = Key>(keys: readonly K[], options?: KeyOptions): Promise<Map<K, T>>;
  /** Whether a value is stored and fresh. */
  has(key: Key, options?: KeyOptions): Promise<boolean>;
  /**
   * Stores a value. It counts as of now: what a producer has begun to make of the key meanwhile is not stored any more. With
   * `since` it is as old as what it was made of.
   *
   * @returns false where it was not stored: its ttl is 0, something of `since` was invalidated, it cannot be copied or
   * turned into bytes, or the store does not answer
   *
   * @example
   * ```ts
   * await cache.set(`cart:${sessionId}`, cart, { ttl: '30m', tags: ['carts'] });
   * ```
   */
  set<T>(key: Key, value: T, options?: Duration | SetOptions<T>): Promise<boolean>;
  /**
   * {@link set} of many in one round trip.
   *
   * @returns the keys that were not stored
   */
  setMany<T, K extends Key = Key>(
    values: Iterable<readonly [K, T]> | Readonly<Record<string, T>>,
    options?: Duration | SetOptions<T>,
  ): Promise<readonly Key[]>;
  /**
   * Stores a value where there is none: of several who try at the same time, one is told `true`.
   *
   * @returns false where there is one already; or where this one has a ttl of 0, or cannot be kept, which a warning says
   * @throws `ValueUnavailableError` (by rejection) where the store does not answer: who was the first is not known
   *
   * @example
   * ```ts
   * if (await cache.add(`mail:${id}`, true, '1d')) await sendMail(id);
   * ```
   */
  add<T>(key: Key, value: T, options?: Duration | AddOptions<T>): Promise<boolean>;
  /** Makes a value be gone, as {@link Cache.purge} does: what a producer is making of it is not stored either. */
  delete(key: Key, options?: KeyOptions): Promise<InvalidationReceipt>;
  /** {@link delete} of many in one round trip. */
  deleteMany(keys: readonly Key[], options?: KeyOptions): Promise<InvalidationReceipt>;
  /**
   * Gives a value another ttl, from now on.
   *
   * @returns false where there is none
   */
  touch(key: Key, ttl: Duration, options?: KeyOptions): Promise<boolean>;
  /**
   * How many seconds of its ttl a value has left, with fractions; `Infinity` for one that is kept for ever, `undefined` where
   * there is none. Asks the shared store, so that it is what all processes are told.
   *
   * @example
   * ```ts
   * if (count > 100) res.set('Retry-After', String(Math.ceil((await requests.ttl(address)) ?? 0)));
   * ```
   */
  ttl(key: Key, options?: KeyOptions): Promise<number | undefined>;
  /**
   * Adds to a number; several who do so at the same time all count, in one process and, on Redis and Memcached, in many.
   *
   * @returns the sum
   * @throws `NotANumberError` (by rejection) where something else is stored, `ValueUnavailableError` where the store does
   * not answer: what it has counted is not known
   *
   * @example
   * ```ts
   * const visits = await cache.increment('visits', { ttl: '1d' });
   * ```
   *
   * @param by - 1 unless said; options may stand in its place
   * @param options - a ttl (seconds, or `'1d'`), or an object with it and more
   */
  increment(key: Key, by?: number | IncrementOptions, options?: Duration | IncrementOptions): Promise<number>;
  /** {@link increment} the other way. */
  decrement(key: Key, by?: number | IncrementOptions, options?: Duration | IncrementOptions): Promise<number>;
  /**
   * Makes the value of one version that of the next: it is found under that, and under the old one no more.
   *
   * @returns the new version; `undefined` where nothing was stored
   */
  incrementVersion(key: Key, options: { readonly version: number }, by?: number): Promise<number | undefined>;
  /**
   * A function whose results are kept, by its arguments: called as before, with calls of its own besides. Arguments are
   * compared by what is in them; a call with one that cannot be compared (a function, a symbol, an instance of a class) is
   * passed on. What is no promise stays none where memory is the only store; with a shared store it is passed on.
   *
   * @param options - a ttl (seconds, or `'5m'`), or an object with it and more
   * @throws {@link ConfigError} for a wrong setting, or where the function's name does not tell it from another one
   *
   * @example
   * ```ts
   * const userOf = cache.memoize(async (id: number) => await users.find(id), { name: 'userOf', ttl: '10m' });
   * await userOf(7);
   * await userOf.invalidate(7);
   * ```
   */
  memoize<F extends AnyFunction>(fn: F, options?: Duration | MemoOptions<F>): Memoized<F>;
  /**
   * Values whose keys have this in front, with a colon: a name, and a namespace that `invalidate({ namespace })` names.
   *
   * @example
   * ```ts
   * const carts = cache.namespace('cart');
   * await carts.set(sessionId, cart);         // cache.get(`cart:${sessionId}`) finds another value
   * await cache.invalidate({ namespace: 'cart' });
   * ```
   */
  namespace(name: string): ValueNamespace;
  /**
   * What is known now, for a value that is going to be made of what is read after it.
   *
   * @example
   * ```ts
   * const token = await cache.token();
   * const report = await render(await db.query(…));
   * await cache.set('report', report, { tags: ['sales'], since: token });  // not stored if sales were invalidated meanwhile
   * ```
   */
  token(): Promise<CacheToken>;
  /**
   * Values of a database behind this cache, read and written by one object that keeps the two in agreement. Which `mode` is
   * for what, and what each can lose: docs/guides/choosing-a-strategy.md.
   *
   * @throws {@link ConfigError} for a wrong setting
   *
   * @example
   * ```ts
   * const users = cache.through({
   *   name: 'users', mode: 'write-through', ttl: '10m',
   *   load: (id: number) => db.users.find(id),
   *   save: (id, user) => db.users.save(id, user),
   *   remove: (id) => db.users.delete(id),
   * });
   * await users.set(7, { name: 'Ada' });  // in the database, then in the cache
   * await users.get(7);                   // { name: 'Ada' }, without asking the database
   * ```
   */
  through<K extends Key, V>(options: ReadThroughOptions<K, V>): ReadThrough<K, V>;
  through<K extends Key, V>(options: WriteThroughOptions<K, V>): WriteThrough<K, V>;
  through<K extends Key, V>(options: WriteBehindOptions<K, V>): WriteBehind<K, V>;
  // The last one is the one whose errors are shown: where none of those above fits, this one says what its mode is short of.
  through<K extends Key, V, M extends keyof Strategies<K, V>>(
    options: { readonly mode: M } & (ReadThroughOptions<K, V> | WriteThroughOptions<K, V> | WriteBehindOptions<K, V>),
  ): Strategies<K, V>[M];
}

/** The values of a namespace. */
export interface ValueNamespace extends ValueCache {
  /**
   * Makes all that is in the namespace be gone, and in those within it, as `purge({ namespace })` does: at the same cost
   * however much there is.
   *
   * @example
   * ```ts
   * await cache.namespace('cart').clear();
   * ```
   */
  clear(): Promise<InvalidationReceipt>;
  /**
   * {@link Cache.invalidate} by keys of the namespace: where `delete` leaves nothing, this leaves what `staleIfError` may
   * answer with while the producer fails. By text, as there: what has the whole name for a key of its own goes, too.
   *
   * @throws {@link ConfigError} (by rejection) for anything else
   *
   * @example
   * ```ts
   * const carts = cache.namespace('cart');
   * await carts.invalidate({ key: [17, 18] });  // cache.invalidate({ key: ['cart:17', 'cart:18'] })
   * await carts.invalidate({ keys: 'guest:*' });
   * ```
   */
  invalidate(target: NamespaceTarget): Promise<InvalidationReceipt>;
}

/** Rows, of which `by` says whose value each is; what is null or undefined is none. */
export type LoadedRows = readonly unknown[];

/** What {@link ValueCache.getOrSetMany} finds in what was loaded. */
export type ValueIn<L> = unknown extends L
  ? L
  : L extends readonly (infer Row)[]
    ? NonNullable<Row>
    : L extends ReadonlyMap<Key, infer Value> | Readonly<Record<string, infer Value>>
      ? Value
      : never;

/**
 * The options of {@link ValueCache.getOrSetMany}: for rows they have to say by what. The compiler looks at options that have no
 * functions before it knows what is loaded, and must not find them wrong then.
 */
export type LoadOptions<L> = [L] extends [never]
  ? Duration | Partial<RowOptions<never>> | undefined
  : unknown extends L
    ? Duration | Partial<RowOptions<L>> | undefined
    : L extends LoadedRows
      ? RowOptions<ValueIn<L>>
      : Duration | ValueOptions<ValueIn<L>> | undefined;

/** What a list is not: its name is what the compiler says to whom forgets `by`. */
type WithoutBy<L> = [L] extends [never]
  ? unknown
  : L extends LoadedRows
    ? { readonly "rows need options that say by what, as { by: 'id' }": L }
    : unknown;

/** What was loaded: a Map or an object by key. The number 7 and the text `'7'` are one key. */
export type Loaded<T> = ReadonlyMap<Key, T> | Readonly<Record<string, T>>;
