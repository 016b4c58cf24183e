import type { DeliveryCounts } from '../writes/delivery.js';
import type { WatchedSource } from './watched-source.js';

/** The watch of a client, as an adapter has it that stands on the client's own. */
export interface ClientWatch {
  readonly source: WatchedSource;
  /** Resolves when the tables are known, as they are now; rejects where the database does not tell them. */
  ready(): Promise<void>;
  /** Resolves when all that was written until now is told, where writes cannot wait for that. */
  settled?(): Promise<void>;
  counts(): DeliveryCounts;
  stop(): void;
}
