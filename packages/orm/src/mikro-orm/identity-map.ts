import { contextBegan, isTracking, refuseRunning } from '@viewcache/core/tracking';
import { Replaced } from '../source/replaced.js';
import type { ConnectedParty } from './connections.js';
import { type Entity, keysOf, rowOf, type Wrapped } from './entity-rows.js';
import type { EntityManagerLike } from './mikro-orm-types.js';

/** By entity, when what has loaded it began; absent where that is cached by nobody. */
const loadedIn = new WeakMap<object, number>();

/** An entity becomes one that is managed, or its row was read. */
const registrations: Replaced<ConnectedParty> = new Replaced('register', (original) => {
  return function register(entity, ...given) {
    const options = given[1] as { readonly loaded?: boolean; readonly refresh?: boolean } | undefined;
    const isLoaded = options?.loaded === true && (entity as Entity).__helper?.__initialized === true;
    if (isLoaded && isTracking() && (options.refresh === true || !loadedIn.has(entity as object)))
      loadedIn.set(entity as object, contextBegan() ?? 0);
    return original.call(this, entity, ...given);
  };
});

/** Entities come out of the identity map by nothing else: those that are asked for, and those that others refer to. */
const lookups = (['getById', 'getByKey'] as const).map((name) => {
  const replaced: Replaced<ConnectedParty> = new Replaced(name, (original, parties) => {
    return function lookUp(...given) {
      const entity = original.apply(this, given) as Entity | undefined;
      if (isTracking() && entity?.__helper?.__initialized === true) surfaced(entity, entity.__helper, parties);
      return entity;
    };
  });
  return [name, replaced] as const;
});

/** Watches what is read of entities without any statement, until the `stops` of the party are called. */
export function watchIdentityMap(manager: EntityManagerLike, party: ConnectedParty): void {
  if (!party.tracksReads) return;
  const prototype = Object.getPrototypeOf(manager.getUnitOfWork(false)) as object;
  party.stops.add(registrations.on(prototype, party));
  for (const [name, replaced] of lookups) if (name in prototype) party.stops.add(replaced.on(prototype, party));
}

/**
 * An entity is used that an EntityManager has loaded before. What runs depends on its row; and is not stored where it began
 * after the row was read, as it may show what was invalidated in between.
 */
function surfaced(entity: object, wrapped: Wrapped, parties: ReadonlySet<ConnectedParty>): void {
  const since = loadedIn.get(entity) ?? 0;
  if (since === contextBegan()) return;
  for (const party of parties) {
    if (wrapped.__em?.config !== party.config) continue;
    party.source.readingTables(undefined, [rowOf(wrapped, party)], keysOf(wrapped), 'identity map');
    refuseRunning('older-snapshot', since);
  }
}
