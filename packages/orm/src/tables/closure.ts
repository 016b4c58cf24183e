import type { Change, Reference, Table } from './table.js';

/** What follows from a change of one table, as far as the map knows it. */
export interface Links {
  /** The tables whose rows refer to those of this one. */
  referringTo(table: Table): readonly { readonly table: Table; readonly reference: Reference }[];
  /** Whether others refer to one of these columns, so that the database changes theirs. */
  setsReferred(table: Table, columns: readonly string[] | undefined): boolean;
  /** The tables that triggers of this one write. */
  triggeredBy(table: Table): readonly Table[];
}

/** Visits each table once for each kind of change, so that a cycle of foreign keys ends. */
export function changedWith(table: Table, change: Change, links: Links): readonly Table[] {
  const seen = new Map<Table, Set<Change>>();
  const open: [Table, Change][] = [[table, change]];
  const changed = new Set<Table>();
  const visit = (next: Table, how: Change): void => {
    changed.add(next);
    open.push([next, how]);
  };
  for (const [at, how] of open) {
    const known = seen.get(at) ?? new Set();
    if (known.has(how)) continue;
    seen.set(at, known.add(how));
    // Nobody knows what a trigger does to what it writes.
    for (const next of links.triggeredBy(at)) for (const each of ['delete', 'key'] as const) visit(next, each);
    for (const { table: next, reference } of links.referringTo(at)) {
      if (how === 'all') visit(next, 'all');
      const action = how === 'delete' ? reference.onDelete : how === 'key' ? reference.onUpdate : 'none';
      if (action === 'none') continue;
      // The columns that refer may be some that others refer to in turn.
      const set: Change = links.setsReferred(next, reference.by) ? 'key' : 'other';
      visit(next, how === 'delete' && action === 'cascade' ? 'delete' : set);
    }
  }
  return [...changed];
}
