import { StoreTimeoutError } from '../../base/store-errors.js';
import type { StoreHealth } from '../../ports/store-health.js';
import type { Reading } from '../nonce-ledger.js';
import type { Commands, Servers } from './memcached-servers.js';
import type { FoundValue } from './reply-parser.js';
import { Ring } from './ring.js';

/** What all servers hold together. */
export type Shelf = Map<string, { value: Uint8Array; unique: number }>;

/** What names a value is never used for another. */
let uniques = 0;

/**
 * Servers in memory, as one process sees them: each command is one atomic step, taken when `step` lets it, and the
 * commands to one server are carried out in the order in which this process sent them.
 */
export class FakeServers implements Servers {
  readonly shelf: Shelf;
  /** Awaited before each command is applied: where a scheduler takes hold. */
  step: () => Promise<unknown> = () => Promise.resolve();
  /** Whether the next question passes its deadline; what it asks for is done all the same, later. */
  isLate: () => boolean = () => false;
  /** Stands between who asks and a server: for wrong ways. */
  wrap: (commands: Commands) => Commands = (commands) => commands;
  readonly #ring: Ring;
  readonly #lines: Promise<unknown>[] = [];

  /** @param shelf - shared by those that are to see the same servers */
  constructor(shelf: Shelf, servers = 2) {
    this.shelf = shelf;
    this.#ring = new Ring(Array.from({ length: servers }, (_, i) => ({ host: `s${i}`, port: 11211, weight: 1 })));
  }

  ask<T>(key: string, _operation: string, ask: (server: Commands) => Promise<T>): Promise<T> {
    const answer = ask(this.wrap(this.#commands(this.#ring.placeOf(key))));
    if (!this.isLate()) return answer;
    answer.catch(() => {});
    return Promise.reject(new StoreTimeoutError('fake', 'set', 50));
  }

  async askEach<T>(
    keys: readonly string[],
    operation: string,
    ask: (server: Commands, keys: readonly string[]) => Promise<readonly T[]>,
  ): Promise<(T | null)[]> {
    const places = [...new Set(keys.map((key) => this.#ring.placeOf(key)))];
    const answers = new Map<string, T>();
    const outcomes = await Promise.allSettled(
      places.map(async (place) => {
        const some = keys.filter((key) => this.#ring.placeOf(key) === place);
        const given = await this.ask(some[0] as string, operation, (server) => ask(server, some));
        for (const [i, key] of some.entries()) answers.set(key, given[i] as T);
      }),
    );
    if (outcomes.length > 0 && answers.size === 0) throw new StoreTimeoutError('fake', 'getMany', 50);
    return keys.map((key) => (answers.has(key) ? (answers.get(key) as T) : null));
  }

  read(keys: readonly string[]): Promise<Reading[]> {
    return this.askEach(keys, 'getMany', (server, some) => server.getMany(some));
  }

  health(): StoreHealth {
    return { state: 'up', outstanding: 0, failures: 0 };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #commands(place: number): Commands {
    const inTurn = <T>(apply: () => T): Promise<T> => {
      const turn = (this.#lines[place] ?? Promise.resolve()).then(() => this.step()).then(apply);
      this.#lines[place] = turn;
      return turn;
    };
    const put = (key: string, value: Uint8Array): true => {
      this.shelf.set(key, { value: value.slice(), unique: ++uniques });
      return true;
    };
    return {
      getMany: (keys) => inTurn(() => keys.map((key) => this.shelf.get(key)?.value)),
      gets: (key) => inTurn(() => seen(this.shelf, key)),
      getsMany: (keys) => inTurn(() => keys.map((key) => seen(this.shelf, key))),
      set: (key, value) => inTurn(() => put(key, value)),
      add: (key, value) => inTurn(() => !this.shelf.has(key) && put(key, value)),
      replace: (key, value) => inTurn(() => (this.shelf.has(key) && put(key, value) ? 'stored' : 'missing')),
      swap: (key, value, _ttlMs, name) => inTurn(() => String(this.shelf.get(key)?.unique) === name && put(key, value)),
      increment: (key) =>
        inTurn(() => {
          const text = Buffer.from(this.shelf.get(key)?.value ?? []).toString();
          if (!/^\d+$/.test(text)) return undefined;
          const next = BigInt(text) + 1n;
          put(key, Buffer.from(String(next)));
          return next;
        }),
    };
  }
}

function seen(shelf: Shelf, key: string): FoundValue | undefined {
  const found = shelf.get(key);
  return found && { bytes: found.value, unique: String(found.unique) };
}
