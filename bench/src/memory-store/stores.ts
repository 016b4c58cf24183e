import { LRUCache } from 'lru-cache';
import { SystemClock } from '../../../packages/core/dist/cache/system-clock.js';
import type { PolicyName } from '../../../packages/core/dist/eviction/policies.js';
import { MemoryStore } from '../../../packages/core/dist/stores/memory.js';

/** A store in memory, as the bench uses it. */
export interface BenchStore {
  get(key: string): unknown;
  set(key: string, value: object): unknown;
  readonly size: number;
  /** Ends its timer, which would hold it. */
  close?(): void;
}

export const HOUR = 3_600_000;
const ROOMY = 2 ** 31;
/** Weights that differ, as those of pages do. */
const weightOf = (key: string): number => 2_000 + key.charCodeAt(key.length - 1);

/** A store by its name in the report: `lru`, `lru +ttl +bytes`, `lru-cache`, `lru-cache +ttl +bytes`. */
export function openStore(name: string, entries: number): BenchStore {
  const [kind = '', ...extras] = name.split(' ');
  const expires = extras.includes('+ttl');
  const weighs = extras.includes('+bytes');
  if (kind === 'Map') return new Map() as BenchStore & Map<string, object>;
  if (kind === 'lru-cache') {
    return new LRUCache<string, object>({
      max: entries,
      ...(expires && { ttl: HOUR }),
      ...(weighs && { maxSize: ROOMY, sizeCalculation: (_, key) => weightOf(key) }),
    });
  }
  const store = new MemoryStore<object>({
    clock: new SystemClock(),
    maxBytes: ROOMY,
    maxEntries: entries,
    policy: kind as PolicyName,
  });
  const ttl = expires ? HOUR : Number.POSITIVE_INFINITY;
  return {
    get: (key) => store.get(key),
    set: weighs
      ? (key, value) => store.set(key, value, weightOf(key), ttl)
      : (key, value) => store.set(key, value, 1, ttl),
    get size() {
      return store.size;
    },
    close: () => store.close(),
  };
}

/** Keys as pages have them, each a text of its own in one piece. */
export function makeKeys(count: number): string[] {
  return Array.from({ length: count }, (_, i) =>
    Buffer.from(`GET https://example.org/articles/${i}`, 'latin1').toString('latin1'),
  );
}
