import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { type CacheToken, ConfigError, type ValueNamespace, type Cache as ViewCache } from '@viewcache/core';
import { ignoreRejection, runtimeOf } from '@viewcache/core/node';
import type { Cache, SetManyItem, StoredDataRaw, WrapOptions, WrapOptionsRaw } from './cache.js';
import type { Events } from './cache-events.js';
import { tagOf, tagOfAll } from './key-tags.js';
import { checkLifetime, endOf, lifetimeOf } from './lifetimes.js';

/** What a manager starts from. Milliseconds. */
export interface ManagerSettings {
  readonly ttl?: number | undefined;
  readonly refreshThreshold?: number | undefined;
  readonly namespace: string;
  readonly cacheId?: string | undefined;
  /** Closes the cache, where it is the manager's own. */
  readonly close: () => Promise<void>;
}

/** A value as it is stored: `cache-manager` tells when one ends. */
type Kept<T> = StoredDataRaw<T>;
type Given<T> = number | ((value: T) => number) | undefined;

/** The calls of `cache-manager` on a cache of ours. */
export class ManagedCache implements Cache {
  /** Where its values and the answers of its interceptor are stored. */
  readonly cache: ViewCache;
  readonly settings: ManagerSettings;
  readonly #values: ValueNamespace;
  readonly #emitter = new EventEmitter();
  readonly #id: string;
  /** What is being made anew behind somebody's back. */
  readonly #refreshing = new Set<string>();

  constructor(cache: ViewCache, settings: ManagerSettings) {
    this.cache = cache;
    this.settings = settings;
    this.#values = cache.namespace(settings.namespace);
    this.#id = settings.cacheId ?? randomUUID();
    checkLifetime('CacheModule.ttl', settings.ttl);
    checkLifetime('CacheModule.refreshThreshold', settings.refreshThreshold);
  }

  async get<T>(key: string): Promise<T | undefined> {
    const kept = await this.#tried('get', { key }, () => this.#values.get<Kept<T>>(key));
    if (kept !== undefined) this.#emit('get', { key, value: kept.value });
    return kept?.value;
  }

  async mget<T>(keys: string[]): Promise<(T | undefined)[]> {
    const kept = await this.#tried('mget', { keys }, () => this.#values.getMany<Kept<T>>(keys));
    const values = keys.map((key) => kept.get(key)?.value);
    this.#emit('mget', { keys, values });
    return values;
  }

  async ttl(key: string): Promise<number | undefined> {
    const kept = await this.#tried('ttl', { key }, () => this.#values.get<Kept<unknown>>(key));
    if (kept?.expires === undefined) return undefined;
    this.#emit('ttl', { key, value: kept.expires });
    return kept.expires;
  }

  async set<T>(key: string, value: T, ttl?: number): Promise<T> {
    return await this.fill(key, value, ttl);
  }

  /** {@link set}, of a value as old as what was known with `since`. */
  async fill<T>(key: string, value: T, ttl: number | undefined, since?: CacheToken): Promise<T> {
    const lasting = ttl ?? this.settings.ttl;
    await this.#tried('set', { key, value }, async () => {
      const options = { ttl: lifetimeOf('set.ttl', lasting), ...(since && { since }) };
      await this.#values.set<Kept<T>>(key, this.#keep('set.ttl', value, lasting), options);
    });
    this.#emit('set', { key, value });
    return value;
  }

  async mset<T>(given: SetManyItem<T>[]): Promise<SetManyItem<T>[]> {
    const list = given.map(({ key, value, ttl }) => ({ key, value, ttl: ttl ?? this.settings.ttl }));
    await this.#tried('mset', { list }, async () => {
      const lifetimes = new Set(list.map(({ ttl }) => ttl));
      // Those that end at the same time, in one round trip.
      for (const lasting of lifetimes) {
        const items = list.filter(({ ttl }) => ttl === lasting);
        const entries = items.map(({ key, value }) => [key, this.#keep('mset.ttl', value, lasting)] as const);
        await this.#values.setMany(entries, { ttl: lifetimeOf('mset.ttl', lasting) });
      }
    });
    this.#emit('mset', { list });
    return list;
  }

  async del(key: string): Promise<boolean> {
    await this.#tried('del', { key }, () => this.#remove([key]));
    this.#emit('del', { key });
    return true;
  }

  async mdel(keys: string[]): Promise<boolean> {
    await this.#tried('mdel', { keys }, () => this.#remove(keys));
    this.#emit('mdel', { keys });
    return true;
  }

  async clear(): Promise<boolean> {
    try {
      const { namespace } = this.settings;
      await Promise.all([this.#values.clear(), this.cache.purge({ tags: tagOfAll(namespace) })]);
    } catch (error) {
      this.#emitter.emit('clear', error);
      throw error;
    }
    this.#emitter.emit('clear');
    return true;
  }

  wrap<T>(key: string, fnc: () => T | Promise<T>, ttl?: Given<T>, refreshThreshold?: Given<T>): Promise<T>;
  wrap<T>(key: string, fnc: () => T | Promise<T>, options: WrapOptionsRaw<T>): Promise<StoredDataRaw<T>>;
  wrap<T>(key: string, fnc: () => T | Promise<T>, options: WrapOptions<T>): Promise<T>;
  async wrap<T>(
    key: string,
    fnc: () => T | Promise<T>,
    given?: Given<T> | WrapOptions<T> | WrapOptionsRaw<T>,
    threshold?: Given<T>,
  ): Promise<T | StoredDataRaw<T>> {
    if (typeof fnc !== 'function') throw new ConfigError('wrap.fnc', fnc, 'a function');
    const options: Partial<WrapOptionsRaw<T>> =
      typeof given === 'object' && given !== null ? given : { ttl: given, refreshThreshold: threshold };
    let isNew = false;
    const make = async (): Promise<Kept<T>> => {
      isNew = true;
      const value = await fnc();
      return this.#keep('wrap.ttl', value, saidOf(options.ttl, value) ?? this.settings.ttl);
    };
    const kept = await this.#make(key, make, false);
    if (!isNew && this.#endsSoon(kept, options.refreshThreshold)) this.#refresh(key, kept.value, make);
    return options.raw === true ? kept : kept.value;
  }

  on<E extends keyof Events>(event: E, listener: Events[E]): EventEmitter {
    return this.#emitter.on(event, listener);
  }

  off<E extends keyof Events>(event: E, listener: Events[E]): EventEmitter {
    return this.#emitter.off(event, listener);
  }

  async disconnect(): Promise<undefined> {
    await this.settings.close();
    return undefined;
  }

  cacheId(): string {
    return this.#id;
  }

  /** What is known now, for a value that is made of what is read after it. */
  async token(): Promise<CacheToken> {
    return await this.#values.token();
  }

  async #remove(keys: readonly string[]): Promise<void> {
    const tags = keys.map((key) => tagOf(this.settings.namespace, key));
    await Promise.all([this.#values.deleteMany(keys), this.cache.purge({ tags })]);
  }

  #make<T>(key: string, make: () => Promise<Kept<T>>, forceRefresh: boolean): Promise<Kept<T>> {
    return this.#values.getOrSet(key, make, {
      ttl: ({ expires }) => lifetimeOf('wrap.ttl', expires === undefined ? 0 : expires - this.#now() || -1),
      storeIf: ({ value }) => value !== undefined,
      forceRefresh,
    });
  }

  #endsSoon<T>({ value, expires }: Kept<T>, given: Given<T>): boolean {
    const threshold = saidOf(given, value) ?? this.settings.refreshThreshold;
    return threshold !== undefined && expires !== undefined && expires - this.#now() < threshold;
  }

  #refresh<T>(key: string, old: T, make: () => Promise<Kept<T>>): void {
    if (this.#refreshing.has(key)) return;
    this.#refreshing.add(key);
    let failed: { readonly error: unknown } | undefined;
    // What is stored may answer in the place of an error.
    const noting = async (): Promise<Kept<T>> => {
      try {
        return await make();
      } catch (error) {
        failed = { error };
        throw error;
      }
    };
    const told = (): void => this.#emit('refresh', { key, value: old, ...failed });
    const refreshed = this.#make(key, noting, true).then(
      ({ value }) => (failed === undefined ? this.#emit('refresh', { key, value }) : told()),
      told,
    );
    // What a listener throws is nobody's answer.
    ignoreRejection(refreshed.finally(() => this.#refreshing.delete(key)));
  }

  #keep<T>(setting: string, value: T, ttl: number | undefined): Kept<T> {
    lifetimeOf(setting, ttl);
    const expires = endOf(ttl, this.#now());
    return expires === undefined ? { value } : { value, expires };
  }

  #now(): number {
    return runtimeOf(this.cache)?.clock.now() ?? Date.now();
  }

  #emit(event: keyof Events, data: object): void {
    this.#emitter.emit(event, data);
  }

  async #tried<T>(event: keyof Events, data: object, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      this.#emit(event, { ...data, error });
      throw error;
    }
  }
}

function saidOf<T>(given: Given<T>, value: T): number | undefined {
  return typeof given === 'function' ? given(value) : given;
}
