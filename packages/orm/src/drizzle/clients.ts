import { ConfigError } from '@viewcache/core';
import { holdBetterSqlite3, isBetterSqlite3 } from '../better-sqlite3/watch-better-sqlite3.js';
import { reachedIn } from '../mysql2/reached.js';
import { holdMysql2 } from '../mysql2/watch-mysql2.js';
import { holdPg } from '../pg/watch-pg.js';
import type { ClientWatch } from '../source/client-watch.js';
import { wrongTarget } from '../source/wrong-target.js';
import { holdSqlJs, isSqlJs } from '../sql-js/watch-sql-js.js';
import type { DatabaseLike, WatchDrizzleOptions } from './drizzle-types.js';

const ALLOWED = 'a database that drizzle() has made for node-postgres, mysql2, better-sqlite3 or sql.js';
const NO_CLIENT = 'has no client to send statements by, as drizzle.mock() makes it';

/** What a database sends its statements by, of one library. */
interface ClientKind {
  is(client: object): boolean;
  /** What the source knows the connection of a transaction by. */
  scopeOf(client: object): object | undefined;
  hold(watch: string, client: never, options: WatchDrizzleOptions): ClientWatch;
}

const KINDS: readonly ClientKind[] = [
  { is: isBetterSqlite3, hold: holdBetterSqlite3, scopeOf: itself },
  { is: isSqlJs, hold: holdSqlJs, scopeOf: itself },
  { is: (client) => reachedIn(client) !== undefined, hold: holdMysql2, scopeOf: (client) => reachedIn(client)?.inner },
  { is: isPg, hold: holdPg, scopeOf: itself },
];

/** The watch of what a database sends its statements by. */
export interface HeldClient extends ClientWatch {
  /** What the source knows a transaction by, of what its session has for a client. */
  scopeOf(client: object): object | undefined;
}

/** The databases behind one of `withReplicas()`; any other one alone. */
export function databasesOf(database: unknown): readonly DatabaseLike[] {
  const { $primary, $replicas } = (database ?? {}) as Partial<DatabaseLike>;
  const databases = $primary === undefined ? [database] : [$primary, ...($replicas ?? [])];
  for (const each of databases) kindOf(clientOf(each), each);
  return databases as readonly DatabaseLike[];
}

/** Watches what a database sends its statements by. */
export function holdClient(database: DatabaseLike, options: WatchDrizzleOptions): HeldClient {
  const client = clientOf(database);
  const { hold, scopeOf } = kindOf(client, database);
  return { ...hold('watchDrizzle', client as never, options), scopeOf };
}

function kindOf(client: object, database: unknown): ClientKind {
  const kind = KINDS.find(({ is }) => is(client));
  if (kind === undefined && isNothing(client))
    throw new ConfigError('watchDrizzle', database, ALLOWED, undefined, NO_CLIENT);
  if (kind === undefined) throw wrongTarget('watchDrizzle', database, ALLOWED);
  return kind;
}

/** Its transactions are made of sessions as its own one is: where that has no client, theirs have none. */
function clientOf(database: unknown): object {
  const { transaction, session, $client } = (database ?? {}) as Partial<DatabaseLike>;
  // Databases of sql.js have none of their own.
  const client = $client ?? session?.client;
  if (typeof transaction !== 'function' || !isObject(client) || !isObject(session?.client))
    throw wrongTarget('watchDrizzle', database, ALLOWED);
  return client;
}

function itself(client: object): object {
  return client;
}

/** An empty object, which Drizzle puts where a client belongs. */
function isNothing(client: object): boolean {
  return Object.getPrototypeOf(client) === Object.prototype && Object.keys(client).length === 0;
}

function isPg(client: object): boolean {
  const { connect, query } = client as { readonly connect?: unknown; readonly query?: unknown };
  return typeof connect === 'function' && typeof query === 'function';
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
