import type { HeldValue } from '../ports/stored-response.js';
import type { Copying } from './value-policy.js';

/** A value as it is kept; or what in it cannot be. */
export type Kept =
  | { readonly kind: 'held'; readonly held: HeldValue }
  | { readonly kind: 'unstorable'; readonly what: string };

/** Takes a value in: a copy of it, or itself where nobody can or will change it. */
export function hold(value: unknown, _copying: Copying): Kept {
  return { kind: 'held', held: { value: structuredClone(value), bytes: 100 } };
}

/** What a caller is handed of a value that is kept. */
export function copyOf(held: HeldValue, _copying: Copying): unknown {
  return structuredClone(held.value);
}
