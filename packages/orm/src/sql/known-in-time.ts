import type { Cache } from '@viewcache/core';
import { runtimeOf } from '@viewcache/core/node';
import type { TableReader } from '../pg/table-reader.js';

/** The app starts without its tables where the database does not tell them by then. */
const LONGEST_MS = 5_000;

/**
 * Resolves when the tables are known, or cannot be for now: that is told by the reader, and is no reason for an app not to start.
 */
export async function knownInTime(reader: TableReader, cache: Cache): Promise<void> {
  const clock = runtimeOf(cache)?.clock;
  await new Promise<void>((resolve) => {
    const timer = clock?.after(LONGEST_MS, resolve);
    const done = (): void => {
      timer?.cancel();
      resolve();
    };
    reader.ready().then(done, done);
  });
}
