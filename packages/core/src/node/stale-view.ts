import { ServerResponse } from 'node:http';
import type { StalePolicy } from '../config/stale-options.js';
import { StaleUses } from '../engine/stale-uses.js';
import { canBeReborn } from './newborn.js';

/** What one view does with responses past their lifetime, and what it remembers for that. */
export class StaleView extends StaleUses<StalePolicy> {
  /** Whether a refresh may begin now that runs behind the visitor's answer. */
  mayContinue(res: ServerResponse): boolean {
    // HTTP/2 has responses of another kind.
    return this.hasRoom && this.continues(res);
  }

  /** Whether a visitor's chain can go on when he has been answered; else one visitor has to wait. */
  continues(res: ServerResponse): boolean {
    return this.policy.revalidate === 'background' && res instanceof ServerResponse && canBeReborn();
  }
}

/** A status by which a handler says that it has failed, rather than what it cannot do (RFC 5861 §4). */
export function isFailure(status: number): boolean {
  return status >= 500 && status !== 501 && status !== 505;
}
