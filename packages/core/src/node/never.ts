import type { ServerResponse } from 'node:http';
import { visitorOf } from './leading.js';

const slot = Symbol.for('viewcache.never');
type Marked = { [slot]?: true };

/** Marks a response so that no cached view, further out or further in, looks it up or stores it. */
export function markNever(res: ServerResponse): void {
  (res as Marked)[slot] = true;
  // Others who wait for this response would wait in vain.
  visitorOf(res)?.forbid();
}

/** Whether {@link markNever} was called for the response. */
export function isNever(res: ServerResponse): boolean {
  return (res as Marked)[slot] === true;
}
