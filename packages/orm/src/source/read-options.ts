import { type Cache, ConfigError, defaultCache } from '@viewcache/core';
import {
  checkBoolean,
  checkCount,
  checkOneOf,
  checkOptions,
  checkStrings,
  isCache,
  isRecord,
} from '@viewcache/core/node';
import type { TableName } from '../statements/footprint-types.js';
import type { Reference, TableFacts } from '../tables/table.js';
import type { TableMap, Touched } from '../tables/table-map.js';
import type { CascadeOption, TableOption, WatchOptions } from './watch-options.js';
import type { Asked } from './watch-registry.js';
import { nameFrom, type Opaque } from './written.js';

const OPTIONS = [
  'cache',
  'namespace',
  'tables',
  'views',
  'triggers',
  'functions',
  'opaque',
  'onWrite',
  'trackReads',
  'maxRows',
  'log',
] as const;

const OR_TABLES = ', or a function that returns the tables that a statement writes';

/** {@link WatchOptions} with all that was left out. */
export interface WatchSettings {
  readonly cache: Cache;
  readonly namespace: string | undefined;
  readonly tables: readonly TableFacts[];
  readonly views: readonly (readonly [TableName, readonly TableName[]])[];
  readonly triggers: readonly (readonly [TableName, readonly TableName[]])[];
  readonly functions: readonly (readonly [string, Touched])[];
  readonly opaque: Opaque;
  readonly onWrite: 'purge' | 'invalidate';
  readonly trackReads: boolean;
  readonly maxRows: number;
  readonly log: boolean | ((line: string) => void) | undefined;
  /** The same by the names of options, for who asks for another watch of the same. */
  readonly asked: Asked;
}

/**
 * Reads what a watch was given: options, or a cache in their place.
 *
 * @param watch - the function's name, for errors
 * @param more - names of options that it reads itself
 * @throws `ConfigError` for what is wrong
 */
export function readWatchOptions(watch: string, given: unknown, more: readonly string[] = []): WatchSettings {
  const options: WatchOptions = isCache(given)
    ? { cache: given }
    : ((given === undefined ? {} : given) as WatchOptions);
  checkOptions(watch, options, [...OPTIONS, ...more], 'a cache, or ');
  const { cache = defaultCache(), namespace, opaque = 'everything', log, onWrite = 'purge' } = options;
  if (!isCache(cache)) throw new ConfigError(`${watch}.cache`, cache, 'a cache made by createCache()');
  if (namespace !== undefined && (typeof namespace !== 'string' || !/^[\w-]{1,64}$/.test(namespace)))
    throw new ConfigError(`${watch}.namespace`, namespace, '1 to 64 letters, digits, underscores and hyphens');
  if (typeof opaque !== 'function') checkOneOf(`${watch}.opaque`, opaque, ['everything', 'ignore'], OR_TABLES);
  if (log !== undefined && typeof log !== 'function' && typeof log !== 'boolean')
    throw new ConfigError(`${watch}.log`, log, 'true, false, or a function that is handed each line');
  const settings: Omit<WatchSettings, 'asked'> = {
    cache,
    namespace,
    tables: entries(`${watch}.tables`, options.tables).map(([name, it, at]) => readTable(name, it as TableOption, at)),
    views: entries(`${watch}.views`, options.views).map(([name, it, at]) => [nameFrom(name), names(at, it)]),
    triggers: entries(`${watch}.triggers`, options.triggers).map(([name, it, at]) => [nameFrom(name), names(at, it)]),
    functions: entries(`${watch}.functions`, options.functions).map(([name, it, at]) => [name, readFunction(it, at)]),
    opaque,
    onWrite: checkOneOf(`${watch}.onWrite`, onWrite, ['purge', 'invalidate']),
    trackReads: checkBoolean(`${watch}.trackReads`, options.trackReads ?? true),
    maxRows: checkCount(`${watch}.maxRows`, options.maxRows ?? 64, 1),
    log,
  };
  // What an adapter reads itself is a switch that is on unless it is said otherwise.
  const own = more.map((name) => [name, (options as Readonly<Record<string, unknown>>)[name] ?? true]);
  return {
    ...settings,
    asked: { watch, given: namesGiven(options), values: { ...settings, ...Object.fromEntries(own) } },
  };
}

/** Names of the options that were given, the cache aside. */
export function namesGiven(options: object): readonly string[] {
  return Object.entries(options).flatMap(([name, value]) => (name === 'cache' || value === undefined ? [] : name));
}

/** Adds what options say to what a map has of its own: they count more. */
export function describeBy(map: TableMap, settings: WatchSettings): void {
  for (const [name, tables] of settings.views) map.stands(name, tables);
  for (const [name, tables] of settings.triggers) map.triggers(name, tables);
  for (const [name, touched] of settings.functions) map.calls(name, touched);
}

function entries(setting: string, given: unknown): readonly (readonly [string, unknown, string])[] {
  if (given === undefined) return [];
  if (!isRecord(given)) throw new ConfigError(setting, given, 'an object by name');
  return Object.entries(given).map(([name, value]) => [name, value, `${setting}.${name}`]);
}

function names(setting: string, given: unknown): readonly TableName[] {
  return checkStrings(setting, given, "names of tables: 'users', 'billing.invoices'").map(nameFrom);
}

function readTable(name: string, given: TableOption, setting: string): TableFacts {
  checkOptions(setting, given, ['pk', 'cascadesTo']);
  const { pk = [], cascadesTo = [] } = given;
  const { table, schema } = nameFrom(name);
  if (!Array.isArray(cascadesTo)) {
    const near = typeof cascadesTo === 'string' ? `['${cascadesTo}']` : undefined;
    throw new ConfigError(`${setting}.cascadesTo`, cascadesTo, 'a list of tables', near);
  }
  if (typeof pk !== 'string' && !Array.isArray(pk))
    throw new ConfigError(`${setting}.pk`, pk, "a column, such as 'id', or a list of columns");
  return {
    name: table,
    schema,
    pk: checkStrings(`${setting}.pk`, typeof pk === 'string' ? [pk] : pk, 'columns'),
    saidBy: 'options',
    referredBy: cascadesTo.map((cascade, i) => readCascade(cascade, `${setting}.cascadesTo[${i}]`)),
  };
}

function readCascade(given: string | CascadeOption, setting: string): Reference {
  if (typeof given === 'string') {
    const [from] = names(setting, [given]);
    return { from: from as TableName, onDelete: 'cascade', onUpdate: 'none', to: 'key' };
  }
  checkOptions(setting, given, ['table', 'onDelete', 'onUpdate', 'refersTo'], 'the name of a table, or ');
  const [from] = names(`${setting}.table`, [given.table]);
  const words = ['cascade', 'set', 'none'] as const;
  const { refersTo } = given;
  return {
    from: from as TableName,
    onDelete: checkOneOf(`${setting}.onDelete`, given.onDelete ?? 'cascade', words),
    onUpdate: checkOneOf(`${setting}.onUpdate`, given.onUpdate ?? 'none', words),
    to:
      refersTo === undefined
        ? 'key'
        : checkStrings(`${setting}.refersTo`, typeof refersTo === 'string' ? [refersTo] : refersTo, 'columns'),
  };
}

function readFunction(given: unknown, setting: string): Touched {
  if (Array.isArray(given)) return { reads: names(setting, given), writes: [] };
  checkOptions(setting, given, ['reads', 'writes'], 'a list of tables that it reads, or ');
  const { reads = [], writes = [] } = given as { reads?: unknown; writes?: unknown };
  return { reads: names(`${setting}.reads`, reads), writes: names(`${setting}.writes`, writes) };
}
