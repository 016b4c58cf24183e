import { AsyncResource } from 'node:async_hooks';
import { heardOnce } from '../source/heard-once.js';
import { connectionIn, findScopesBy } from '../source/registry.js';
import { Replaced } from '../source/replaced.js';
import type { ConnectionLike, ModuleInside, Mysql2ClusterLike, Mysql2PoolLike } from './mysql2-types.js';
import type { MysqlSource } from './watched-command.js';
import { watchedAddCommand, watchedExecute, watchedQuery, watchedReset } from './watched-connection.js';

const makers = {
  query: watchedQuery,
  execute: watchedExecute,
  addCommand: watchedAddCommand,
  reset: watchedReset,
  changeUser: watchedReset,
};

const methods = Object.entries(makers).map(([name, make]) => {
  const replaced: Replaced<MysqlSource> = new Replaced(name, (original, parties) =>
    make(original, (connection) => heardOnce(replaced.partiesOf(connection), parties)),
  );
  return { name, replaced };
});

type Meet = (connection: ConnectionLike) => void;

/** What hands out connections tells of each, and goes on in the context of who asked for it, not of who gave one back. */
function acquiring(name: string, at: number): Replaced<Meet> {
  return new Replaced(name, (original, meets) => {
    return function acquire(...given) {
      const callback = given[at];
      if (typeof callback !== 'function') return original.apply(this, given);
      const bound = AsyncResource.bind(callback as (...answer: unknown[]) => void);
      const hearing = (error: unknown, connection?: ConnectionLike, ...more: unknown[]): void => {
        if (connection !== undefined) for (const meet of meets) meet(connection);
        bound(error, connection, ...more);
      };
      return original.apply(this, given.with(at, hearing));
    };
  });
}

const pooled = acquiring('getConnection', 0);
const clustered = acquiring('_getConnection', 1);

export function attachToConnection(connection: object, party: MysqlSource): () => void {
  // One with promises has this inside.
  findScopesBy('mysql2', connectionIn);
  // Not every version can be reset.
  const known = methods.filter(({ name }) => name in connection);
  const stops = known.map(({ replaced }) => replaced.on(connection, party));
  return () => {
    for (const stop of stops) stop();
  };
}

/** A list of `mysql2`. */
interface Listed<T> {
  toArray?(): readonly T[];
}

/** What {@link attachToPool} hears of a pool. */
interface PoolEvents {
  prependListener(event: 'connection' | 'release', listener: Meet): void;
  off(event: 'connection' | 'release', listener: Meet): void;
  /** All that it has; a version may keep them elsewhere. */
  readonly _allConnections?: Listed<ConnectionLike>;
  readonly _freeConnections?: Listed<ConnectionLike>;
}

/**
 * Connections that a pool has handed out already are met as they are; where it does not tell them, when they are used the next
 * time.
 */
export function attachToPool(pool: Mysql2PoolLike, party: MysqlSource): () => void {
  const events = pool as unknown as PoolEvents;
  const met = new Met(party);
  // In front of listeners that set a connection up: what they send is seen, too.
  events.prependListener('connection', met.meet);
  events.prependListener('release', met.release);
  const stop = pooled.on(pool, met.meet);
  met.meetAll(events);
  return () => {
    events.off('connection', met.meet);
    events.off('release', met.release);
    stop();
    met.forgetAll();
  };
}

interface ClusterPools {
  readonly _nodes?: Readonly<Record<string, { readonly pool?: PoolEvents }>>;
}

/** A cluster hands out connections of its pools, also of those that are added later, in one place. */
export function attachToCluster(cluster: Mysql2ClusterLike, party: MysqlSource): () => void {
  const met = new Met(party);
  const stop = clustered.on(cluster, met.meet);
  for (const { pool } of Object.values((cluster as ClusterPools)._nodes ?? {}))
    if (pool !== undefined) met.meetAll(pool);
  return () => {
    stop();
    met.forgetAll();
  };
}

export function attachToModule({ Connection, Pool }: ModuleInside, party: MysqlSource): () => void {
  const stops = [attachToConnection(Connection.prototype, party), pooled.on(Pool.prototype, nobody)];
  return () => {
    for (const stop of stops) stop();
  };
}

const nobody: Meet = () => {};

/** Connections that were met, until they close. */
class Met {
  readonly #party: MysqlSource;
  readonly #stops = new Map<object, () => void>();

  constructor(party: MysqlSource) {
    this.#party = party;
  }

  /** Those that somebody has in his hands: what he has done with them nobody has seen. */
  meetAll({ _allConnections: all, _freeConnections: free }: PoolEvents): void {
    const waiting = new Set(free?.toArray?.());
    for (const connection of all?.toArray?.() ?? []) {
      this.meet(connection);
      // One that has not been greeted yet has carried out nothing.
      if (!waiting.has(connection) && connection._handshakePacket != null) this.#meetInUse(connection);
    }
  }

  readonly release: Meet = (connection) => this.#party.source.handedBack(connection);

  /** Whoever is handed one does not go on with what another has done. */
  readonly meet: Meet = (connection) => {
    if (this.#stops.has(connection)) return this.release(connection);
    this.#stops.set(connection, attachToConnection(connection, this.#party));
    connection.stream?.once('close', () => this.#forget(connection));
  };

  forgetAll(): void {
    for (const connection of [...this.#stops.keys()]) this.#forget(connection);
  }

  #meetInUse(connection: ConnectionLike): void {
    const { source } = this.#party;
    source.mayHaveJoined(connection);
    const { _command: command, _commands: commands } = connection;
    for (const each of [...(command ? [command] : []), ...(commands?.toArray?.() ?? [])])
      each.once('end', () => void source.endedUnseen());
  }

  #forget(connection: object): void {
    this.#stops.get(connection)?.();
    this.#stops.delete(connection);
  }
}
