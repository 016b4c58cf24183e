import { isStoredField } from './hop-by-hop.js';

/**
 * Says of the bytes that are stored how to read them; what a 304 says here was said of no body, or of another (RFC 9111
 * §3.2 demands it of Content-Length and allows it for the rest).
 */
const OF_THE_STORED_BODY: ReadonlySet<string> = new Set(['content-encoding', 'content-length', 'content-range']);

/**
 * The fields of a stored response after a 304 or HEAD response has freshened it (RFC 9111 §3.2, §4.3.4, §4.3.5).
 *
 * Each field of the new response takes the place of all stored lines of its name; the others stay as they are.
 *
 * @param stored - name, value, name, value
 * @param update - the new response's fields in the same form
 * @param withheld - what `withheldFields` says of the new response
 * @returns a new array; neither argument is changed
 */
export function freshenedFields(
  stored: readonly string[],
  update: readonly string[],
  withheld: ReadonlySet<string>,
): string[] {
  const taken: string[] = [];
  const replaced = new Set<string>();
  for (let i = 0; i + 1 < update.length; i += 2) {
    const name = update[i] ?? '';
    const key = name.toLowerCase();
    if (OF_THE_STORED_BODY.has(key) || !isStoredField(key, withheld)) continue;
    replaced.add(key);
    taken.push(name, update[i + 1] ?? '');
  }
  const fields: string[] = [];
  for (let i = 0; i + 1 < stored.length; i += 2) {
    const name = stored[i] ?? '';
    if (!replaced.has(name.toLowerCase())) fields.push(name, stored[i + 1] ?? '');
  }
  return [...fields, ...taken];
}
