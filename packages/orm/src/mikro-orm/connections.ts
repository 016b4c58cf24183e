import { meet, type Party } from '../source/registry.js';
import { Replaced } from '../source/replaced.js';
import { watchDumps } from './dumps.js';
import { type KnexLike, watchKnex } from './knex-client.js';
import { type KyselyLike, watchKysely } from './kysely-client.js';
import type { ConfigLike, ConnectionLike, EntityManagerLike } from './mikro-orm-types.js';
import type { MikroParty } from './statement.js';

/** A watch, as what the ORM connects by knows it. */
export interface ConnectedParty extends MikroParty {
  readonly config: ConfigLike;
  /** To be called when the watch ends. */
  readonly stops: Set<() => void>;
}

/** By what MikroORM calls a transaction, the connection that it is on. */
const connections = new WeakMap<object, object>();

/** What hands out the client that statements are sent by, and makes it where there is none. */
const getters = (['getClient', 'getKnex'] as const).map((name) => {
  const replaced: Replaced<ConnectedParty> = new Replaced(name, (original, parties) => {
    return function getClient(...given) {
      const client = original.apply(this, given) as object;
      for (const party of parties) watchClient(client, party);
      return client;
    };
  });
  return [name, replaced] as const;
});

/** What makes the client, when it is first needed, and after it was closed once more: then, too, it is handed out. */
const makers = (['createKysely', 'createKnex', 'connect'] as const).map((name) => {
  const replaced: Replaced<ConnectedParty> = new Replaced(name, (original, parties) => {
    return function make(...given) {
      const made = original.apply(this, given);
      const handOut = (value: unknown): unknown => {
        clientOf(this as ConnectionLike);
        for (const party of parties) party.woken();
        return value;
      };
      return made instanceof Promise ? made.then(handOut) : handOut(made);
    };
  });
  return [name, replaced] as const;
});

const begins: Replaced<ConnectedParty> = new Replaced('begin', (original, parties) => {
  return async function begin(...given) {
    const transaction = (await original.apply(this, given)) as object;
    const connection = await connectionOf(transaction);
    if (connection === undefined) return transaction;
    connections.set(transaction, connection);
    for (const { source } of parties)
      meet(transaction, {
        get isClosed() {
          return source.isClosed;
        },
        afterCommit: (_, tags) => source.afterCommit(connection, tags),
      });
    return transaction;
  };
});

/** Which connection a call is sent to is decided for each, where there are replicas. */
const choices: Replaced<ConnectedParty> = new Replaced('getConnection', (original, parties) => {
  return function getConnection(...given) {
    const connection = original.apply(this, given) as ConnectionLike;
    for (const party of parties) watchConnection(connection, party);
    return connection;
  };
});

/** `afterCommit` is handed an EntityManager; a transaction belongs to the connection. */
const transactors = ['begin', 'setTransactionContext'].map(
  (name) =>
    new Replaced<ConnectedParty>(name, (original, parties) => {
      return function enter(...given) {
        const manager = this as EntityManagerLike;
        for (const party of parties) if (manager.config === party.config) meetManager(manager, party);
        return original.apply(this, given);
      };
    }),
);

/** By connection and client, who watches it. */
const watched = new WeakMap<object, WeakSet<object>>();
const managers = new WeakMap<ConnectedParty, Party>();

/** Watches what an EntityManager and all its forks send, until the `stops` of the party are called. */
export function watchManager(manager: EntityManagerLike, party: ConnectedParty): void {
  const driver = manager.getDriver();
  party.stops.add(choices.on(driver, party));
  for (const replaced of transactors) party.stops.add(replaced.on(Object.getPrototypeOf(manager), party));
  for (const type of ['write', 'read'] as const) watchConnection(driver.getConnection(type), party);
  // What a request runs in is found through the global one.
  meetManager(manager, party);
}

/** Once for each. */
function isNew(object: object, party: ConnectedParty): boolean {
  const known = watched.get(object) ?? new WeakSet();
  const isKnown = known.has(party);
  watched.set(object, known.add(party));
  return !isKnown;
}

function watchConnection(connection: ConnectionLike, party: ConnectedParty): void {
  if (!isNew(connection, party)) return;
  for (const [name, replaced] of [...getters, ...makers]) {
    if (name in connection) party.stops.add(replaced.on(connection, party));
  }
  party.stops.add(begins.on(connection, party));
  party.stops.add(watchDumps(connection, party));
  if (connection.connected) clientOf(connection);
}

function clientOf(connection: ConnectionLike): unknown {
  return connection.getClient === undefined ? connection.getKnex?.() : connection.getClient();
}

function watchClient(client: object, party: ConnectedParty): void {
  if (!isNew(client, party)) return;
  const stop =
    'getExecutor' in client ? watchKysely(client as KyselyLike, party) : watchKnex(client as KnexLike, party);
  party.stops.add(stop);
}

function meetManager(manager: EntityManagerLike, party: ConnectedParty): void {
  const known: Party = managers.get(party) ?? {
    get isClosed() {
      return party.source.isClosed;
    },
    afterCommit: (scope, tags) => party.source.afterCommit(scopeOf(scope as EntityManagerLike), tags),
  };
  managers.set(party, known);
  meet(manager, known);
}

/** The connection of the transaction that an EntityManager is in. */
export function scopeOf(manager: EntityManagerLike): object | undefined {
  const transaction = manager.getTransactionContext();
  return transaction === undefined ? undefined : connections.get(transaction);
}

interface KyselyTransaction {
  getExecutor(): { provideConnection(consume: (connection: object) => Promise<object>): Promise<object> };
}

interface KnexTransaction {
  readonly client: { acquireConnection(): Promise<object> };
}

async function connectionOf(transaction: object): Promise<object | undefined> {
  try {
    return 'getExecutor' in transaction
      ? await (transaction as KyselyTransaction).getExecutor().provideConnection(async (connection) => connection)
      : await (transaction as KnexTransaction).client.acquireConnection();
  } catch {
    // Whatever is sent there next says so, to whoever has asked for it.
    return undefined;
  }
}
