import { isTracking, refuseRunning } from '@viewcache/core/tracking';
import { Replaced } from '../source/replaced.js';
import { nameFrom } from '../source/written.js';
import type { ReadTable, TableName } from '../statements/footprint-types.js';
import { type ConnectedParty, scopeOf } from './connections.js';
import { type Entity, keysOf, rowOf, type Wrapped } from './entity-rows.js';
import type { EntityManagerLike, MetadataLike, PropertyLike } from './mikro-orm-types.js';
import { nameOf } from './tables-of.js';

/** What a loader is asked for. */
interface Asked {
  /** The entity that is referred to, or has the collection. */
  readonly wrapped: Wrapped;
  /** Of a collection. */
  readonly property: PropertyLike | undefined;
  readonly options: { readonly where?: unknown; readonly populate?: unknown };
}

/**
 * A loader sends what several have asked for in one statement, which the first of them reads by itself: so each of them reads
 * what it asks for when it does.
 */
const loads: Replaced<ConnectedParty> = new Replaced('load', (original, parties) => {
  return async function load(key, ...given) {
    const asked = isTracking() ? askedBy(key) : undefined;
    const ends = asked === undefined ? [] : [...parties].map((party) => reading(asked, party));
    try {
      return await original.call(this, key, ...given);
    } finally {
      for (const end of ends) end?.();
    }
  };
});

/** Version 7 makes a loader when it is first needed. */
const makers: Replaced<ConnectedParty> = new Replaced('getDataLoader', (original, parties) => {
  return async function getDataLoader(...given) {
    const loader = (await original.apply(this, given)) as object;
    for (const party of parties) watchLoader(loader, party);
    return loader;
  };
});

/** Watches what is read by loaders that batch, until the `stops` of the party are called. */
export function watchDataLoaders(manager: EntityManagerLike, party: ConnectedParty): void {
  if (!party.tracksReads) return;
  const { refLoader } = manager as { readonly refLoader?: object };
  if (refLoader !== undefined) watchLoader(refLoader, party);
  else if ('getDataLoader' in manager) party.stops.add(makers.on(Object.getPrototypeOf(manager), party));
}

/** All loaders are of one class, and those of the app may be, too. */
function watchLoader(loader: object, party: ConnectedParty): void {
  const prototype = Object.getPrototypeOf(loader) as object;
  if (loads.partiesOf(prototype)?.has(party) !== true) party.stops.add(loads.on(prototype, party));
}

/** What MikroORM asks its loaders for: a reference or a collection, and the options of the call. */
function askedBy(key: unknown): Asked | undefined {
  const [subject, options] = (Array.isArray(key) ? key : []) as unknown as readonly [Subject?, Asked['options']?];
  const { property } = subject ?? {};
  const entity = property === undefined || subject?.unwrap !== undefined ? subject?.unwrap?.() : subject?.owner;
  const wrapped = entity?.__helper;
  if (wrapped === undefined) return undefined;
  return { wrapped, property: entity === subject?.owner ? property : undefined, options: options ?? {} };
}

interface Subject {
  readonly unwrap?: () => Entity;
  readonly owner?: Entity;
  readonly property?: PropertyLike;
}

/** @returns to be called when it has been read */
function reading({ wrapped, property, options }: Asked, party: ConnectedParty): (() => void) | undefined {
  const { __em: manager, __meta: meta } = wrapped;
  if (manager === undefined || manager.config !== party.config) return undefined;
  const walk = new Walk(party);
  if (property === undefined) walk.reads.push(rowOf(wrapped, party));
  else walk.property(property);
  walk.populate(property === undefined ? meta : property.targetMeta, options.populate);
  // A condition may lead anywhere.
  if (walk.isLost || options.where !== undefined) refuseRunning('older-snapshot');
  return party.source.readingTables(scopeOf(manager), walk.reads, keysOf(wrapped), 'data loader');
}

/** The tables that relations lead to. */
class Walk {
  readonly reads: ReadTable[] = [];
  /** They lead where nobody knows. */
  isLost = false;
  readonly #party: ConnectedParty;

  constructor(party: ConnectedParty) {
    this.#party = party;
  }

  property({ targetMeta, pivotTable, mappedBy }: PropertyLike): void {
    if (targetMeta === undefined) {
      this.isLost = true;
      return;
    }
    const { config, lookup } = this.#party;
    this.#table(nameOf(targetMeta, config, lookup.dialect));
    const between = pivotTable ?? (mappedBy === undefined ? undefined : targetMeta.properties[mappedBy]?.pivotTable);
    if (between !== undefined) this.#table(nameFrom(between));
  }

  populate(meta: MetadataLike | undefined, hints: unknown): void {
    if (hints === undefined) return;
    if (!Array.isArray(hints)) this.isLost = true;
    else for (const hint of hints as readonly unknown[]) this.#path(meta, hint);
  }

  #path(start: MetadataLike | undefined, hint: unknown): void {
    let meta = start;
    for (const name of typeof hint === 'string' ? hint.split('.') : ['']) {
      const property = meta?.properties[name];
      if (property === undefined) {
        this.isLost = true;
        return;
      }
      // A column that is loaded only where it is asked for is in the table itself.
      if (property.targetMeta !== undefined) this.property(property);
      meta = property.targetMeta;
    }
  }

  #table(name: TableName): void {
    this.reads.push({ ...name, held: [] });
  }
}
