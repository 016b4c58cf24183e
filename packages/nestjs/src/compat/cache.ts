import type { EventEmitter } from 'node:events';
import type { Events } from './cache-events.js';

/** How `wrap` keeps what its function returns. Milliseconds. */
export interface WrapOptions<T> {
  /** @defaultValue the module's `ttl` */
  ttl?: number | ((value: T) => number) | undefined;
  /**
   * Whoever finds a value that ends within this time gets it, and has it made anew behind his back.
   *
   * @defaultValue the module's `refreshThreshold`
   */
  refreshThreshold?: number | ((value: T) => number) | undefined;
}

/** The same, to be told when the value ends. */
export interface WrapOptionsRaw<T> extends WrapOptions<T> {
  raw: true;
}

/** A value, with its end in milliseconds since the epoch. */
export interface StoredDataRaw<T> {
  readonly value: T;
  /** `undefined`: it has none. */
  readonly expires?: number | undefined;
}

/** One value of `mset`. */
export interface SetManyItem<T> {
  key: string;
  value: T;
  ttl?: number | undefined;
}

/**
 * What stands behind `CACHE_MANAGER`: the calls of `cache-manager` 7, in **milliseconds**.
 *
 * What is different, on purpose: each caller gets a copy of his own; a `del()` that comes while a value is being made wins;
 * there are no `stores` to reach past it.
 */
export interface Cache {
  /** The value of a key; `undefined` where there is none. */
  get<T>(key: string): Promise<T | undefined>;
  /** {@link get} of many, in one round trip, in the order of the keys. */
  mget<T>(keys: string[]): Promise<(T | undefined)[]>;
  /** When the value of a key ends, in milliseconds since the epoch; `undefined` where there is none, or it has no end. */
  ttl(key: string): Promise<number | undefined>;
  /** Stores a value, and returns it. @param ttl - milliseconds; `0`: without an end; else the module's */
  set<T>(key: string, value: T, ttl?: number): Promise<T>;
  mset<T>(list: SetManyItem<T>[]): Promise<SetManyItem<T>[]>;
  /** Makes a value be gone, and all that `CacheInterceptor` has stored under that key. */
  del(key: string): Promise<boolean>;
  mdel(keys: string[]): Promise<boolean>;
  /** Makes all be gone that this manager and its interceptor have stored. */
  clear(): Promise<boolean>;
  /** The value of a key, or what `fnc` returns for it: once for all who ask at the same time. */
  wrap<T>(
    key: string,
    fnc: () => T | Promise<T>,
    ttl?: number | ((value: T) => number),
    refreshThreshold?: number | ((value: T) => number),
  ): Promise<T>;
  wrap<T>(key: string, fnc: () => T | Promise<T>, options: WrapOptionsRaw<T>): Promise<StoredDataRaw<T>>;
  wrap<T>(key: string, fnc: () => T | Promise<T>, options: WrapOptions<T>): Promise<T>;
  on<E extends keyof Events>(event: E, listener: Events[E]): EventEmitter;
  off<E extends keyof Events>(event: E, listener: Events[E]): EventEmitter;
  /** Closes the cache behind it, unless that is one of the app's. */
  disconnect(): Promise<undefined>;
  cacheId(): string;
}

/** The class by which a cache manager is injected where no token is named; the same as `CACHE_MANAGER`. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: never made with `new`; what is injected has all of it.
export abstract class Cache {}
