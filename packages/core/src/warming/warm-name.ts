import { createHash } from 'node:crypto';
import { isCalls } from './calls.js';
import { placeOf } from './reporting-source.js';
import type { WarmSettings } from './warm-options.js';
import type { WarmSource } from './warm-types.js';

/** A short text for what a source holds: the same in each process. */
export function digestOf(parts: Iterable<string>): string {
  const all = createHash('sha256');
  for (const part of parts) all.update(`${part.length}:${part}`);
  return all.digest('base64url').slice(0, 16);
}

/**
 * What warmings of a source are called that nobody has named, so that processes leave each other out where they warm the same, and
 * nowhere else. A sitemap and a log are what they are called by: each process may read another state of it. So is what a generator
 * yields, which has no name: all of one origin and its fields are the same.
 *
 * @param digest - of what was read of it
 */
export function nameOfSource(source: WarmSource, { origin = '', headers }: WarmSettings, digest: string): string {
  if (isCalls(source)) return `calls:${digest}`;
  if (Array.isArray(source) || source instanceof Set) return `urls:${digest}`;
  return `urls:${digestOf([placeOf(source) ?? '', origin, JSON.stringify(headers)])}`;
}
