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
   * Writes a value to the database, and makes the cache agree. Who asks after this resolved is told nothing older.
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
