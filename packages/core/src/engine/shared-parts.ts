import type { TagTable } from '../invalidation/tag-table.js';
import type { Clock } from '../ports/clock.js';
import type { EventSink } from '../ports/event-sink.js';
import type { LocalLevel } from './local-level.js';
import type { SharedLevel } from './shared-level.js';
import type { SharedReads } from './shared-reads.js';

/** What whoever speaks with the shared store stands on. */
export interface SharedParts {
  readonly level: SharedLevel;
  readonly reads: SharedReads;
  readonly local: LocalLevel;
  readonly tags: TagTable;
  readonly clock: Clock;
  readonly sink: EventSink;
}
