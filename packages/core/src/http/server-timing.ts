/** One metric of Server-Timing (W3C Server Timing §3). */
export interface ServerTiming {
  /** A token. */
  readonly name: string;
  /** In visible ASCII without quotes and backslashes. */
  readonly desc?: string;
  /** Milliseconds. */
  readonly dur?: number;
}

/**
 * Writes the value of a Server-Timing field, which browsers show beside the request.
 *
 * @example
 * ```ts
 * formatServerTiming([{ name: 'viewcache', desc: 'hit' }, { name: 'saved', dur: 12.34 }]);
 * // 'viewcache;desc="hit", saved;dur=12.3'
 * ```
 */
export function formatServerTiming(metrics: readonly ServerTiming[]): string {
  return metrics.map(formatMetric).join(', ');
}

function formatMetric({ name, desc, dur }: ServerTiming): string {
  let metric = name;
  if (desc !== undefined) metric += `;desc="${desc}"`;
  if (dur !== undefined) metric += `;dur=${Number(Math.max(0, dur).toFixed(1))}`;
  return metric;
}
