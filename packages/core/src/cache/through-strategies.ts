import type { Key } from '../config/value-call-options.js';

/**
 * Values of a database that are read through a cache: what is stored answers, the rest is read from the database, once for all
 * who ask at the same time, and stored.
 */
export interface ReadThrough<K extends Key, V> {
  readonly name: string;
  /**
   * The value of a key; `undefined` where the database has none.
   *
   * @throws what `load` throws, by rejection
   */
  get(key: K): Promise<V | undefined>;
  /** Those of many keys that there are, in the order of the keys: what is stored in one round trip, the rest by `loadMany`. */
  getMany(keys: readonly K[]): Promise<Map<K, V>>;
}

/** Values of a database that are read and written through a cache. */
export interface WriteThrough<K extends Key, V> extends ReadThrough<K, V> {
  /**
   * Writes a value to the database, and makes the cache agree: stores it, or forgets what is stored where `load` tells more of a
   * value than was handed in, as of a watched database. Who asks after this resolved is told nothing older.
   *
   * @throws what `save` throws, by rejection: then nothing is stored, and what was stored of the key is forgotten, as nobody
   * knows what the database has done
   */
  set(key: K, value: V): Promise<void>;
  /**
   * {@link set} of many: by `saveMany` if there is one, `maxBatch` at a time, else one by one.
   *
   * @throws the first error, by rejection, when all have been tried
   */
  setMany(values: Iterable<readonly [K, V]> | Readonly<Record<string, V>>): Promise<void>;
  /**
   * Deletes from the database, by `remove`, and makes the cache agree.
   *
   * @throws what `remove` throws, by rejection; {@link ConfigError} where there is none
   */
  delete(key: K): Promise<void>;
}

/** Values of a database that are read through a cache, and written behind it. */
export interface WriteBehind<K extends Key, V> extends ReadThrough<K, V> {
  /**
   * Acknowledges a write: it is what everybody of this process reads from now on, and will be in the database. Writes of a key
   * are saved in their order, and those that come while one waits take its place.
   *
   * @throws `WriteRefusedError` (by rejection) where it is not acknowledged: too many wait already, or the value has no bytes
   */
  set(key: K, value: V): Promise<void>;
  /** {@link set} of many. */
  setMany(values: Iterable<readonly [K, V]> | Readonly<Record<string, V>>): Promise<void>;
  /** As {@link set}, of a deletion; needs `remove`. */
  delete(key: K): Promise<void>;
  /** Resolves when what is pending now has been saved, or given up: without waiting for others, and trying again at once. */
  flush(): Promise<void>;
  /** Keys of which a write waits for the database. */
  readonly pending: number;
  /**
   * Takes no more writes, saves what is pending, for `closeTimeout` at most, and lets go of its file. What is left then is given
   * up, or saved by whoever begins with the journal or the queue. `cache.close()` does it, too.
   */
  close(): Promise<void>;
}

/** What each mode makes. */
export interface Strategies<K extends Key, V> {
  readonly 'read-through': ReadThrough<K, V>;
  readonly 'write-through': WriteThrough<K, V>;
  readonly 'write-around': WriteThrough<K, V>;
  readonly 'write-behind': WriteBehind<K, V>;
}
