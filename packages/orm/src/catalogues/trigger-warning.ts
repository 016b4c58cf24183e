import { runtimeOf } from '@viewcache/core/node';
import type { WatchSettings } from '../source/read-options.js';
import type { Catalogue } from './catalogue.js';

/**
 * What triggers write that nobody can read from here, somebody has to say.
 *
 * @param watch - whose tables they are: `watchPg`
 */
export function warnOfTriggers(watch: string, { withTriggers }: Catalogue, { triggers, cache }: WatchSettings): void {
  const untold = withTriggers.filter(
    ({ table, schema }) =>
      !triggers.some(([name]) => name.table === table && (name.schema === undefined || name.schema === schema)),
  );
  if (untold.length === 0) return;
  const named = untold.slice(0, 10).map(({ table }) => table);
  const message = `${watch}: ${named.join(', ')} ${untold.length > 1 ? 'have' : 'has'} triggers or rules: name the tables that these write, or none, in the option triggers`;
  runtimeOf(cache)?.telemetry.emit({ type: 'warning', message });
}
