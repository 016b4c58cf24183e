import { outsideRequests } from './outside-requests.js';
import type { WarmOptions, WarmResult, WarmSource } from './warm-types.js';
import { problemOf } from './warm-words.js';

/** What is to be warmed, or a function that is asked for it each time. */
export type WarmSourceOrFunction = WarmSource | (() => WarmSource | Promise<WarmSource>);

/** By a name that all copies of this package have: a terminal is told once. */
const slot = Symbol.for('viewcache.warm-behind');

/** Whether a warning says what is no hit, so that nothing else has to. */
export function isBehind(options: WarmOptions | undefined): boolean {
  return options !== undefined && slot in options;
}

/**
 * Warms where nobody waits for it. Never rejects.
 *
 * @param warn - hears what went wrong, and what is no hit now
 */
export async function warmBehind(
  source: WarmSourceOrFunction,
  options: WarmOptions,
  warm: (source: WarmSource, options: WarmOptions) => Promise<WarmResult>,
  warn: (message: string) => void,
): Promise<void> {
  try {
    const how = Object.assign({ ...options }, { [slot]: true });
    const result = await outsideRequests(
      async () => await warm(typeof source === 'function' ? await source() : source, how),
    );
    const problem = problemOf(result);
    if (problem !== undefined) warn(problem);
  } catch (error) {
    warn(error instanceof Error ? error.message : String(error));
  }
}
