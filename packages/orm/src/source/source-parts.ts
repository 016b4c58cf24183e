import type { Dialect, Footprint } from '../statements/footprint-types.js';
import type { Delivery } from '../writes/delivery.js';
import type { ReadParts } from './tracked-reads.js';
import type { Opaque } from './written.js';

/** What a `WatchedSource` stands on. */
export interface SourceParts extends ReadParts {
  readonly dialect: Dialect;
  readonly delivery: Delivery;
  readonly opaque: Opaque;
  /** A connection has another search path from now on. */
  pathMoves(): void;
}

/** The footprint of what is no statement. */
export const TABLES_ONLY: Footprint = {
  reads: [],
  writes: [],
  transaction: undefined,
  commitsFirst: false,
  isOpaque: false,
  names: new Set(),
  isUnderstood: true,
};
