import type { RefreshLimits } from '../engine/stale-uses.js';
import type { Copying } from './copying.js';

/** What values are counted under that have no name. */
export const UNNAMED = '(values)';

/** How one kind of value is kept: the options of a call with nothing left open. */
export interface ValuePolicy extends RefreshLimits {
  /** Milliseconds; of the value itself where a function says. */
  readonly lifetimeMs: number | ((value: unknown) => number);
  /** Neither a ttl nor a tag says how long it is good: until it is invalidated, where reads are tracked. */
  readonly isUnsaid: boolean;
  /** `undefined`: as the cache says. */
  readonly trackReads: boolean | undefined;
  readonly tags: readonly string[] | ((value: unknown) => readonly string[]);
  readonly maxTags: number;
  /** What a shared store may be given. */
  readonly maxBytes: number;
  readonly whileRevalidateMs: number;
  readonly ifErrorMs: number;
  readonly jitterMs: number;
  readonly softTimeoutMs: number | undefined;
  readonly hardTimeoutMs: number | undefined;
  readonly refreshTimeoutMs: number;
  readonly storeIf: ((value: unknown) => boolean) | undefined;
  /** True for a value that is found and is not to be used. */
  readonly isStale: ((value: unknown) => boolean) | undefined;
  /** Whatever is stored, the producer runs. */
  readonly isForced: boolean;
  /** For how long an error is kept and thrown again, in milliseconds; 0: not at all. */
  readonly errorLifetimeMs: (error: unknown) => number;
  readonly copying: Copying;
  /** What it is counted under. */
  readonly route: string;
}
