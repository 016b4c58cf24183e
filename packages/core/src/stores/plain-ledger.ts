import type { StoreHealth } from '../ports/tagged-store.js';
import type { GuardedStore } from './guarded.js';
import { type Nonce, NonceKeys, readNonce } from './nonce.js';
import { NonceBoard } from './nonce-board.js';
import type { NonceLedger, Reading } from './nonce-ledger.js';

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

  write(key: string, frame: Uint8Array, ttlMs: number): Promise<boolean> {
    return this.#store.set(key, frame, ttlMs);
  }

  plant(keys: readonly string[]): Promise<readonly (Nonce | undefined)[]> {
    return Promise.all(keys.map((key) => this.#board.plant(key)));
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

  health(): StoreHealth {
    return this.#store.health();
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
