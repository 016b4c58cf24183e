import { runtimeOf } from '@viewcache/core/node';
import type { WatchSettings } from '../source/read-options.js';
import type { TableName } from '../statements/footprint-types.js';
import type { TableMap } from '../tables/table-map.js';
import type { Catalogue } from './catalogue.js';

/** Says once what nobody can read from here, and somebody has to say. */
export function warnOfUntold(watch: string, catalogue: Catalogue, settings: WatchSettings): void {
  warnOfTriggers(watch, catalogue, settings);
  const { untoldFunctions = [], shownByAsker = [] } = catalogue;
  const untold = untoldFunctions.filter((name) => !settings.functions.some(([told]) => told === name));
  const warn = (names: readonly string[], message: string): void => {
    if (names.length === 0) return;
    const named = [...new Set(names)].slice(0, 10).join(', ');
    runtimeOf(settings.cache)?.telemetry.emit({ type: 'warning', message: `${watch}: ${named} ${message}` });
  };
  warn(
    untold.map((name) => `${name}()`),
    'put statements together (EXECUTE): name the tables that they read and write, or none, in the option functions',
  );
  warn(
    shownByAsker.map(({ table }) => table),
    'show each who asks other rows (row-level security): what is made of them must have in its key what the policies ask for',
  );
}

/** A rule that nobody can read may write any table, unless somebody says what the triggers and rules of its table do. */
export function fillUntold(map: TableMap, catalogue: Catalogue, { triggers }: WatchSettings): void {
  const { untoldRules = [], tables = [] } = catalogue;
  for (const name of untoldRules) if (!isSaid(name, triggers)) map.triggers(name, tables);
}

function isSaid({ table, schema }: TableName, triggers: WatchSettings['triggers']): boolean {
  return triggers.some(([name]) => name.table === table && (name.schema === undefined || name.schema === schema));
}

/**
 * What triggers write that nobody can read from here, somebody has to say.
 *
 * @param watch - whose tables they are: `watchPg`
 */
export function warnOfTriggers(watch: string, { withTriggers }: Catalogue, { triggers, cache }: WatchSettings): void {
  const untold = withTriggers.filter((name) => !isSaid(name, triggers));
  if (untold.length === 0) return;
  const named = untold.slice(0, 10).map(({ table }) => table);
  const message = `${watch}: ${named.join(', ')} ${untold.length > 1 ? 'have' : 'has'} triggers or rules: name the tables that these write, or none, in the option triggers`;
  runtimeOf(cache)?.telemetry.emit({ type: 'warning', message });
}
