import type { Footprint, ReadTable, WrittenTable } from '../statements/footprint-types.js';
import { rowId } from '../tables/names.js';
import type { Table } from '../tables/table.js';
import type { TableMap } from '../tables/table-map.js';
import type { Statements } from './statements.js';

/** What is known wherever a read is looked at. */
export interface ReadLookup {
  readonly map: TableMap;
  readonly rowsOf: Statements['rowsOf'];
  /** Rows of one table that one statement may name, before it counts as reading any. */
  readonly maxRows: number;
}

/** The tags of what a statement reads: of rows where it holds their keys, else of tables. One may come more than once. */
export function tagsRead(footprint: Footprint, parameters: unknown, lookup: ReadLookup): readonly string[] {
  const { map } = lookup;
  const tags: string[] = [];
  for (const read of footprint.reads) addRead(tags, read, parameters, lookup);
  if (footprint.returnsWritten === true)
    for (const write of footprint.writes) addReturned(tags, write, parameters, lookup);
  for (const { reads } of map.called(footprint.names)) for (const name of reads) addTables(tags, map.of(name), map);
  if (!footprint.isUnderstood) addTables(tags, map.among(footprint.names), map);
  return tags;
}

function addRead(tags: string[], read: ReadTable | WrittenTable, parameters: unknown, lookup: ReadLookup): void {
  const tables = lookup.map.of(read);
  const ids = rowIds(tables, read, parameters, lookup);
  if (ids === undefined) {
    addTables(tags, tables, lookup.map);
    return;
  }
  for (const table of tables) {
    for (const id of ids) addTag(tags, table, `#${id}`);
    for (const other of lookup.map.readWith(table)) addTag(tags, other, '');
  }
}

/** What a write hands back it has read. Rows that are in the way of a new one may have another key. */
function addReturned(tags: string[], write: WrittenTable, parameters: unknown, lookup: ReadLookup): void {
  if (write.verb === 'insert') addTables(tags, lookup.map.of(write), lookup.map);
  else addRead(tags, write, parameters, lookup);
}

/** A row that was looked for and is not there has its tag, too: so the answer goes when it appears. */
function rowIds(
  [table, another]: readonly Table[],
  read: ReadTable | WrittenTable,
  parameters: unknown,
  lookup: ReadLookup,
): readonly string[] | undefined {
  const { rowsOf, maxRows } = lookup;
  // What stands for other tables has no keys of its own.
  if (table === undefined || another !== undefined || !lookup.map.isNamed(table, read) || table.pk.length === 0)
    return undefined;
  const rows = rowsOf(read, parameters, table.pk);
  // No key at all is one that no row has: it depends on nothing, and must not seem to have read nothing.
  if (rows === undefined || rows.length === 0 || rows.length > maxRows) return undefined;
  const ids: string[] = [];
  for (const row of rows) {
    const id = rowId(row);
    if (id === undefined) return undefined;
    ids.push(id);
  }
  return ids;
}

function addTables(tags: string[], tables: readonly Table[], map: TableMap): void {
  for (const table of tables) {
    addTag(tags, table, '');
    for (const other of map.readWith(table)) addTag(tags, other, '');
  }
}

function addTag(tags: string[], { spellings: { tag, alsoRead } }: Table, row: string): void {
  tags.push(tag + row, ...alsoRead);
}
