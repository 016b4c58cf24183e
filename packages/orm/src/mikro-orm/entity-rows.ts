import type { ReadTable } from '../statements/footprint-types.js';
import type { ConnectedParty } from './connections.js';
import type { EntityManagerLike, MetadataLike } from './mikro-orm-types.js';
import { columnsOf, nameOf } from './tables-of.js';

/** What MikroORM keeps beside each entity. */
export interface Wrapped {
  readonly __em?: EntityManagerLike;
  readonly __meta: MetadataLike;
  readonly __initialized: boolean;
  getPrimaryKeys(convertCustomTypes: boolean): readonly unknown[] | null;
}

export interface Entity {
  readonly __helper?: Wrapped;
}

/** The row of an entity, as a statement reads it that holds its key; which are what {@link keysOf} returns. */
export function rowOf({ __meta: meta }: Wrapped, { config, lookup: { dialect } }: ConnectedParty): ReadTable {
  const held = columnsOf(meta, dialect).map((column, at) => ({
    column,
    values: [{ kind: 'parameter', at, isList: false } as const],
  }));
  return { ...nameOf(meta, config, dialect), held };
}

/** The values of its primary key, as the database has them. */
export function keysOf(wrapped: Wrapped): readonly unknown[] {
  try {
    return wrapped.getPrimaryKeys(true) ?? [];
  } catch {
    // Without them it is a row that nobody knows.
    return [];
  }
}
