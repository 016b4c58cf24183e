import type { GuardedStore } from './guarded.js';
import { type Nonce, newNonce, nonceBytes, readNonce } from './nonce.js';

/** PROTOCOL 4.15: a nonce lives a day or longer. */
const DAY_MS = 86_400_000;
/** How often a nonce is written before it is given up. */
const ATTEMPTS = 3;
/** Keys written at once: an invalidation must not take all the places that requests need. */
export const CHUNK = 64;

/**
 * The nonces in a store: reads them, plants those that are missing, replaces those that were invalidated.
 *
 * A nonce is never written a second time, not even to make it live longer: between the reading and the writing somebody
 * may have replaced it, and the old one would bring back what was invalidated. A store without compare-and-set can only
 * let it expire, which costs hits.
 */
export class NonceBoard {
  readonly #store: GuardedStore;
  readonly #planting = new Map<string, Promise<Nonce | undefined>>();
  #ttlMs = DAY_MS;

  constructor(store: GuardedStore) {
    this.#store = store;
  }

  /** Nonces written from now on live at least twice as long as what is stored now. */
  outlive(ttlMs: number): void {
    this.#ttlMs = Math.max(this.#ttlMs, 2 * ttlMs);
  }

  /** @throws what the guarded store rejects with */
  async read(keys: readonly string[]): Promise<(Nonce | undefined)[]> {
    return (await this.#store.getMany(keys)).map(readNonce);
  }

  /**
   * Writes a nonce where there was none and reads what is there then; `undefined` when that cannot be told.
   *
   * Those in this process who miss the same one share what comes of it, rather than replace each other's. Nobody is
   * harmed by a nonce that was read a little early: it is compared again before anything is stored.
   */
  plant(key: string): Promise<Nonce | undefined> {
    let planting = this.#planting.get(key);
    if (planting === undefined) {
      planting = this.#plant(key).finally(() => this.#planting.delete(key));
      this.#planting.set(key, planting);
    }
    return planting;
  }

  /**
   * Replaces nonces and makes sure of it.
   *
   * @returns the keys of those that were not seen to have changed
   */
  async replace(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const left = new Set(keys);
    for (let at = 0; at < keys.length; at += CHUNK) {
      try {
        for (const key of await this.#replace(keys.slice(at, at + CHUNK))) left.delete(key);
      } catch {
        // A store that fails is not asked again: whoever invalidates will come back.
        return left;
      }
    }
    return left;
  }

  /**
   * Gives a key a nonce of one's own.
   *
   * @returns `undefined` where it has another one by the time it is read back
   */
  async claim(key: string): Promise<Nonce | undefined> {
    const nonce = newNonce();
    await this.#write(key, nonce);
    const [found] = await this.read([key]);
    return found === nonce ? nonce : undefined;
  }

  async #plant(key: string): Promise<Nonce | undefined> {
    try {
      await this.#write(key, newNonce());
      const [found] = await this.read([key]);
      return found;
    } catch {
      return undefined;
    }
  }

  /** What `set` answers proves nothing (Keyv 5 says true when the write has failed): only what is read back counts. */
  async #replace(keys: readonly string[]): Promise<string[]> {
    const replaced: string[] = [];
    const before = new Map<string, Nonce>();
    let left = keys;
    for (let attempt = 0; attempt < ATTEMPTS && left.length > 0; attempt++) {
      const fresh = left.map(newNonce);
      await Promise.all(left.map((key, i) => this.#write(key, fresh[i] as Nonce)));
      const found = await this.read(left);
      const isReplaced = left.map((key, i) => isNew(found[i], fresh[i], before.get(key)));
      for (const [i, key] of left.entries()) {
        const nonce = found[i];
        if (isReplaced[i]) replaced.push(key);
        else if (nonce !== undefined) before.set(key, nonce);
      }
      left = left.filter((_, i) => !isReplaced[i]);
    }
    return replaced;
  }

  #write(key: string, nonce: Nonce): Promise<boolean> {
    return this.#store.set(key, nonceBytes(nonce), this.#ttlMs);
  }
}

/**
 * Whether a nonce is known to be younger than the invalidation: it is the one just written, or another than was seen at
 * an earlier attempt, so that somebody has written it since. A missing one proves nothing: some stores answer a failed
 * read like that.
 */
function isNew(found: Nonce | undefined, written: Nonce | undefined, before: Nonce | undefined): boolean {
  return found !== undefined && (found === written || (before !== undefined && found !== before));
}
