import type { ClientLike } from './knex-types.js';

/** The connection of a transaction, to which all that is written in it belongs. */
export function connectionOf(held: object): Promise<object> | undefined {
  const { client, isTransaction } = held as { readonly client?: ClientLike; readonly isTransaction?: boolean };
  // The client of a transaction has one connection, and nothing to give back.
  return isTransaction === true ? client?.acquireConnection() : undefined;
}
