import { refuseRunning } from '@viewcache/core/tracking';
import { Replaced } from '../source/replaced.js';
import type { ConnectedParty } from './connections.js';
import type { ConfigLike } from './mikro-orm-types.js';

/** What MikroORM keeps of results by itself is as old as its expiration allows: whatever is made of that is not stored. */
const hits: Replaced<ConnectedParty> = new Replaced('get', (original) => {
  return async function get(...given) {
    const saved = await original.apply(this, given);
    if (saved !== undefined && saved !== null) refuseRunning('older-snapshot');
    return saved;
  };
});

/** Watches what is read out of the result cache, until the `stops` of the party are called. */
export function watchResultCache(config: ConfigLike, party: ConnectedParty): void {
  if (party.tracksReads) party.stops.add(hits.on(config.getResultCacheAdapter(), party));
}
