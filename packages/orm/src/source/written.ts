import type { Footprint, TableName, WrittenTable } from '../statements/footprint-types.js';
import { ownsReturned } from '../statements/returned.js';
import { setsAny } from '../tables/key-columns.js';
import { rowId, writtenRowId } from '../tables/names.js';
import type { Change, ConflictClause, Table } from '../tables/table.js';
import type { TableMap } from '../tables/table-map.js';
import type { RowIds, WriteBatch } from '../writes/batch.js';
import type { StatementResult, WriteEvent } from './outcome.js';
import { isPlainRead } from './plain-read.js';
import type { Statements } from './statements.js';

/** Why everything is invalidated by what is written so early. */
export const NOT_KNOWN = 'the tables were not known yet';

/** What statements that nobody can read count as: `CALL`, `DO`. */
export type Opaque = 'everything' | 'ignore' | ((sql: string) => readonly string[]);

/** What is known wherever a write is looked at. */
export interface WriteLookup {
  readonly map: TableMap;
  readonly rowsOf: Statements['rowsOf'];
  readonly opaque: Opaque;
}

/** One statement that has been carried out, or may have been. */
export interface RanStatement {
  readonly sql: string;
  readonly footprint: Footprint;
  readonly parameters: unknown;
  readonly result: StatementResult | undefined;
}

/** Adds what a statement has written, as exactly as that can be told. */
export function addStatement(batch: WriteBatch, ran: RanStatement, lookup: WriteLookup): void {
  const { footprint } = ran;
  const { map, opaque } = lookup;
  for (const write of footprint.writes) {
    addWritten(batch, write, ran, lookup);
    if (write.verb !== 'ddl' || !mayChangeTables(write, ran.sql, map)) continue;
    batch.changesTables = true;
    // A bare name may mean this one now, where it has meant one of another schema.
    for (const table of map.among(new Set([write.table]))) batch.bulk(table);
  }
  const called = map.called(footprint.names);
  for (const { writes } of called) for (const name of writes) addAny(batch, name, map);
  if (footprint.redefines === true || called.some(({ redefines }) => redefines === true)) {
    batch.everything('it makes or changes more than the tables that it names');
    batch.changesTables = true;
  }
  if (footprint.isOpaque) addOpaque(batch, ran.sql, map, opaque);
  if (!footprint.isUnderstood) for (const table of map.among(footprint.names)) addAll(batch, table, map);
}

/** Adds a write that somebody has told of in other words than those of a statement. */
export function addEvent(batch: WriteBatch, event: WriteEvent, map: TableMap): void {
  for (const table of tablesOf(map, event)) {
    const ids = map.isNamed(table, { table: event.table, schema: event.schema }) ? event.rows : undefined;
    note(batch, table, { verb: event.verb, columns: event.columns, isTold: true }, ids, map);
  }
}

/** Begins what makes a table of one connection alone: apps do so all the time. */
const TEMPORARY = /^\s*create\s+(?:or\s+replace\s+)?(?:(?:global|local)\s+)?temp(?:orary)?\s/i;
const CREATES = /^\s*create\s/i;

/**
 * What nobody knows may be dropped and changed: it was temporary, or is read together with what has made it.
 *
 * @param map - `undefined` while tables are being read: what is made meanwhile may be missing there
 */
function mayChangeTables(name: TableName, sql: string, map: TableMap | undefined): boolean {
  if (TEMPORARY.test(sql)) return false;
  return map === undefined || CREATES.test(sql) || map.isDescribedAs(name);
}

/** Adds a statement that has been carried out while nobody knew of any tables. */
export function addUnknown(batch: WriteBatch, { footprint, sql }: RanStatement): void {
  if (footprint.transaction !== undefined || isPlainRead(footprint)) return;
  batch.everything(NOT_KNOWN);
  const changes = footprint.writes.some((write) => write.verb === 'ddl' && mayChangeTables(write, sql, undefined));
  if (changes || footprint.redefines === true) batch.changesTables = true;
}

/** Whether a statement may set off triggers: of what it writes, or of what the database changes along with that. */
export function mayRunTriggers({ writes }: Footprint, map: TableMap): boolean {
  return writes.some(
    (write) =>
      map.hasTriggers(write) ||
      map.of(write).some((table) => {
        const changed = (['delete', 'key'] as const).flatMap((change) => map.changedWith(table, change));
        return [table, ...changed].some((each) => map.mayActUnseen(each));
      }),
  );
}

/** Whether a table that is written has a conflict clause of a kind in its definition. */
export function hasClause({ writes }: Footprint, clause: ConflictClause, map: TableMap): boolean {
  return writes.some((write) => map.of(write).some(({ conflicts }) => conflicts.has(clause)));
}

/** Rows of a table, none of which is known. */
function addAny(batch: WriteBatch, name: TableName, map: TableMap): void {
  for (const table of map.of(name)) addAll(batch, table, map);
}

function addAll(batch: WriteBatch, table: Table, map: TableMap): void {
  batch.bulk(table);
  for (const change of ['delete', 'key'] as const) addFollowing(batch, table, change, map);
}

/** Adds what nobody can tell by its text, as the option says. */
export function addOpaque(batch: WriteBatch, sql: string, map: TableMap, opaque: Opaque): void {
  if (opaque === 'ignore') return;
  if (opaque === 'everything') batch.everything('nobody can tell what it does: see the option opaque');
  else for (const name of opaque(sql)) addAny(batch, nameFrom(name), map);
}

/** `schema.table`, or a table alone. */
export function nameFrom(text: string): TableName {
  const dot = text.indexOf('.');
  return dot < 0 ? { table: text, schema: undefined } : { table: text.slice(dot + 1), schema: text.slice(0, dot) };
}

function tablesOf(map: TableMap, { table, schema }: WriteEvent): readonly Table[] {
  return map.of({ table, schema });
}

function addWritten(batch: WriteBatch, write: WrittenTable, ran: RanStatement, lookup: WriteLookup): void {
  const { map } = lookup;
  const tables = map.of(write);
  const [table, another] = tables;
  for (const each of map.writtenInPlace(write)) addAll(batch, each, map);
  if (write.keeps && table !== undefined && another === undefined && map.isNamed(table, write)) {
    if (map.actsAsSaid(table)) return;
  }
  // What is read through a view, and what a data-modifying WITH does, is not counted by the statement's own count.
  const isSole =
    ran.footprint.writes.length === 1 && write.isRepeated !== true && isOf(ran.result?.command, write.verb);
  if (isSole && ran.result?.affected === 0 && COUNTED.has(write.verb)) {
    const mayBeMore = tables.some((it) => map.mayActUnseen(it) || it.conflicts.has('replace'));
    if (!mayBeMore && !map.hasTriggers(write)) return;
  }
  if (table === undefined || another !== undefined) {
    for (const each of tables) note(batch, each, asOf(each, write, map), undefined, map);
    return;
  }
  const isItself = map.isNamed(table, write) && table.pk.length > 0;
  const rows = isItself ? rowsWritten(table, write, ran, isSole, lookup) : undefined;
  note(batch, table, asOf(table, write, map), rows, map);
}

/** A view may have other names for the columns of its table: which of them were set nobody knows then. */
function asOf(table: Table, write: WrittenTable, map: TableMap): Noted {
  return map.isNamed(table, write) ? write : { ...write, columns: undefined };
}

/** Verbs whose rows a database counts. */
const COUNTED: ReadonlySet<WrittenTable['verb']> = new Set(['insert', 'update', 'delete', 'upsert']);

/** Whether a result speaks of this write: a SELECT over a DELETE in its WITH does not. */
function isOf(command: string | undefined, verb: WrittenTable['verb']): boolean {
  if (command === undefined) return true;
  if (verb === 'upsert') return command !== 'SELECT';
  return command === verb.toUpperCase() || (command === 'COPY' && verb === 'insert');
}

function rowsWritten(
  { pk, mayRekey, mayCutKeys }: Table,
  write: WrittenTable,
  { parameters, result, footprint }: RanStatement,
  isSole: boolean,
  { rowsOf }: WriteLookup,
): readonly (readonly unknown[])[] | undefined {
  const { verb } = write;
  if (verb === 'truncate' || verb === 'ddl') return undefined;
  // Where a column of another table comes back by the key's name, a driver cannot tell it from the key.
  const isKey = footprint.returned === undefined || ownsReturned(footprint.returned, pk);
  const returned = isSole && isKey ? result?.returned?.(pk) : undefined;
  // A driver may have rounded what it returns; the statement may name it.
  if (returned?.every((row) => rowId(row) !== undefined)) return returned;
  if (verb === 'insert' && (mayRekey || mayCutKeys)) return undefined;
  const rows = rowsOf(write, parameters, pk);
  return (verb === 'insert' || verb === 'upsert') && rows?.some((row) => row.some(isRounded)) ? undefined : rows;
}

/** A fraction is written as a whole number where the column holds no other ones. */
function isRounded(value: unknown): boolean {
  return typeof value === 'number' ? !Number.isInteger(value) : /^\s*[+-]?\d*\.0*[1-9]/.test(String(value));
}

type Noted = Pick<WrittenTable, 'verb' | 'columns'> & {
  readonly cascades?: boolean;
  /** By an event: of what it sets beside the key nobody knows anything. */
  readonly isTold?: boolean;
};

/** @param rows - those that were written, by their primary keys; `undefined`: nobody knows which */
function note(
  batch: WriteBatch,
  table: Table,
  write: Noted,
  rows: readonly (readonly unknown[])[] | undefined,
  map: TableMap,
): void {
  const { verb } = write;
  // Rows that are in the way of new ones go, and with them what refers to them.
  if (table.conflicts.has('replace') && REPLACING.has(verb)) return void addAll(batch, table, map);
  const isChange = verb === 'update' || verb === 'upsert';
  const setsKey = isChange && maySetKey(table, write);
  const setsReferred = isChange && map.setsReferred(table, write.isTold === true ? undefined : write.columns);
  const ids = rows === undefined || setsKey ? undefined : tagIds(rows);
  if (ids !== undefined) batch.rows(table, ids);
  else if (verb === 'insert') batch.inserted(table);
  else batch.bulk(table);
  for (const change of changesOf(write, { setsKey, setsReferred })) addFollowing(batch, table, change, map);
}

/** Verbs by which a row may be in the way of another. */
const REPLACING: ReadonlySet<WrittenTable['verb']> = new Set(['insert', 'update', 'upsert']);

/** Where nobody knows the key's columns, any may be one of them. */
function maySetKey({ pk, mayRekey }: Table, { columns }: Noted): boolean {
  return mayRekey || columns === undefined || pk.length === 0 || setsAny(pk, columns);
}

function changesOf(
  { verb, cascades = false }: Noted,
  { setsKey, setsReferred }: Readonly<Record<'setsKey' | 'setsReferred', boolean>>,
): readonly Change[] {
  if (verb === 'truncate' || verb === 'ddl') return [cascades ? 'all' : 'other'];
  if (verb === 'delete') return ['delete'];
  // REPLACE deletes the row that is in its way.
  if (verb === 'upsert' && setsKey) return ['delete', 'key'];
  return [setsKey || setsReferred ? 'key' : 'other'];
}

function addFollowing(batch: WriteBatch, table: Table, change: Change, map: TableMap): void {
  for (const other of map.changedWith(table, change)) batch.bulk(other);
}

/** As readers spell them, and as somebody may have written them by hand; `undefined` where one cannot be spelled. */
function tagIds(rows: readonly (readonly unknown[])[]): readonly RowIds[] | undefined {
  const ids: RowIds[] = [];
  for (const row of rows) {
    const id = rowId(row);
    if (id === undefined) return undefined;
    const written = writtenRowId(row);
    ids.push(written === id ? [id] : [id, [written]]);
  }
  return ids;
}
