import type { Clock } from '../ports/clock.js';
import type { Leases } from '../ports/leases.js';
import type { CacheListener } from '../telemetry/telemetry.js';

/** What warming needs of a cache. */
export interface WarmingParts {
  readonly clock: Clock;
  /** What leases live by. */
  readonly leaseClock: Clock;
  readonly leases: Leases | undefined;
  /** Resolves when the shared store can be asked, or is not waited for any longer. */
  ready(): Promise<void>;
  /** @param isUnasked - whether what happens at that moment is of no visitor */
  listen(listener: CacheListener, isUnasked: () => boolean): () => void;
  /** Whether what happens at that moment is done for what is warmed. */
  isWarming(): boolean;
  /** Says what nobody is told otherwise. */
  warn(message: string): void;
}
