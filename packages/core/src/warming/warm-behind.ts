import { outsideRequests } from './outside-requests.js';
import type { WarmResult, WarmSource } from './warm-types.js';
import { problemOf } from './warm-words.js';

/** What is to be warmed, or a function that is asked for it each time. */
export type WarmSourceOrFunction = WarmSource | (() => WarmSource | Promise<WarmSource>);

/**
 * Warms where nobody waits for it. Never rejects.
 *
 * @param warn - hears what went wrong, and what is no hit now
 */
export async function warmBehind(
  source: WarmSourceOrFunction,
  warm: (source: WarmSource) => Promise<WarmResult>,
  warn: (message: string) => void,
): Promise<void> {
  try {
    const result = await outsideRequests(
      async () => await warm(typeof source === 'function' ? await source() : source),
    );
    const problem = problemOf(result);
    if (problem !== undefined) warn(problem);
  } catch (error) {
    warn(error instanceof Error ? error.message : String(error));
  }
}
