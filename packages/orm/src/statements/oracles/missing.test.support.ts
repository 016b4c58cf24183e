import { footprints } from '../footprint.js';
import type { Dialect } from '../footprint-types.js';
import type { Found } from './postgres-parser.test.support.js';

/** The tables that a parser has found and the footprints have not. */
export function missing(sql: string, dialect: Dialect, found: Found): readonly string[] {
  const all = footprints(sql, dialect);
  const fold = (name: string) => (dialect === 'postgres' ? name : name.toLowerCase());
  const written = new Set(all.flatMap(({ writes }) => writes.map(({ table }) => fold(table))));
  const touched = new Set(all.flatMap(({ reads }) => reads.map(({ table }) => fold(table))).concat(...written));
  const unsure = new Set(all.flatMap(({ isUnderstood, names }) => (isUnderstood ? [] : [...names].map(fold))));
  return [
    ...[...found.writes]
      .filter((name) => !written.has(fold(name)) && !unsure.has(fold(name)))
      .map((it) => `write ${it}`),
    ...[...found.reads].filter((name) => !touched.has(fold(name)) && !unsure.has(fold(name))).map((it) => `read ${it}`),
  ];
}
