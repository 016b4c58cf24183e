import { ConfigError } from '@viewcache/core';
import type { NotifyClient, NotifyPool } from './notify-types.js';

type ClientClass = new (config: object) => NotifyClient;

/**
 * Reads how a pool connects, to do so beside it: `LISTEN` belongs to one connection, which nobody else may be given.
 *
 * @param what - who asks, for the error
 * @returns makes a client that has not connected yet
 * @throws `ConfigError` for anything that is no pool of the `pg` that is written in JavaScript
 */
export function clientsOf(what: string, pool: unknown, deadlineMs: number): () => NotifyClient {
  const { options, Client } = partsOf(what, pool);
  const { connectionTimeoutMillis, password } = options;
  return () =>
    new Client({
      ...options,
      // It is not listed among a pool's own.
      password,
      connectionTimeoutMillis: connectionTimeoutMillis || deadlineMs,
      keepAlive: true,
    });
}

interface PoolParts {
  readonly options: { readonly password?: unknown; readonly connectionTimeoutMillis?: number };
  readonly Client: ClientClass;
}

function partsOf(what: string, pool: unknown): PoolParts {
  const given = (typeof pool === 'object' && pool !== null ? pool : {}) as Partial<PoolParts & NotifyPool>;
  const { options, Client, totalCount } = given;
  const isPool = typeof options === 'object' && typeof Client === 'function' && typeof totalCount === 'number';
  // Only the client that is written in JavaScript hears of anything while it has nothing to do.
  if (!isPool || !('escapeIdentifier' in (Client.prototype as object)))
    throw new ConfigError(what, pool, 'a pg.Pool, and not one of pg.native: its settings, for a connection beside it');
  return { options, Client };
}
