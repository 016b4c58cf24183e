import type { ServerResponse } from 'node:http';
import type { Clock } from '../ports/clock.js';

/** Who goes on when a visitor has been answered. */
export interface AfterAnswer {
  /** The answer has left, or its client has: both objects are nobody's now. */
  goOn(): void;
  /** He takes it in too slowly to wait for. Nothing else will be called. */
  tooSlow(): void;
}

/**
 * Waits for a visitor's answer to leave, but not for one who does not read.
 *
 * @param handOverMs - how long the answer may take
 */
export function afterAnswer(res: ServerResponse, clock: Clock, handOverMs: number, then: AfterAnswer): void {
  let isLate = false;
  const timer = clock.after(handOverMs, () => {
    isLate = true;
    then.tooSlow();
  });
  const goOn = (): void => {
    timer.cancel();
    // The request closes after its response.
    if (!isLate) setImmediate(() => then.goOn());
  };
  if (isClosed(res)) goOn();
  else res.once('close', goOn);
}

/** Node says so of a response without a word to its types. */
function isClosed(res: ServerResponse & { readonly _closed?: boolean }): boolean {
  return res._closed === true || res.socket?.destroyed === true;
}
