import { warnOnce } from '../base/process-warning.js';
import type { ViewContext } from '../engine/view-context.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/** Routes that are told of, for each cache. */
const MOST_TOLD = 100;
const told = new WeakMap<Telemetry, Set<string>>();

/** Warns, once for each route, that its responses are not stored as nobody would know when to let go of them. */
export function warnOfNothingTracked(
  method: string,
  route: string,
  context: ViewContext | undefined,
  telemetry: Telemetry,
): void {
  const known = told.get(telemetry) ?? new Set<string>();
  told.set(telemetry, known);
  const where = `${method} ${route}`;
  if (known.has(where) || known.size >= MOST_TOLD) return;
  known.add(where);
  const message =
    context?.tracksReads === true
      ? `${where} has no ttl that ends, read nothing of a watched data source and named no tag: its response is not stored; give it a ttl, name what it depends on with view().dependsOn(), or say what it is made of with view().untracked() and give that a ttl`
      : `${where} has no ttl, and no data source is watched for its cache: its response is not stored; give it a ttl, such as '5m', or watch the data source that it reads`;
  telemetry.emit({ type: 'warning', message });
  warnOnce(message);
}
