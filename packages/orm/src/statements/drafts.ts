import type { Dialect, HeldColumn, ReadTable, TableName, WriteVerb, WrittenTable } from './footprint-types.js';

/** One place where a statement names a table. */
export interface Reference extends TableName {
  /** By what its columns are qualified in the statement. */
  readonly qualifier: string;
  /** What it writes of it; `undefined` where it reads it. */
  verb: WriteVerb | undefined;
  held: readonly HeldColumn[];
  inserted: readonly HeldColumn[];
  columns: string[] | undefined;
  conflict: readonly string[] | undefined;
  cascades: boolean;
  keeps: boolean;
  /** Its columns are called otherwise in the statement: `users AS u (x, name, id)`. */
  isRenamed: boolean;
  /** A name in a list of what is deleted: what it stands for is found among the tables. */
  isTarget: boolean;
}

/** A reference of which nothing but the name is known. */
export function referenceTo(name: TableName, qualifier: string, verb: WriteVerb | undefined): Reference {
  return {
    table: name.table,
    schema: name.schema,
    qualifier,
    verb,
    held: [],
    inserted: [],
    columns: verb === undefined || verb === 'ddl' || verb === 'truncate' ? undefined : [],
    conflict: undefined,
    cascades: false,
    keeps: false,
    isRenamed: false,
    isTarget: false,
  };
}

/** Other names of SQLite for a key that is an `INTEGER PRIMARY KEY`. */
function isRowId(column: string): boolean {
  return column === 'rowid' || column === '_rowid_' || column === 'oid';
}

/** The tables of a statement, each once: one that is named twice is held by no condition. */
export function gathered(
  references: readonly Reference[],
  dialect: Dialect,
): { reads: ReadTable[]; writes: WrittenTable[] } {
  const reads: Array<{ table: string; schema: string | undefined; held: readonly HeldColumn[] }> = [];
  const writes: Array<{ -readonly [Key in keyof WrittenTable]: WrittenTable[Key] }> = [];
  const known = new Map<string, number>();
  // Many tables may share one list, each of which is looked through once.
  const telling = new Map<readonly string[], boolean>();
  const isTellingAll = (columns: readonly string[] | undefined): boolean => {
    if (dialect !== 'sqlite' || columns === undefined) return true;
    const isTelling = telling.get(columns) ?? !columns.some(isRowId);
    telling.set(columns, isTelling);
    return isTelling;
  };
  for (const reference of references) {
    const { table, schema, verb, held, conflict, cascades, keeps } = reference;
    const columns = isTellingAll(reference.columns) ? reference.columns : undefined;
    const inserted =
      dialect === 'sqlite' && reference.inserted.some(({ column }) => isRowId(column)) ? [] : reference.inserted;
    if (reference.isTarget) continue;
    const key = `${verb ?? ''}\0${schema ?? ''}\0${table}`;
    const before = known.get(key);
    if (verb === undefined) {
      const read = before === undefined ? undefined : reads[before];
      if (read !== undefined) read.held = [];
      else {
        known.set(key, reads.length);
        reads.push({ table, schema, held });
      }
      continue;
    }
    const write = before === undefined ? undefined : writes[before];
    if (write === undefined) {
      known.set(key, writes.length);
      writes.push({ table, schema, verb, held, inserted, columns, conflict, cascades, keeps });
      continue;
    }
    write.held = [];
    write.inserted = [];
    // Named twice it is written twice; which columns by which does not matter to anybody.
    write.columns = undefined;
    write.conflict = undefined;
    write.cascades ||= cascades;
    write.keeps = false;
    write.isRepeated = true;
  }
  return { reads, writes };
}
