import { type CacheControl, parseCacheControl } from './cache-control.js';
import { type MemberValue, parseDictionary } from './structured-fields.js';
import type { FieldValue } from './syntax.js';

/**
 * What a response says to this cache in particular: the first of its targets whose field is there, is not empty and can
 * be read (RFC 9213 §2.2). Then Cache-Control and Expires do not count.
 *
 * @param targets - names of targeted fields in lower case, the one that counts most first
 * @param field - the response's fields by lower-case name
 * @returns `undefined` where Cache-Control and Expires count
 *
 * @example
 * ```ts
 * targetedControl(['cdn-cache-control'], (name) => fields[name]); // { maxAge: 600, … }
 * ```
 */
export function targetedControl(
  targets: readonly string[],
  field: (name: string) => FieldValue,
): CacheControl | undefined {
  for (const target of targets) {
    const value = field(target);
    // Several lines are one value (RFC 9651 §4.2).
    const line = typeof value === 'object' ? value.join(', ') : value;
    if (line === undefined || typeof line === 'number') continue;
    const members = parseDictionary(line);
    if (members !== undefined && members.size > 0) return controlOf(members);
  }
  return undefined;
}

/** Directives keep their meaning in a targeted field (§2.1), so they are read as in Cache-Control. */
function controlOf(members: ReadonlyMap<string, MemberValue>): CacheControl {
  const directives: string[] = [];
  for (const [name, member] of members) {
    if (member.kind === 'boolean') {
      if (member.value) directives.push(name);
    } else directives.push(`${name}=${argumentOf(member)}`);
  }
  return parseCacheControl(directives.join(', '));
}

/** Seconds are integers here; whatever else stands in their place is no number, so that the response is stale. */
function argumentOf(member: Exclude<MemberValue, { kind: 'boolean' }>): string {
  if (member.kind === 'integer') return String(member.value);
  if (member.kind === 'token') return member.value;
  if (member.kind === 'string') return `"${member.value.replace(/["\\]/g, '\\$&')}"`;
  return '""';
}
