import { isPromise } from 'node:util/types';
import { describe } from './value-kinds.js';

/**
 * What keeps a value from being an answer: nothing with a `then` comes out of a promise as what it is, as whoever waits would
 * call it. `undefined` for any other value.
 *
 * @example
 * ```ts
 * thenableIn(await query); // undefined
 * thenableIn(query);       // 'value is a Query: every promise of it would call its then()'
 * ```
 */
export function thenableIn(value: unknown): string | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || !hasThen(value)) return undefined;
  // The advice for these comes from whoever tells of it.
  return isPromise(value)
    ? 'value is a Promise'
    : `value is ${describe(value)}: every promise of it would call its then()`;
}

function hasThen(value: object): boolean {
  try {
    return typeof (value as { then?: unknown }).then === 'function';
  } catch {
    // Whoever looks gets the same error in the value's stead.
    return true;
  }
}
