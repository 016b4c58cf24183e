import type { IncomingMessage } from 'node:http';
import type { CacheRuntime } from '../cache/runtime.js';
import type { ViewHost } from './view-host.js';

/** A view, as far as a warning about its options names it. */
interface Told<Req> {
  readonly policy: { readonly name: string };
  readonly host: Pick<ViewHost<Req>, 'route'>;
  readonly runtime: Pick<CacheRuntime, 'telemetry'>;
}

/**
 * Says that a function among a view's options has failed, of which route and what came of it. The route is in the message, so
 * that a process is warned of each: one that is broken does not hide another.
 */
export function warnOfOption<Req extends IncomingMessage>(
  { policy, host, runtime }: Told<Req>,
  req: Req,
  option: string,
  what: string,
): void {
  const route = host.route(req);
  // In front of the router nobody knows it yet.
  const place = route.startsWith('(') ? '' : ` on ${req.method} ${route}`;
  runtime.telemetry.emit({ type: 'warning', message: `${policy.name}.${option}${place} ${what}` });
}
