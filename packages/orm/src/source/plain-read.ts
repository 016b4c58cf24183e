import type { Footprint } from '../statements/footprint-types.js';
import type { TableMap } from '../tables/table-map.js';

/** It does nothing but read, and ends no transaction, unless one of the functions that it calls is known to do more. */
export function isPlainRead(
  { writes, transaction, commitsFirst, isOpaque, isUnderstood, names, redefines = false }: Footprint,
  map?: TableMap,
): boolean {
  if (writes.length > 0 || transaction !== undefined || commitsFirst || isOpaque || !isUnderstood || redefines)
    return false;
  return (
    map === undefined ||
    map.called(names).every(({ writes: written, redefines: more }) => written.length === 0 && more !== true)
  );
}
