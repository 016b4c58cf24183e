import { AsyncResource } from 'node:async_hooks';
import { isTracking } from '@viewcache/core/tracking';
import { heardOnce } from '../source/heard-once.js';
import { Replaced } from '../source/replaced.js';
import type { PgClientLike, PgModuleLike, PgPoolLike } from './pg-types.js';
import { type PgSource, type Query, watchedQuery } from './watched-query.js';

const queries: Replaced<PgSource> = new Replaced('query', (original, parties) =>
  watchedQuery(original as Query, (client) => heardOnce(queries.partiesOf(client), parties)),
);

/**
 * A query that waited for a client of the pool goes on in the context of who asked for it, not of who gave one back. Outside a
 * view it may go on in another's: that is made of something more, then.
 */
const connects: Replaced<unknown> = new Replaced('connect', (original) => {
  return function connect(callback, ...more) {
    if (typeof callback !== 'function' || !isTracking()) return original.call(this, callback, ...more);
    // `AsyncResource.bind` costs several times as much.
    const context = new AsyncResource('viewcache.connect', { requireManualDestroy: true });
    return original.call(
      this,
      (...given: unknown[]) => context.runInAsyncScope(callback as () => void, undefined, ...given),
      ...more,
    );
  };
});

/** What {@link attachToPool} hears of a pool. */
interface PoolEvents {
  prependListener(event: 'connect' | 'acquire' | 'remove', listener: (client: PgClientLike) => void): void;
  off(event: 'connect' | 'acquire' | 'remove', listener: (client: PgClientLike) => void): void;
}

export function attachToClient(client: PgClientLike, party: PgSource): () => void {
  return queries.on(client, party);
}

/** Clients that a pool has already are met when they are used the next time. */
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
  const stopConnect = connects.on(pool, party);
  return () => {
    events.off('connect', meet);
    events.off('acquire', meet);
    events.off('remove', forget);
    stopConnect();
    for (const client of [...stops.keys()]) forget(client);
  };
}

export function attachToModule({ Client, Pool }: PgModuleLike, party: PgSource): () => void {
  const stops = [queries.on(Client.prototype as object, party), connects.on(Pool.prototype as object, party)];
  return () => {
    for (const stop of stops) stop();
  };
}
