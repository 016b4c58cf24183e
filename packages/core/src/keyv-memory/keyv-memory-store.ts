import { setImmediate as turn } from 'node:timers/promises';
import type { EvictionStats } from '../telemetry/eviction-watch.js';
import type { Memory } from './memory.js';
import { type RestoreOptions, type RestoreReport, restoreFrom, saveTo, snapshotOf } from './snapshots.js';

/** Keys that are looked at in one turn of the event loop where all are. */
const KEYS_PER_TURN = 1000;

/**
 * What `new Keyv({ store })` takes: a store in this process's memory, bounded by bytes and by number. Made by `memoryStore`.
 *
 * Its methods are those of a Keyv adapter; besides, it can be looked into, pruned, and saved for a warm restart.
 */
export class KeyvMemoryStore {
  readonly #memory: Memory;
  #namespace: string | undefined;
  /** Whether it has had another namespace before. */
  #isRenamed = false;
  /** Whether anything was stored through it; what others have stored through a share does not count. */
  #isUsed = false;
  /** Whether something may have been stored through it that is not in the namespace that is known. */
  #hasStrangers = false;
  /** Keyv 5 iterates over stores of a few names only, and this is one of them. It asks for nothing else by it. */
  readonly opts: Record<string, unknown> = { dialect: 'redis', url: 'memory:' };

  /** Use `memoryStore`. */
  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** What Keyv 5 says is the namespace of the Keyv that was made with it last; empty for none. Keyv 6 keeps namespaces itself. */
  get namespace(): string {
    // Not undefined: by its types, Keyv 5 takes a store in place of its options only where that is none.
    return this.#namespace ?? '';
  }

  set namespace(namespace: string | undefined) {
    if (namespace === this.#namespace) return;
    this.#isRenamed ||= this.#namespace !== undefined;
    // Those who have stored by the old name do not say that they are others when they clear.
    if (this.#isUsed) this.#hasStrangers = true;
    this.#namespace = namespace;
  }

  /** How many values it holds. */
  get size(): number {
    return this.#memory.size;
  }

  /** Bytes of the values it holds, with their keys and places. */
  get bytes(): number {
    return this.#memory.bytes;
  }

  /** Which policy decides, and what others would answer. */
  get eviction(): EvictionStats {
    return this.#memory.eviction;
  }

  /** The value, counted as a use by the policy; `undefined` when absent or expired. */
  async get(key: string): Promise<unknown> {
    return this.#memory.get(key);
  }

  async getMany(keys: readonly string[]): Promise<unknown[]> {
    return keys.map((key) => this.#memory.get(key));
  }

  /**
   * @param ttl - milliseconds; `undefined` or 0 for no expiry
   * @returns false where the value is heavier than the store, and the key's older value is gone
   */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    this.#isUsed = true;
    if (this.#namespace !== undefined && !key.startsWith(`${this.#namespace}:`)) this.#hasStrangers = true;
    // For Keyv a stored undefined is none.
    if (value === undefined) {
      this.#memory.delete(key);
      return true;
    }
    const expires = typeof ttl === 'number' && ttl !== 0 && Number.isFinite(ttl);
    return this.#memory.set(key, value, expires ? ttl : Number.POSITIVE_INFINITY);
  }

  /** Whether there was something to delete. */
  async delete(key: string): Promise<boolean> {
    return this.#memory.delete(key);
  }

  /** Whether there is a value; does not count as a use. */
  async has(key: string): Promise<boolean> {
    return this.#memory.has(key);
  }

  /**
   * Deletes what is in the namespace of its Keyv; everything, where there is none, or others have stored under their own: give each Keyv
   * a {@link share} of its own.
   */
  async clear(): Promise<void> {
    if (this.#namespace === undefined || this.#hasStrangers) {
      this.#memory.clear();
      return;
    }
    for await (const key of this.#keysOf(`${this.#namespace}:`)) this.#memory.delete(key);
  }

  /**
   * Keys and values, in no order, expired ones left out; does not count as a use.
   *
   * @param namespace - Keyv 5 gives its own: only what is in it, unless others have stored through the same share
   */
  async *iterator(namespace?: string): AsyncGenerator<[key: string, value: unknown]> {
    const isOne = namespace !== undefined && namespace === this.#namespace && !this.#hasStrangers;
    for await (const key of this.#keysOf(isOne ? `${namespace}:` : '')) {
      const value = this.#memory.peek(key);
      if (value !== undefined) yield [key, value];
    }
  }

  /** The value without counting as a use. */
  peek(key: string): unknown {
    return this.#memory.peek(key);
  }

  /** Drops what has expired now, rather than within a second or two; returns how many. */
  prune(): number {
    return this.#memory.prune();
  }

  /**
   * A store over the same memory and limits, for another Keyv: a Keyv of version 5 tells its store its namespace, and a store
   * keeps one.
   */
  share(): KeyvMemoryStore {
    return new KeyvMemoryStore(this.#memory);
  }

  /**
   * Writes everything to a file, for `restore` after a restart: whenever the process ends, there is the old file or the new one, whole.
   * Others have their turns meanwhile; what they set or delete is not brought back, up to some milliseconds before it resolves, in
   * which the last part goes to the disk. A value of more than 2^29 characters or bytes, its key included, is left out.
   *
   * @throws {@link SnapshotError} where it cannot be written; the old file is there still
   */
  save(path: string): Promise<{ readonly bytes: number }> {
    return saveTo(path, this.#memory);
  }

  /** What {@link save} would write; nothing in it was deleted before it resolved. */
  snapshot(): Promise<Buffer> {
    return snapshotOf(this.#memory);
  }

  /**
   * Takes a snapshot in, with the lifetimes that are left by the wall clock, as much of it as there is room for. What was set or deleted
   * meanwhile stays as it is. Never throws for what it finds: anything but a whole snapshot counts as an empty one.
   *
   * @param source - the path of a file, or what {@link snapshot} returned
   */
  restore(source: string | Uint8Array, options?: RestoreOptions): Promise<RestoreReport> {
    this.#isUsed = true;
    // It may be of all that had other names here.
    this.#hasStrangers ||= this.#isRenamed;
    return restoreFrom(source, this.#memory, options);
  }

  async *#keysOf(prefix: string): AsyncGenerator<string> {
    let seen = 0;
    for (const key of this.#memory.keys()) {
      if (++seen % KEYS_PER_TURN === 0) await turn();
      if (key.startsWith(prefix)) yield key;
    }
  }
}
