import type { Cache } from '@viewcache/core';
import { openMemory } from './stores.js';

/** A function under test, and how often it ran. */
export function counted<Args extends unknown[], Result>(
  fn: (...args: Args) => Result,
): { run: (...args: Args) => Result; runs: Args[] } {
  const runs: Args[] = [];
  const run = (...args: Args): Result => {
    runs.push(args);
    return fn(...args);
  };
  return { run, runs };
}

/** A cache in memory for its results. */
export const cacheOf = async (): Promise<Cache> => (await openMemory({ ttl: 60 })).cache;
