import type { Duration } from '../base/duration.js';
import type { KeyOf } from '../values/loaded.js';
import type { Key } from './value-call-options.js';
import type { ValueOptions } from './value-option-types.js';

/** What there is of a key, as a database tells it: `null` and `undefined` both say that there is nothing. */
export type Found<V> = V | undefined | null;

/** What `loadMany` may return: a Map or an object by key, or rows where `by` says of which key each is. */
export type FoundMany<V> = ReadonlyMap<Key, Found<V>> | Readonly<Record<string, Found<V>>> | readonly Found<V>[];

/** How the values of a strategy are kept: as those of `getOrSet`. */
type KeptValue<V> = Omit<ValueOptions<V>, 'tags' | 'version' | 'storeIf' | 'isStale' | 'forceRefresh' | 'name'>;

/** The options of all strategies, beside how they read. */
interface Named<K extends Key, V> extends KeptValue<V> {
  /**
   * What the values are called, in one word or a path such as `'shop:users'`: the namespace that their keys are in, so that
   * `cache.namespace(name)` has them too, and what they are counted under in `stats()`.
   */
  readonly name: string;
  /** Of which key a row of `loadMany` is the value: `'id'`, or a function of the row. @defaultValue none: a Map or an object */
  readonly by?: KeyOf<V> | undefined;
  /** Keys that one call of `loadMany`, or of `saveMany` by `setMany`, is given at most. @defaultValue 100 */
  readonly maxBatch?: number | undefined;
  /** What a value depends on; where a function says, of `undefined` as well: of a key of which there is nothing. @defaultValue none */
  readonly tags?: readonly string[] | ((value: V | undefined, key: K) => readonly string[]) | undefined;
  /**
   * For how long it is remembered that there is nothing under a key: asking again costs nothing until then, or until it is
   * written through this strategy. Needs a `ttl` beside it.
   *
   * @defaultValue 0: not at all
   */
  readonly missingTtl?: Duration | undefined;
}

/** How a database is read. */
interface Loads<K extends Key, V> {
  /** Reads one value from the database. Needed where there is no `loadMany`. */
  readonly load: (key: K) => Found<V> | Promise<Found<V>>;
  /**
   * Reads many at once; also where single ones are asked for at the same time. Keys that it leaves out are not there. Where it
   * fails for several it is called again for fewer, down to the one that it fails for.
   */
  readonly loadMany: (keys: K[]) => FoundMany<V> | Promise<FoundMany<V>>;
}

/** How a database is written to. */
interface Saves<K extends Key, V> {
  /** Writes one value to the database; what it returns does not count. Needed where there is no `saveMany`. */
  readonly save: (key: K, value: V) => unknown;
  /** Writes many at once: all of them, or none. */
  readonly saveMany: (entries: [key: K, value: V][]) => unknown;
}

/** {@link Saves}, where a write comes later. */
interface SavesLater<K extends Key, V> {
  /** Writes one value to the database; needed where there is no `saveMany`. May be called again with what it has saved. */
  readonly save: (key: K, value: V, info: WriteInfo) => unknown;
  /** Writes many at once: all of them, or none. */
  readonly saveMany: (entries: [key: K, value: V, info: WriteInfo][]) => unknown;
}

/** One of these is needed, and what stands first is what the compiler says is missing. */
type OneOf<T, First extends keyof T> =
  | (Pick<T, First> & { readonly [Name in Exclude<keyof T, First>]?: T[Name] | undefined })
  | (Pick<T, Exclude<keyof T, First>> & { readonly [Name in First]?: T[Name] | undefined });

/** What reading through the cache takes: the options of all strategies. */
type Reading<K extends Key, V> = Named<K, V> & OneOf<Loads<K, V>, 'load'>;

interface ReadThroughMode {
  /** What is not stored is read from the database, and stored. */
  readonly mode: 'read-through';
}

/** The options of {@link ValueCache.through} for what is only read. */
export type ReadThroughOptions<K extends Key, V> = Reading<K, V> & ReadThroughMode;

interface WriteThroughMode<K extends Key> {
  /** Deletes one from the database. Needed for `delete`. */
  readonly remove?: ((key: K) => unknown) | undefined;
  /**
   * `'write-through'`: what the database has taken is stored. `'write-around'`: it is only forgotten, and read from the
   * database when it is asked for next: for what the database changes while it writes, and what is seldom read. Where reads are
   * tracked, as of a watched database, both do the latter, unless `trackReads` is `false`.
   */
  readonly mode: 'write-through' | 'write-around';
}

/** The options of {@link ValueCache.through} for what is written at once. */
export type WriteThroughOptions<K extends Key, V> = Reading<K, V> & OneOf<Saves<K, V>, 'save'> & WriteThroughMode<K>;

/** What a strategy that writes behind tells of a write, beside its key and its value. */
export interface WriteInfo {
  /**
   * Grows with each write of a key, also when a process has begun anew: a database that takes a write only where its own is
   * smaller (`where version < $1`) takes none that comes too late. Without journal or queue it begins with the clock, which may
   * have been set back.
   */
  readonly version: number;
}

/** A write that was given up: the database has not taken it, and nobody will try again. */
export interface DeadLetter<K extends Key = Key, V = unknown> extends WriteInfo {
  readonly key: K;
  /** `undefined` for a deletion. */
  readonly value: V | undefined;
  readonly isDeletion: boolean;
  readonly error: unknown;
  /** So often it was tried by itself. */
  readonly attempts: number;
}

/** A file that keeps writes until the database has them. */
export interface JournalOptions {
  /** Its path; one process has it at a time, and one strategy for good: its name stands in it. */
  readonly file: string;
  /**
   * `true`: a write is on the disk before it is acknowledged, and outlives a crash of the machine. `false`: it is with the
   * operating system, and outlives the process alone; faster by what the disk takes.
   *
   * @defaultValue true
   */
  readonly fsync?: boolean | undefined;
}

/** A queue in Redis that keeps writes until the database has them, for all processes; takes `npm install bullmq @keyv/redis`. */
export interface QueueOptions {
  /** The server: `redis://user:password@host:6379/0`, or `rediss://` for TLS. One that is not replaced: no cluster, no sentinels. */
  readonly url: string;
  /** What its keys begin with: another one is another queue. @defaultValue `'viewcache'` */
  readonly prefix?: string | undefined;
  /** Whether this process saves what waits, or only adds to it. @defaultValue true */
  readonly worker?: boolean | undefined;
  /**
   * How long a process that saves may say nothing, as it was killed, before another one saves what it had under way.
   *
   * @defaultValue `'10s'`
   */
  readonly lease?: Duration | undefined;
}

interface WriteBehindMode<K extends Key, V> {
  /** A write is acknowledged at once, readable at once, and saved with others a moment later. */
  readonly mode: 'write-behind';
  /** Deletes one from the database. Needed for `delete`. */
  readonly remove?: ((key: K, info: WriteInfo) => unknown) | undefined;
  /** How long a write waits for others of its key, and for those that are saved with it. @defaultValue `'1s'` */
  readonly flushEvery?: Duration | undefined;
  /** So many keys are saved without waiting, and at most so many at a time. @defaultValue 100 */
  readonly flushSize?: number | undefined;
  /** Keys that wait for the database at most; further writes wait until there is room. @defaultValue 10,000 */
  readonly maxPending?: number | undefined;
  /** The same in bytes of keys and values; one that alone is larger waits alone. @defaultValue `'64mb'` */
  readonly maxPendingBytes?: number | string | undefined;
  /** How long a write waits for room, before it is refused with a `WriteRefusedError`. @defaultValue `'10s'` */
  readonly fullTimeout?: Duration | undefined;
  /**
   * How long one call of `save`, `saveMany` or `remove` may take before writes of other keys go on without it, and the event
   * `save-failed` tells of it. As it may still be carried out, nothing else of its own keys is saved before it has answered: an
   * older value would come after a newer one. Give the database's own calls a timeout, so that they do.
   *
   * @defaultValue `'30s'`
   */
  readonly saveTimeout?: Duration | undefined;
  /** For how long a write that the database refuses is tried again, before it is given up. @defaultValue `'1d'` */
  readonly retryFor?: Duration | undefined;
  /** Whether a write may succeed when it is tried again; `false`: it is given up at once. @defaultValue always */
  readonly retryIf?: ((error: unknown) => boolean) | undefined;
  /** Told of a write that is given up, and may keep it; the write is not forgotten before what it returns has resolved. */
  readonly onDeadLetter?: ((letter: DeadLetter<K, V>) => unknown) | undefined;
  /**
   * How long `close()`, and the end of the process by a signal, waits for the database; and then once more as long at most: where
   * there is neither journal nor queue for `onDeadLetter`, of all that is left at once, with a queue for what is under way.
   *
   * @defaultValue `'10s'`
   */
  readonly closeTimeout?: Duration | undefined;
  /** Whether SIGTERM and SIGINT wait for what is pending before they end the process. @defaultValue true */
  readonly flushOnSignal?: boolean | undefined;
  /** A file that outlives the process. Without it a crash loses what is pending. @defaultValue none */
  readonly journal?: string | JournalOptions | undefined;
  /** A queue in Redis, for several processes, in place of a journal: its URL, or more. @defaultValue none */
  readonly queue?: string | QueueOptions | undefined;
}

/** The options of {@link ValueCache.through} for what is written to the database later. */
export type WriteBehindOptions<K extends Key, V> = Reading<K, V> &
  OneOf<SavesLater<K, V>, 'save'> &
  WriteBehindMode<K, V>;
