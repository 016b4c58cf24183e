import { readFileSync } from 'node:fs';
import type { ClientName } from './clients.js';

/** A row of the tables. */
export interface Candidate {
  label: string;
  /** Ours is judged against the others. */
  isOurs: boolean;
  /** Not a cache: nothing ends, nothing is shared, nothing is counted. */
  isBare?: true;
}

export const CANDIDATES: Record<ClientName, Candidate> = {
  map: { label: 'bare `Map`', isOurs: false, isBare: true },
  viewcache: { label: '**viewcache** `getOrSet`', isOurs: true },
  'viewcache-tag': { label: '**viewcache** `getOrSet`, a tag each', isOurs: true },
  'viewcache-freeze': { label: "**viewcache** `getOrSet`, `clone: 'freeze'`", isOurs: true },
  'viewcache-false': { label: '**viewcache** `getOrSet`, `clone: false`', isOurs: true },
  'viewcache-memoize': { label: '**viewcache** `memoize`', isOurs: true },
  'viewcache-memoize-freeze': { label: "**viewcache** `memoize`, `clone: 'freeze'`", isOurs: true },
  'viewcache-memoize-false': { label: '**viewcache** `memoize`, `clone: false`', isOurs: true },
  'cache-manager': { label: peer('cache-manager', '`wrap`'), isOurs: false },
  cacheable: { label: peer('cacheable', '`getOrSet`'), isOurs: false },
  bentocache: { label: peer('bentocache', '`getOrSet`'), isOurs: false },
  'bentocache-reference': { label: peer('bentocache', '`getOrSet`, `serialize: false`'), isOurs: false },
  'lru-cache': { label: peer('lru-cache', '`fetch`'), isOurs: false },
  'p-memoize': { label: peer('p-memoize', ''), isOurs: false },
  'async-cache-dedupe': { label: peer('async-cache-dedupe', ''), isOurs: false },
};

function peer(name: string, what: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return `${name} ${version} ${what}`.trim();
}
