import type { LocalWatch } from './local-watch.js';

/** Who watches which database at the moment. */
const watches = new WeakMap<object, Set<LocalWatch>>();
const NONE: ReadonlySet<LocalWatch> = new Set();

export function watchesOf(database: object): ReadonlySet<LocalWatch> {
  return watches.get(database) ?? NONE;
}

/** @returns ends it */
export function addWatch(database: object, watch: LocalWatch): () => void {
  const known = watches.get(database) ?? new Set();
  watches.set(database, known.add(watch));
  return () => known.delete(watch);
}
