import type { Cache } from '@viewcache/core';
import {
  invalidateFrom,
  isTracking,
  nextMoment,
  readReason,
  recordRead,
  refuseRunning,
  watchedBy,
} from '@viewcache/core/tracking';

/** A table in memory whose reads and writes are told to a cache, as those of a watched database are. */
export interface Source {
  /** Reads a row, and says so. */
  read(id: number): string;
  /** Writes a row, and resolves when the cache has heard of it. */
  write(id: number, text: string): Promise<void>;
  /** Reads a row of a transaction that began at a moment, and has written or not. */
  readWithin(id: number, began: number, hasWritten?: boolean): string;
  readonly rows: Map<number, string>;
  /** How often a row was read where somebody wanted to know. */
  readonly heard: number;
  stop(): void;
}

export const now = nextMoment;

/** @param cache - the one that hears of it */
export function watchedSource(cache: Cache, table = 'users', name = 'main'): Source {
  const stop = watchedBy(cache);
  const select = readReason(name, `SELECT * FROM ${table} WHERE id = $1`);
  const rows = new Map<number, string>();
  let heard = 0;
  const read = (id: number): string => {
    if (isTracking()) heard++;
    recordRead(cache, [`${table}#${id}`], select);
    return rows.get(id) ?? 'nobody';
  };
  return {
    read,
    async write(id, text) {
      rows.set(id, text);
      const origin = { source: name, statement: `UPDATE ${table} SET name = $1 WHERE id = $2` };
      await invalidateFrom(cache, [table, `${table}#${id}`], 'purge', origin);
    },
    readWithin(id, began, hasWritten = false) {
      if (hasWritten) refuseRunning('uncommitted-read');
      else refuseRunning('older-snapshot', began);
      return read(id);
    },
    rows,
    get heard() {
      return heard;
    },
    stop,
  };
}
