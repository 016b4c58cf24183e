import type { StoreHealth } from '../ports/store-health.js';
import type { GuardedStore } from './guarded.js';
import { type Nonce, NonceKeys, readNonce } from './nonce.js';
import { CHUNK, NonceBoard } from './nonce-board.js';
import type { Entry, NonceLedger, Placed, Placing, Reading, Sighting } from './nonce-ledger.js';

/**
 * Nonces in a store that can neither count nor add: one global nonce is the mark, and nothing is believed that was not
 * read back (PROTOCOL 4.15).
 */
export class PlainLedger implements NonceLedger {
  readonly name: string;
  readonly keys: NonceKeys;
  readonly #store: GuardedStore;
  readonly #board: NonceBoard;

  constructor(store: GuardedStore, namespace: string) {
    this.name = store.name;
    this.keys = new NonceKeys(namespace);
    this.#store = store;
    this.#board = new NonceBoard(store);
  }

  read(keys: readonly string[]): Promise<readonly Reading[]> {
    return this.#store.getMany(keys);
  }

  async look(keys: readonly string[]): Promise<readonly Sighting[]> {
    return (await this.#store.getMany(keys)).map((reading) => ({ reading, unique: undefined }));
  }

  write(entries: readonly Entry[]): Promise<readonly boolean[]> {
    return aFewAtOnce(entries, ({ key, frame, ttlMs }) => this.#store.set(key, frame, ttlMs).catch(() => false));
  }

  /**
   * There is no step that compares and writes: of two processes that put at the same time over what both have read, both
   * may be told that it is stored. That one has read the nonce of the other is found out.
   */
  async put(
    placings: readonly Placing[],
    purge: (tags: readonly string[]) => Promise<boolean>,
  ): Promise<readonly Placed[]> {
    const late = await this.#late(placings);
    const ownTags = placings.flatMap((placing) => (late.has(placing) ? [] : [placing.ownTag]));
    if (ownTags.length > 0 && !(await purge(ownTags))) return placings.map(() => 'unavailable');
    return await aFewAtOnce(placings, async (placing) => {
      if (late.has(placing)) return 'refused';
      try {
        return await this.#put(placing);
      } catch {
        return 'unavailable';
      }
    });
  }

  plant(keys: readonly string[]): Promise<readonly (Nonce | undefined)[]> {
    return aFewAtOnce(keys, (key) => this.#board.plant(key));
  }

  outlive(ttlMs: number): void {
    this.#board.outlive(ttlMs);
  }

  markOf(reading: Reading): string | undefined {
    return readNonce(reading ?? undefined);
  }

  plantMark(): Promise<string | undefined> {
    return this.#board.plant(this.keys.global);
  }

  async isQuietSince(mark: string | undefined): Promise<boolean> {
    const [global] = await this.#board.read([this.keys.global]);
    return global !== undefined && global === mark;
  }

  async purge(tags: readonly string[]): Promise<ReadonlySet<string>> {
    const notReplaced = await this.#board.replace([this.keys.global]);
    if (notReplaced.size > 0) return new Set(tags);
    const left = await this.#board.replace(tags.map((tag) => this.keys.tag(tag)));
    return new Set(tags.filter((tag) => left.has(this.keys.tag(tag))));
  }

  /** Those in whose place something else has been put already. */
  async #late(placings: readonly Placing[]): Promise<ReadonlySet<Placing>> {
    const bound = placings.filter(({ over }) => over !== undefined);
    if (bound.length === 0) return new Set();
    const nonces = await this.#board.read(bound.map(({ ownTag }) => this.keys.tag(ownTag))).catch(() => []);
    return new Set(bound.filter(({ over }, i) => nonces[i] !== over?.nonce));
  }

  async #put({ ownTag, key, over, ttlMs, frame, mayGoOn }: Placing): Promise<Placed> {
    const tagKey = this.keys.tag(ownTag);
    const nonce = over === undefined ? await this.#nonceOf(tagKey) : await this.#board.claim(tagKey);
    if (nonce === undefined) return over === undefined ? 'unavailable' : 'refused';
    if (!mayGoOn()) return 'refused';
    if (!(await this.#store.set(key, frame(nonce), ttlMs))) return 'unavailable';
    if (over !== undefined && (await this.#board.read([tagKey]))[0] !== nonce) return 'refused';
    return { nonce };
  }

  async #nonceOf(tagKey: string): Promise<Nonce | undefined> {
    return (await this.#board.read([tagKey]))[0] ?? (await this.#board.plant(tagKey));
  }

  health(): StoreHealth {
    return this.#store.health();
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

/** What is asked for many keys one by one must not take all the places that requests need. */
async function aFewAtOnce<T, R>(all: readonly T[], ask: (one: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (let at = 0; at < all.length; at += CHUNK) {
    answers.push(...(await Promise.all(all.slice(at, at + CHUNK).map(ask))));
  }
  return answers;
}
