import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCache, type WriteBehindOptions } from '@viewcache/core';
import { LRUCache } from 'lru-cache';

/** What a row is asked for: a value that is stored, or to write one. */
export type Operation = 'hit' | 'write';

/** Values of a database in the memory of one process: a call for each operation that a row is about. */
export type Calls = Partial<Record<Operation, (key: string) => unknown>>;

export interface Row {
  readonly label: string;
  open(): Calls;
}

const HOUR = 3_600_000;
const cityOf = (key: string) => ({ key, name: 'Lisbon', country: 'PT', population: 545_796, isCapital: true });

/** A database that takes everything at once: what is measured is what stands before it. */
const database = { load: async (key: string) => cityOf(key), saveMany: async () => {} };

function behind(more: Partial<WriteBehindOptions<string, unknown>> = {}): Calls {
  const cities = createCache().through<string, unknown>({
    ...{ name: 'cities', mode: 'write-behind', ttl: '1h', ...database },
    ...more,
  } as WriteBehindOptions<string, unknown>);
  return { hit: (key) => cities.get(key), write: (key) => cities.set(key, cityOf(key)) };
}

function journaled(fsync: boolean): Calls {
  const folder = mkdtempSync(join(tmpdir(), 'viewcache-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { write } = behind({ journal: { file: join(folder, 'writes.journal'), fsync } });
  return write === undefined ? {} : { write };
}

export const ROWS = {
  map: {
    label: 'bare `Map`',
    open() {
      const map = new Map<string, unknown>();
      return {
        hit: async (key) => map.get(key),
        write: async (key) => void map.set(key, cityOf(key)),
      };
    },
  },
  'lru-cache': {
    label: 'lru-cache, `get` and `set`',
    open() {
      const cache = new LRUCache<string, object>({ max: 10_000, ttl: HOUR });
      return { hit: async (key) => cache.get(key), write: async (key) => void cache.set(key, cityOf(key)) };
    },
  },
  getOrSet: {
    label: '**viewcache** `getOrSet`, `set`',
    open() {
      const cache = createCache().namespace('cities');
      return {
        hit: (key) => cache.getOrSet(key, () => database.load(key), '1h'),
        write: (key) => cache.set(key, cityOf(key), '1h'),
      };
    },
  },
  'write-through': {
    label: "**viewcache** `through`, `'write-through'`",
    open() {
      const cities = createCache().through({ name: 'cities', mode: 'write-through', ttl: '1h', ...database });
      return { hit: (key) => cities.get(key), write: (key) => cities.set(key, cityOf(key)) };
    },
  },
  'write-behind': { label: "**viewcache** `through`, `'write-behind'`", open: () => behind() },
  'journal-no-fsync': { label: 'the same, with a `journal`, `fsync: false`', open: () => journaled(false) },
  journal: { label: 'the same, with a `journal`', open: () => journaled(true) },
} satisfies Record<string, Row>;

export type RowName = keyof typeof ROWS;
