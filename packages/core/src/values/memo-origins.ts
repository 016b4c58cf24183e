import type { AnyFunction } from './any-function.js';
import type { ResultKind } from './memo-results.js';

/** The function that somebody wrote, for which another one is memoized. */
export interface MemoOrigin {
  /** Whose code it is. */
  readonly source: AnyFunction;
  /** What the memoized one returns, where its maker knows. */
  readonly kind: ResultKind;
}

const origins = new WeakMap<AnyFunction, MemoOrigin>();

/** Says for which function another one stands that is going to be memoized. */
export function standFor(fn: AnyFunction, origin: MemoOrigin): void {
  origins.set(fn, origin);
}

/** `undefined` for a function that stands for itself. */
export function originOf(fn: AnyFunction): MemoOrigin | undefined {
  return origins.get(fn);
}
