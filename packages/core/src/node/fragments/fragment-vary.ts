import { createHash } from 'node:crypto';
import { ConfigError } from '../../base/errors.js';

/** What a fragment may vary by. */
export type FragmentVary = string | number | bigint | boolean | null;

/** A key is a text that stores keep beside each fragment, and people read. */
const LONGEST = 200;

/**
 * The values of `vary`, each one of which tells fragments apart.
 *
 * @param instead - how what may not stand there is written, for the error
 * @throws {@link ConfigError} for `undefined` and NaN, which a misspelled property has for everybody, and for objects, which
 * have one text for all
 */
export function readVary(setting: string, given: unknown, instead: string): readonly FragmentVary[] {
  const values: readonly unknown[] = Array.isArray(given) ? given : [given];
  return values.map((value) => {
    if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint' || value === null)
      return value;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw new ConfigError(setting, value, `a string, a number, true, false or null, or a list of these: ${instead}`);
  });
}

/** The values as part of a key: no two lists have the same text. */
export function varyText(values: readonly FragmentVary[]): string {
  if (values.length === 0) return '';
  const text = JSON.stringify(values.map((value) => (typeof value === 'bigint' ? { n: String(value) } : value)));
  return text.length <= LONGEST ? text : `#${createHash('sha256').update(text).digest('base64url')}`;
}
