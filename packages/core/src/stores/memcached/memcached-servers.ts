import { StoreOpenError, type StoreOperation } from '../../base/store-errors.js';
import type { StoreHealth } from '../../ports/store-health.js';
import { Guard, type GuardOptions } from '../guard.js';
import type { Reading } from '../nonce-ledger.js';
import type { Address } from './connection.js';
import { MemcachedServer } from './memcached-server.js';
import { Ring, type Seat } from './ring.js';

/** Whoever hangs costs one request a deadline once in so long; and is asked again so soon after it has recovered. */
const BREAKER = { maxOpenMs: 1_000 };

/** What one server can be asked. */
export type Commands = Omit<MemcachedServer, 'name' | 'close' | 'isConnected' | 'starting'>;

/** What stands on the servers needs no more of them than this. */
export type Servers = Omit<MemcachedServers, 'fingerprint' | 'ready' | 'starting'>;

interface Node {
  readonly server: MemcachedServer;
  /** Its own: a server that is away is no reason to leave the others alone. */
  readonly guard: Guard;
}

/** Some servers, each behind a guard, that share the keys by a fixed placement. */
export class MemcachedServers {
  /** Of the list of servers and their weights. */
  readonly fingerprint: string;
  readonly #ring: Ring;
  readonly #nodes: readonly Node[];
  readonly #readiness: Promise<unknown>;

  constructor(seats: readonly (Seat & Address)[], options: GuardOptions) {
    this.#ring = new Ring(seats);
    this.fingerprint = this.#ring.fingerprint;
    const ready: Promise<void>[] = [];
    this.#nodes = seats.map((seat) => {
      let becomeReady = (): void => {};
      ready.push(
        new Promise((resolve) => {
          becomeReady = resolve;
        }),
      );
      const server = new MemcachedServer(seat, options.clock, becomeReady);
      return { server, guard: new Guard(server.name, { ...options, breaker: { ...BREAKER, ...options.breaker } }) };
    });
    this.#readiness = Promise.all(ready);
  }

  /** Resolves once every server has been connected to. */
  async ready(): Promise<void> {
    await this.#readiness;
  }

  /** Resolves when the first attempt to connect to each server has come to something; nothing where it has. */
  get starting(): Promise<unknown> | undefined {
    const starting = this.#nodes.flatMap(({ server }) => server.starting ?? []);
    return starting.length === 0 ? undefined : Promise.all(starting);
  }

  /** Asks the server that holds a key. Rejects with a `StoreError` and nothing else. */
  ask<T>(key: string, operation: StoreOperation, ask: (server: Commands) => Promise<T>): Promise<T> {
    const { server, guard } = this.#nodes[this.#ring.placeOf(key)] as Node;
    // It has not failed yet: the breaker would keep those who wait for the connection from using it.
    if (server.starting !== undefined) return Promise.reject(new StoreOpenError(server.name, operation));
    return guard.run(
      operation,
      () => ask(server),
      (answer) => answer as T,
    );
  }

  /**
   * Asks each server that holds some of the keys about those.
   *
   * @returns the answers in the order of the keys; `null` where a server gave none. Rejects if none of them did.
   */
  async askEach<T>(
    keys: readonly string[],
    operation: StoreOperation,
    ask: (server: Commands, keys: readonly string[]) => Promise<readonly T[]>,
  ): Promise<(T | null)[]> {
    const groups = new Map<number, number[]>();
    for (const [i, key] of keys.entries()) {
      const place = this.#ring.placeOf(key);
      const group = groups.get(place);
      if (group === undefined) groups.set(place, [i]);
      else group.push(i);
    }
    const answers = new Array<T | null>(keys.length).fill(null);
    const outcomes = await Promise.allSettled(
      [...groups.values()].map(async (group) => {
        const some = group.map((i) => keys[i] as string);
        const given = await this.ask(some[0] as string, operation, (server) => ask(server, some));
        for (const [at, i] of group.entries()) answers[i] = given[at] as T;
      }),
    );
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure !== undefined && outcomes.every(({ status }) => status === 'rejected')) throw failure.reason;
    return answers;
  }

  read(keys: readonly string[]): Promise<Reading[]> {
    return this.askEach(keys, 'getMany', (server, some) => server.getMany(some));
  }

  /** `up` while all of them are connected to, and none is being left alone. */
  health(): StoreHealth {
    const all = this.#nodes.map(({ guard }) => guard.health());
    const isConnected = this.#nodes.every(({ server }) => server.isConnected);
    return {
      state: isConnected && all.every(({ state }) => state === 'up') ? 'up' : 'down',
      outstanding: all.reduce((sum, { outstanding }) => sum + outstanding, 0),
      failures: all.reduce((sum, { failures }) => sum + failures, 0),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map(({ server, guard }) => guard.close(() => server.close())));
  }
}
