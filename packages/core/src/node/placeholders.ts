import { ignoreRejection } from '../base/answer.js';
import type { Placeholder } from '../ports/stored-response.js';

/** A value that stands in a response and will be another one on the next answer. */
export interface Filling {
  readonly name: string;
  readonly value: string;
}

/** Functions that say what stands in a placeholder's stead for a visitor, by name. */
export type Fillers<Req, Res> = readonly (readonly [name: string, fill: (req: Req, res: Res) => string])[];

/** A shorter value may stand in a body by chance; a nonce has 128 bits or more (CSP Level 3 §7.1). */
const SHORTEST = 16;

/** The values of all placeholders for one visitor; `undefined` when one of them cannot be had or is too short to be told apart. */
export function fillingsOf<Req, Res>(fillers: Fillers<Req, Res>, req: Req, res: Res): Filling[] | undefined {
  const fillings: Filling[] = [];
  try {
    for (const [name, fill] of fillers) {
      const value: unknown = fill(req, res);
      ignoreRejection(value);
      if (typeof value !== 'string' || (value !== '' && value.length < SHORTEST)) return undefined;
      fillings.push({ name, value });
    }
  } catch {
    return undefined;
  }
  return fillings;
}

/** Whether a secret still stands in a body, perhaps in another spelling: `+`, `/` and `=` are escaped in many ways. */
export function holds(body: Buffer, secret: string): boolean {
  const words = secret.match(/[A-Za-z0-9]+/g) ?? [];
  const longest = words.reduce((some, word) => (word.length > some.length ? word : some), '');
  return secret !== '' && body.includes(longest === '' ? secret : longest);
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
