import type { Clock, Timer } from '../../ports/clock.js';
import type { RedisConnection } from './connection.js';
import { AwayError } from './failures.js';
import { keySlot } from './key-slot.js';
import type { RedisKeys } from './keys.js';
import type { ClientOptions, RedisLibrary, Words } from './library.js';
import { connect, type OpenPrimary } from './one-primary.js';
import { ownOptions } from './own-options.js';
import type { RedisServers } from './servers.js';
import { type Shard, shardsOf } from './shards.js';
import { ProtocolVersion } from './version.js';

/** How often the nodes are asked at most how the slots are spread. */
const REFRESH_MS = 200;
/** How long one node may take to say so. */
const ANSWER_MS = 300;

const NOBODY_KNOWS = 'no node of the cluster says who has the slot';
const NO_CLUSTER = "the server is no node of a Redis Cluster: name it as 'redis://host:port', without '+cluster'";

/** Some nodes of a cluster, and what connections to all of them are like. */
export interface ClusterOptions {
  readonly roots: readonly ClientOptions[];
  readonly defaults: ClientOptions;
  /** Where an address that a node tells can be reached from here, if it is elsewhere. */
  readonly reach: (address: string) => { readonly host: string; readonly port: number } | undefined;
}

/**
 * Connections to a cluster: one to the primary that has the namespace's slot, with the sequence, the tags and the bus, and
 * one to each primary for the responses, which are spread over all of them.
 *
 * They are made here rather than by the cluster client of node-redis, because which run of which server answers about tags
 * has to be known: after a failover another one does, and the sequence of the one before is missing (PROTOCOL 4.2).
 */
export function clusterServers(
  library: () => Promise<RedisLibrary>,
  options: ClusterOptions,
  keys: RedisKeys,
  clock: Clock,
  onFailure: (cause: Error) => void,
): RedisServers {
  const nodes = new ClusterNodes(library, options, clock);
  const open = nodes.openOwner(keySlot(keys.sequence));
  const join: RedisServers['connect'] = (prepare, version) => connect(open, clock, onFailure, prepare, version, true);
  const primary = join(undefined, new ProtocolVersion(2));
  return {
    primary,
    spread: nodes,
    settle: (atMostMs, isPatient) => {
      const settling = primary.settle(atMostMs, isPatient);
      // Which nodes there are is known when there is a primary.
      return settling === undefined
        ? nodes.settle(atMostMs, isPatient)
        : settling.then(() => nodes.settle(atMostMs, isPatient));
    },
    connect: join,
    close: () => {
      primary.close();
      nodes.close();
    },
  };
}

/** The primaries of a cluster, each with a connection, as its nodes tell. */
class ClusterNodes {
  readonly #library: () => Promise<RedisLibrary>;
  readonly #options: ClusterOptions;
  readonly #clock: Clock;
  readonly #connections = new Map<string, RedisConnection>();
  #shards: readonly Shard[] = [];
  #refreshing: Promise<void> | undefined;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  /** A node has said that it is none. */
  #isNoCluster = false;

  constructor(library: () => Promise<RedisLibrary>, options: ClusterOptions, clock: Clock) {
    this.#library = library;
    this.#options = options;
    this.#clock = clock;
  }

  async send(key: string, words: Words): Promise<unknown> {
    const shard = this.#ownerOf(keySlot(key));
    const session = shard === undefined ? undefined : this.#connections.get(shard.address)?.session;
    if (session === undefined) {
      void this.#refresh();
      throw new AwayError();
    }
    try {
      return await session.send(words);
    } catch (error) {
      void this.#refresh();
      throw error;
    }
  }

  /** Makes clients to whichever primary has a slot at the time; it is looked for anew each time. */
  openOwner(slot: number): OpenPrimary {
    return async (version) => {
      await this.#refresh();
      const shard = this.#ownerOf(slot);
      if (shard === undefined) throw new Error(this.#isNoCluster ? NO_CLUSTER : NOBODY_KNOWS);
      return (await this.#library()).createClient(this.#optionsOf(shard, version));
    };
  }

  /** Waits for those of the connections that are being made. */
  settle(atMostMs: number, isPatient: boolean): Promise<unknown> | undefined {
    const settling = [...this.#connections.values()].flatMap((each) => each.settle(atMostMs, isPatient) ?? []);
    return settling.length === 0 ? undefined : Promise.all(settling);
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  #ownerOf(slot: number): Shard | undefined {
    return this.#shards.find(({ from, to }) => from <= slot && slot <= to);
  }

  #optionsOf({ host, port, address }: Shard, version: ProtocolVersion['value']): ClientOptions {
    const { defaults, reach } = this.#options;
    return ownOptions({ ...defaults, socket: { ...defaults.socket, host, port, ...reach(address) } }, version);
  }

  /** Asks how the slots are spread. Never rejects; whoever comes while it is being asked waits for the same answer. */
  #refresh(): Promise<void> {
    this.#refreshing ??= this.#askNodes().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #askNodes(): Promise<void> {
    if (this.#isClosed || this.#clock.monotonic() - this.#refreshedAt < REFRESH_MS) return;
    this.#refreshedAt = this.#clock.monotonic();
    for (const connection of this.#connections.values()) {
      const shards = await this.#within(connection.session?.send(['CLUSTER', 'SLOTS']));
      if (shards !== undefined) return this.#adopt(shards);
    }
    for (const root of this.#options.roots) {
      const shards = await this.#askRoot(root);
      if (shards !== undefined) return this.#adopt(shards);
    }
  }

  async #askRoot(root: ClientOptions): Promise<readonly Shard[] | undefined> {
    const { defaults } = this.#options;
    const options = ownOptions({ ...defaults, ...root, socket: { ...defaults.socket, ...root.socket } }, undefined);
    const client = (await this.#library().catch(() => undefined))?.createClient(options);
    if (client === undefined) return undefined;
    client.on('error', () => {});
    try {
      const asked = client.connect().then(() => client.sendCommand(['CLUSTER', 'SLOTS']));
      asked.then(
        () => {
          this.#isNoCluster = false;
        },
        (error: unknown) => {
          this.#isNoCluster = /cluster support disabled/i.test(String(error));
        },
      );
      return await this.#within(asked);
    } finally {
      try {
        client.destroy();
      } catch {
        // It was closed already.
      }
    }
  }

  /** What one node tells; `undefined` where it does not, or takes too long. */
  async #within(asked: Promise<unknown> | undefined): Promise<readonly Shard[] | undefined> {
    let timer: Timer | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = this.#clock.after(ANSWER_MS, () => resolve(undefined));
    });
    const reply = await Promise.race([Promise.resolve(asked).catch(() => undefined), late]);
    timer?.cancel();
    return shardsOf(reply);
  }

  #adopt(shards: readonly Shard[]): void {
    if (this.#isClosed) return;
    this.#shards = shards;
    const addresses = new Set(shards.map(({ address }) => address));
    for (const [address, connection] of this.#connections) {
      if (addresses.has(address)) continue;
      connection.close();
      this.#connections.delete(address);
    }
    for (const shard of shards) {
      if (this.#connections.has(shard.address)) continue;
      const open: OpenPrimary = async (version) =>
        (await this.#library()).createClient(this.#optionsOf(shard, version));
      // Who has the namespace's slot tells of the outage of the cluster; a node that is away costs what lies on it.
      this.#connections.set(
        shard.address,
        connect(open, this.#clock, () => void this.#refresh(), undefined, undefined, true),
      );
    }
  }
}
