import type { ServerResponse } from 'node:http';

/** The visitor whose handler runs for a response, as other middleware inside may speak to it. */
export interface LeadingVisitor {
  /** Steps aside for a cached view further inside, whose settings are nearer to the handler. */
  withdraw(): void;
  /** Nothing is stored, and that is known before the handler has answered. */
  forbid(): void;
}

const slot = Symbol.for('viewcache.view');
type Marked = { [slot]?: LeadingVisitor };

/** Says whose handler runs for the response. */
export function markLeading(res: ServerResponse, visitor: LeadingVisitor): void {
  (res as Marked)[slot] = visitor;
}

/** The visitor who leads on this response already, in a cached view further outside. */
export function visitorOf(res: ServerResponse): LeadingVisitor | undefined {
  return (res as Marked)[slot];
}
