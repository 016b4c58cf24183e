import type { TagTable } from '../invalidation/tag-table.js';
import type { Clock } from '../ports/clock.js';
import type { CodeBody } from '../ports/coded-body.js';
import type { EventSink } from '../ports/event-sink.js';
import type { LocalStore } from '../ports/local-store.js';
import type { LocalItem } from './local-item.js';
import type { NormalizeSelecting } from './selection.js';
import type { SharedLevel } from './shared-level.js';
import type { Trust } from './trust.js';
import type { VariantIndex } from './variants.js';

/** The bounds within which the engine works; all times in milliseconds. */
export interface EngineLimits {
  readonly waitersPerKey: number;
  readonly collapseTimeoutMs: number;
  readonly hitForMissMs: number;
}

/** What the engine stands on; {@link createCache} is the one place that fills it in. */
export interface EngineParts {
  readonly local: LocalStore<LocalItem>;
  readonly tags: TagTable;
  readonly variants: VariantIndex;
  readonly shared: SharedLevel | undefined;
  readonly trust: Trust;
  readonly clock: Clock;
  readonly sink: EventSink;
  readonly limits: EngineLimits;
  /** `null:`: nothing is kept, though equal requests are still collapsed. */
  readonly storesNothing: boolean;
  /** Tells other processes what was written here, where memory is the only store and there are such. */
  readonly tellOthers?: ((tags: readonly string[], at: number) => Promise<unknown>) | undefined;
  /** Makes values that select the same variant the same text (RFC 9111 §4.1). */
  readonly normalizeSelecting: NormalizeSelecting;
  /** Makes the codings that stored responses ask for; without it they are sent as they are. */
  readonly codeBody?: CodeBody;
}
