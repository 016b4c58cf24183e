import { ConfigError } from '@viewcache/core';
import { checkOptions, checkStrings } from '@viewcache/core/node';
import type { TableName } from '../statements/footprint-types.js';

/** Where everything is put, and which tables are told of. */
export interface InstallNotifyOptions {
  /**
   * The tables that are told of, as the database has them: `'users'`, `'billing.invoices'`. Those that are made later are not,
   * then.
   *
   * @defaultValue every table of the app, those that are made later included
   */
  readonly tables?: readonly string[] | undefined;
  /** The schema that the functions are put into; it is made where there is none. @defaultValue `'viewcache'` */
  readonly schema?: string | undefined;
  /** The channel of `NOTIFY`. @defaultValue `'viewcache'` */
  readonly channel?: string | undefined;
}

/** {@link InstallNotifyOptions} as they are used. */
export interface InstallSettings {
  readonly tables: readonly TableName[] | undefined;
  readonly schema: string;
  readonly channel: string;
}

/** Needs no quotes in SQL, and fits where PostgreSQL cuts names. */
const WORD = /^[a-z_][a-z0-9_]{0,59}$/;
const ALLOWED = 'up to 60 lower case letters, digits and underscores, and no digit in front';

export function readInstallOptions(given: InstallNotifyOptions): InstallSettings {
  const what = 'installPostgresNotify';
  checkOptions(what, given, ['tables', 'schema', 'channel']);
  const { tables, schema = 'viewcache', channel } = given;
  if (Array.isArray(tables) && tables.length === 0)
    throw new ConfigError(`${what}.tables`, tables, "a list of tables: ['users', 'billing.invoices']");
  const listed = tables && checkStrings(`${what}.tables`, tables, "tables: 'users', 'billing.invoices'").map(nameOf);
  return { tables: listed, schema: checkSchema(what, schema), channel: readChannel(what, channel) };
}

export function checkSchema(what: string, schema: unknown): string {
  const isOurs = typeof schema === 'string' && /^(?:pg_|information_schema$)/.test(schema);
  return checkWord(`${what}.schema`, schema, isOurs);
}

export function readChannel(what: string, channel: unknown = 'viewcache'): string {
  return checkWord(`${what}.channel`, channel, false);
}

function checkWord(setting: string, value: unknown, isTaken: boolean): string {
  if (typeof value !== 'string' || !WORD.test(value) || isTaken) throw new ConfigError(setting, value, ALLOWED);
  return value;
}

/** `schema.table`, or a table alone: of the search path. */
function nameOf(text: string): TableName {
  const dot = text.indexOf('.');
  return dot < 0 ? { table: text, schema: undefined } : { table: text.slice(dot + 1), schema: text.slice(0, dot) };
}
