import type { ClientLike, DialectMethods } from './knex-types.js';
import type { KnexParty } from './outcome-of.js';
import { askBy, watchedQuery, watchedStream } from './watched-query.js';

/** A client that is watched: its class is one of its own meanwhile. */
interface Held {
  readonly parties: Set<KnexParty>;
  readonly original: object;
  readonly watched: object;
}

const held = new WeakMap<object, Held>();

/**
 * Hears of what a client sends, until what it returns is called.
 *
 * Knex makes the clients of transactions, and those of `withUserParams()`, of the class that a client says it is of. So the
 * client gets a class of its own, derived from the one that it had, with other `_query` and `_stream`: the methods that a
 * dialect is written by.
 */
export function attach(client: ClientLike, party: KnexParty): () => void {
  const known = held.get(client) ?? derive(client);
  known.parties.add(party);
  return () => {
    if (!known.parties.delete(party) || known.parties.size > 0) return;
    if (Object.getPrototypeOf(client) !== known.watched) return;
    Object.setPrototypeOf(client, known.original);
    held.delete(client);
  };
}

/** Asks the database of a client, heard by nobody. */
export async function ask(client: ClientLike, sql: string): Promise<{ readonly rows: readonly object[] }> {
  const { _query } = (held.get(client)?.original ?? client) as unknown as DialectMethods;
  const connection = await client.acquireConnection();
  try {
    return await askBy(_query, client, connection, sql);
  } finally {
    await client.releaseConnection(connection);
  }
}

function derive(client: ClientLike): Held {
  const original = Object.getPrototypeOf(client) as DialectMethods;
  const parties = new Set<KnexParty>();
  const watched = Object.create(original) as object;
  // Those of a later watch, too: clients of transactions and clones keep their class.
  const now = (): readonly KnexParty[] => [...(held.get(client)?.parties ?? [])];
  const methods: Record<string, unknown> = {
    constructor: Object.assign(function Client() {}, original.constructor, { prototype: watched }),
    _query: watchedQuery(original._query, now),
  };
  // That of SQLite sends by `_query`.
  if (!client.driverName.includes('sqlite')) methods['_stream'] = watchedStream(original._stream, now);
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(watched, name, { value, configurable: true, writable: true, enumerable: false });
  Object.setPrototypeOf(client, watched);
  const made = { parties, original, watched };
  held.set(client, made);
  return made;
}
