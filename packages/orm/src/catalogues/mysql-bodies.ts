import { statementsOf } from '../statements/dialect-statements.js';
import type { Footprint, TableName } from '../statements/footprint-types.js';
import type { TableMap } from '../tables/table-map.js';

const { footprints } = statementsOf('mysql');

/** The tables that a view reads, by its definition: the server writes out each name with its database. */
export function tablesRead(sql: string, schema: string, map: TableMap): readonly TableName[] {
  return footprints(sql).flatMap((footprint) => [
    ...footprint.reads.map((read) => ({ table: read.table, schema: read.schema ?? schema })),
    ...named(footprint, map),
  ]);
}

/** Whether the body of a trigger says all that it writes: not where it calls a procedure. */
export function isSureBody(body: string): boolean {
  return statementsIn(body).every(({ names }) => ![...names].some((name) => name.toLowerCase() === 'call'));
}

/** The tables that the body of a trigger writes. */
export function tablesWritten(body: string, schema: string, map: TableMap): readonly TableName[] {
  return statementsIn(body).flatMap((footprint) => [
    ...footprint.writes.map((write) => ({ table: write.table, schema: write.schema ?? schema })),
    ...named(footprint, map),
  ]);
}

/** One statement, or those between BEGIN and END. */
function statementsIn(body: string): readonly Footprint[] {
  return footprints(/^\s*begin\b([\s\S]*)\bend\s*;?\s*$/i.exec(body)?.[1] ?? body);
}

/** What was not understood, such as IF … THEN, may be about whatever it names. */
function named({ names, isUnderstood, isOpaque }: Footprint, map: TableMap): readonly TableName[] {
  if (isUnderstood && !isOpaque) return [];
  return map.among(names).map(({ name: table, schema }) => ({ table, schema }));
}
