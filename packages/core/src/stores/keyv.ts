import type { KeyvLike } from '../config/keyv-like.js';
import type { Store } from '../ports/store.js';
import { adapterAsKeyv, isKeyv } from './keyv-adapter.js';
import { calmMemcache } from './keyv-memcache.js';

/** Memcached takes a longer time for a date, and the value is gone at once. */
const LONGEST_TTL_MS = 30 * 86_400_000;

/**
 * A {@link Store} on a Keyv of yours (^5.6 or ^6), on a bare Keyv adapter, or on a Map.
 *
 * Values are one base64 string each: Keyv's serializers carry no bytes. What it throws for one key, what is corrupt and
 * what is no string is a miss. What goes wrong in its adapter a Keyv tells on its `error` event and nowhere else: an
 * operation during which it does has failed. The promise of `set` means little all the same (an adapter may say nothing);
 * who needs to know reads back. `close` leaves the Keyv open.
 *
 * A Keyv with a namespace works, and we never set one. All processes that are to share must build it alike: the same
 * major version, namespace and serializer, for each of these changes the keys or values that the store really holds.
 *
 * - Keyv 5 puts its namespace (`keyv` unless you say otherwise) before a key, except before one that already begins with
 *   it, and its `getMany` does so always. A key of ours that would meet this gets a dot before it.
 * - An adapter that was given the namespace as well puts it there twice. That is ugly and does no harm.
 * - `keyv.clear()` may remove more than what is ours, or less; nothing here calls it.
 *
 * Lifetimes are rounded up to seconds and end at 30 days, so that an adapter to Memcached understands them. A Map forgets
 * only what is read after its time: for tests, not for production.
 *
 * @example
 * ```ts
 * createCache({ store: new Keyv({ store: new KeyvRedis('redis://localhost'), namespace: undefined }) });
 * ```
 */
export function keyvStore(keyv: KeyvLike): Store {
  return new KeyvStore(keyv);
}

class KeyvStore implements Store {
  readonly name = 'keyv';
  readonly #keyv: KeyvLike & {
    getMany?(keys: string[]): unknown;
    getRaw?(key: string): unknown;
    readonly namespace?: unknown;
    readonly store?: unknown;
  };
  readonly #errors: ErrorLog;

  constructor(keyv: KeyvLike) {
    calmMemcache(keyv);
    this.#keyv = isKeyv(keyv) ? keyv : adapterAsKeyv(keyv);
    this.#errors = listen(keyv);
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return await this.#errors.during(
      async () => (await this.#read(keys.map((key) => this.#own(key)))).map(decode),
      // What was found was found. Nothing found and something gone wrong: then it has failed.
      (values) => values.every((value) => value === undefined),
    );
  }

  async set(key: string, value: Uint8Array, ttlMs: number): Promise<boolean> {
    if (!(ttlMs > 0)) return false;
    const ttl = Math.min(Math.ceil(ttlMs / 1000) * 1000, LONGEST_TTL_MS);
    const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    return await this.#errors.during(async () => (await this.#keyv.set(this.#own(key), text, ttl)) !== false);
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    await this.#errors.during(() => Promise.all(keys.map(async (key) => this.#keyv.delete(this.#own(key)))));
  }

  listen(hear: (cause: unknown) => void): () => void {
    return this.#errors.listen(hear);
  }

  /** The Keyv is its owner's: nothing is disconnected, and its `error` events still have a listener. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** One to one, and never beginning with the Keyv's own prefix. */
  #own(key: string): string {
    const { namespace } = this.#keyv;
    if (typeof namespace !== 'string' || namespace === '') return key;
    const mark = namespace.startsWith('.') ? '-' : '.';
    return key.startsWith(mark) || key.startsWith(`${namespace}:`) ? mark + key : key;
  }

  async #read(keys: string[]): Promise<unknown[]> {
    let failure: unknown;
    if (this.#readsMany() && keys.length > 1) {
      try {
        const values: unknown = await this.#keyv.getMany?.(keys);
        if (Array.isArray(values) && values.length === keys.length) return values;
      } catch (error) {
        // In Keyv 5 one corrupt value fails the lot; asked one by one, the others answer.
        failure = error;
      }
    }
    const answers = await Promise.allSettled(keys.map((key) => this.#readOne(key)));
    const values = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : undefined));
    const rejected = answers.filter((answer) => answer.status === 'rejected');
    // Not one value's fault, if none is found and none rejects.
    if (rejected.length === 0 && values.every((value) => value === undefined)) rethrow(failure);
    if (rejected.length === answers.length) rethrow(rejected.find(({ reason }) => !isCorruption(reason))?.reason);
    return values;
  }

  /** Over a store that cannot answer for many, Keyv 5 asks for each, and swallows what that throws. */
  #readsMany(): boolean {
    const { store } = this.#keyv;
    const canAnswer = store === undefined || typeof (store as { getMany?: unknown } | null)?.getMany === 'function';
    return canAnswer && typeof this.#keyv.getMany === 'function';
  }

  /** Of what a store throws, `get` of Keyv 5 says nothing at all, and `getRaw` does. */
  async #readOne(key: string): Promise<unknown> {
    if (typeof this.#keyv.getRaw !== 'function') return await this.#keyv.get(key);
    const raw = (await this.#keyv.getRaw(key)) as { readonly value?: unknown } | null | undefined;
    return raw?.value;
  }
}

function rethrow(error: unknown): void {
  if (error !== undefined) throw error;
}

function decode(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' && value !== '' ? Buffer.from(value, 'base64') : undefined;
}

/** A value that is no JSON, or only `null`, is a foreign value, not a failing store. By name: it may be of another realm. */
function isCorruption(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('name' in error)) return false;
  // `getRaw` of Keyv 5, of a value that is `null`.
  const isOfNull =
    error.name === 'TypeError' && 'message' in error && /of null \(reading 'expires'\)/.test(`${error.message}`);
  return error.name === 'SyntaxError' || isOfNull;
}

/**
 * What a Keyv says on its `error` event, and answers as if nothing had happened: told while something is asked of it,
 * that has failed; at other times it is told on.
 */
class ErrorLog {
  readonly #listeners = new Set<(cause: unknown) => void>();
  #underWay = 0;
  #count = 0;
  #last: unknown;

  note(error: unknown): void {
    if (isCorruption(error)) return;
    this.#count++;
    this.#last = error;
    if (this.#underWay > 0) return;
    for (const hear of this.#listeners) hear(error);
  }

  listen(hear: (cause: unknown) => void): () => void {
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  /** @param mayHaveFailed - says of an answer that it may be none */
  async during<T>(ask: () => Promise<T>, mayHaveFailed: (answer: T) => boolean = () => true): Promise<T> {
    const before = this.#count;
    this.#underWay++;
    try {
      const answer = await ask();
      if (this.#count > before && mayHaveFailed(answer)) throw this.#last;
      return answer;
    } finally {
      this.#underWay--;
    }
  }
}

/** One listener a Keyv, however many stores stand on it. */
const logs = new WeakMap<object, ErrorLog>();

/** Without a listener Keyv 6 rejects where it would answer, and an adapter's `error` event ends the process. */
function listen(keyv: KeyvLike & { on?(event: string, listener: (error: unknown) => void): unknown }): ErrorLog {
  let log = logs.get(keyv);
  if (log === undefined) {
    const fresh = new ErrorLog();
    log = fresh;
    logs.set(keyv, fresh);
    if (typeof keyv.on === 'function') keyv.on('error', (error) => fresh.note(error));
  }
  return log;
}
