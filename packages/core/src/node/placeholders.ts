import type { Placeholder } from '../ports/stored-response.js';

/** A value that stands in a response and will be another one on the next answer. */
export interface Filling {
  readonly name: string;
  readonly value: string;
}

/** Takes the values of placeholders out of a body, and remembers where they stood. */
export function digHoles(body: Buffer, fillings: readonly Filling[]): { body: Buffer; placeholders: Placeholder[] } {
  const found: { at: number; length: number; name: string }[] = [];
  for (const { name, value } of fillings) {
    const bytes = Buffer.from(value);
    if (bytes.length === 0) continue;
    for (let at = body.indexOf(bytes); at >= 0; at = body.indexOf(bytes, at + bytes.length)) {
      found.push({ at, length: bytes.length, name });
    }
  }
  if (found.length === 0) return { body, placeholders: [] };
  found.sort((a, b) => a.at - b.at);
  const parts: Buffer[] = [];
  const placeholders: Placeholder[] = [];
  let from = 0;
  let removed = 0;
  for (const { at, length, name } of found) {
    // Two values that overlap cannot both be taken out; the first one wins.
    if (at < from) continue;
    parts.push(body.subarray(from, at));
    placeholders.push({ name, at: at - removed });
    from = at + length;
    removed += length;
  }
  parts.push(body.subarray(from));
  return { body: Buffer.concat(parts), placeholders };
}

/** A stored body with its placeholders filled in; `undefined` when there is no value for one of them. */
export function fillHoles(
  body: Buffer,
  placeholders: readonly Placeholder[],
  fill: (name: string) => string | undefined,
): Buffer | undefined {
  const parts: Buffer[] = [];
  let from = 0;
  for (const { name, at } of placeholders) {
    const value = fill(name);
    if (value === undefined) return undefined;
    parts.push(body.subarray(from, at), Buffer.from(value));
    from = at;
  }
  parts.push(body.subarray(from));
  return Buffer.concat(parts);
}

/** The nonces of a Content-Security-Policy (CSP Level 3 §2.3.1), all its lines. */
export function noncesOf(policy: string | readonly string[] | undefined): readonly string[] {
  if (policy === undefined) return [];
  const text = typeof policy === 'string' ? policy : policy.join(',');
  return Array.from(text.matchAll(/'nonce-([A-Za-z0-9+/_=-]{1,512})'/gi), (match) => match[1] ?? '');
}
