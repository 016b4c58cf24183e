import type { InputRules } from '../config/input-options.js';

/** Hears of what is read of a request. */
export interface Watcher {
  readonly rules: InputRules;
  /** Reads count now; else everything is let through as it is. */
  readonly isListening: boolean;
  /** Reads are heard now, whether or not they count here. */
  readonly isHeard: boolean;
  /** What the policy hides is hidden now. */
  readonly isHiding: boolean;
  /** An input was read. Called by what was read itself, in one step, so that the stack says who read it. */
  note(input: string): void;
  /** Runs what reads inputs that count already, or not at all. */
  unwatched<T>(run: () => T): T;
  /** A loader has left an input that was not there when the key was made: whatever the key read of it, it is not in there. */
  leftInput(input: string, isWatched: boolean): void;
  /** A loader has set a field of the response, which is for its visitor alone. */
  leftField(name: string): void;
  /** The key or the policy covers an input, or nobody minds its being read. */
  isCleared(input: string): boolean;
  /** A value that is filled in anew on each hit: where it is read, nothing of one visitor stays. */
  isRefilled(value: unknown): boolean;
}

/** Where a request's fields hand out who watches them. */
export const watcherSlot: unique symbol = Symbol('viewcache.guard');
