import { heardOnce } from '../source/heard-once.js';
import { issuingContext } from '../source/issuing-context.js';
import { Replaced } from '../source/replaced.js';
import { hearInUse } from './heard-clients.js';
import type { PgClientLike, PgModuleLike, PgPoolLike } from './pg-types.js';
import { type PgSource, type Query, watchedQuery } from './watched-query.js';

const queries: Replaced<PgSource> = new Replaced('query', (original, parties) =>
  watchedQuery(original as Query, (client) => heardOnce(queries.partiesOf(client), parties)),
);

/**
 * A query that waited for a client of the pool goes on in the context of who asked for it, not of who gave one back.
 */
const connects: Replaced<unknown> = new Replaced('connect', (original) => {
  return function connect(callback, ...more) {
    const here = typeof callback === 'function' ? issuingContext() : undefined;
    return original.call(this, here === undefined ? callback : here(callback as () => void), ...more);
  };
});

/** What is read in the callback of the end, by whatever else, belongs to who has asked for it, too. */
const ends: Replaced<unknown> = new Replaced('end', (original) => {
  return function end(callback, ...more) {
    const here = typeof callback === 'function' ? issuingContext() : undefined;
    return original.call(this, here === undefined ? callback : here(callback as () => void), ...more);
  };
});

/** What {@link attachToPool} hears of a pool. */
interface PoolEvents {
  prependListener(event: 'connect' | 'acquire' | 'remove', listener: (client: PgClientLike) => void): void;
  off(event: 'connect' | 'acquire' | 'remove', listener: (client: PgClientLike) => void): void;
  /** All that it has; a pool of another make may keep them elsewhere. */
  readonly _clients?: readonly PgClientLike[];
  readonly _idle?: readonly { readonly client: PgClientLike }[];
}

export function attachToClient(client: PgClientLike, party: PgSource): () => void {
  const stops = [queries.on(client, party), ends.on(client, party)];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Clients that a pool has handed out already are met as they are; where it does not tell them, when they are used the next time. */
export function attachToPool(pool: PgPoolLike, party: PgSource): () => void {
  const events = pool as unknown as PoolEvents;
  const stops = new Map<object, () => void>();
  const meet = (client: PgClientLike): void => {
    if (!stops.has(client)) stops.set(client, queries.on(client, party));
  };
  const forget = (client: object): void => {
    stops.get(client)?.();
    stops.delete(client);
  };
  // In front of listeners that set a connection up: what they send is seen, too.
  events.prependListener('connect', meet);
  events.prependListener('acquire', meet);
  events.prependListener('remove', forget);
  const stopCalls = [connects.on(pool, party), ends.on(pool, party)];
  const { _clients: clients = [], _idle: idle = [] } = events;
  const waiting = new Set(idle.map(({ client }) => client));
  for (const client of clients) {
    meet(client);
    if (!waiting.has(client)) hearInUse(client, party.source);
  }
  return () => {
    events.off('connect', meet);
    events.off('acquire', meet);
    events.off('remove', forget);
    for (const stop of stopCalls) stop();
    for (const client of [...stops.keys()]) forget(client);
  };
}

export function attachToModule({ Client, Pool }: PgModuleLike, party: PgSource): () => void {
  const [client, pool] = [Client.prototype, Pool.prototype] as [object, object];
  const stops = [queries.on(client, party), ends.on(client, party), connects.on(pool, party), ends.on(pool, party)];
  return () => {
    for (const stop of stops) stop();
  };
}
