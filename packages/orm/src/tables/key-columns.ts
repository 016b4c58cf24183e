import type { Reference, Table, TableFacts } from './table.js';

/**
 * The columns of a key in an order of their own: by their names. Of one table each party has them in another order, such as an
 * entity and the database, and what stands for a row has to be the same with all of them.
 */
export function inOrder(columns: readonly string[]): readonly string[] {
  if (columns.length < 2) return columns;
  return [...columns].sort((a, b) => compared(lowered(a), lowered(b)) || compared(a, b));
}

/**
 * Whether one of some columns may be among those that a statement sets.
 *
 * @param columns - `undefined`: any may be one of them
 * @param set - as statements name them: in lower case, where letter case does not matter; `undefined`: nobody knows which
 */
export function setsAny(columns: readonly string[] | undefined, set: readonly string[] | undefined): boolean {
  if (set === undefined) return true;
  if (columns === undefined) return set.length > 0;
  return columns.some((column) => set.includes(column) || set.includes(column.toLowerCase()));
}

/** The columns of a reference by their names; `undefined`: any may be one of them. */
export function referredTo({ pk }: Table, to: Reference['to']): readonly string[] | undefined {
  if (to !== 'key') return to;
  return pk.length > 0 ? pk : undefined;
}

type Key = Pick<Table, 'pk' | 'keySaidBy'>;

const WEIGHT = { options: 2, database: 1, orm: 0 } as const;

/**
 * The key of a table by what is known of it and what is told now: whoever knows more counts, and of equals the first.
 *
 * @param usual - that of tables of which nobody has said one
 */
export function keyOfBoth(known: Key | undefined, { pk, saidBy }: TableFacts, usual: readonly string[]): Key {
  const said = pk === undefined ? undefined : { pk: inOrder(pk), keySaidBy: saidBy };
  let best: Key | undefined;
  for (const each of [known, said]) {
    // That there is none, only the database knows.
    if (each === undefined || (each.pk.length === 0 && each.keySaidBy !== 'database')) continue;
    if (best === undefined || WEIGHT[each.keySaidBy ?? 'orm'] > WEIGHT[best.keySaidBy ?? 'orm']) best = each;
  }
  return { pk: best?.pk ?? usual, keySaidBy: best?.keySaidBy };
}

/** As PostgreSQL does in the collation `C`: triggers of ours order them there. */
function lowered(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** By code points, as bytes of UTF-8 are ordered. */
function compared(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
