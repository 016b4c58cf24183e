import { learn } from './learned-names.js';
import type { Watcher } from './watcher.js';

// What somebody has put among a request's fields that no client can have sent there: Node gives their names in lower
// case, and makes no symbols of them.

type Name = string | symbol;

/** Such names that were once seen: where a request lacks one, that says something, too. */
const seen = new Set<Name>();

/** Looks at the fields of a request before anything inside asks for them. */
export function learnAdded(fields: object, lines: readonly string[]): void {
  const names = Reflect.ownKeys(fields);
  // As few names as there are lines: nothing was added, most likely, and what was is found where it is read.
  if (names.length * 2 <= lines.length) return;
  for (const name of names) if (isForeign(name)) learn(seen, name);
}

/** Whether a name among the fields, of which reads are heard now, is one that was added: here, or to another request. */
export function isAdded(watcher: Watcher, name: Name, fields: object): boolean {
  if (!isForeign(name) || !watcher.isHeard) return false;
  if (!Object.hasOwn(fields, name)) return seen.has(name);
  learn(seen, name);
  return true;
}

/** What it is called: never as a field that a client sends. */
export function addedInput(name: Name): string {
  const text = String(name);
  return typeof name === 'symbol' || /^[\w$]+$/.test(text) ? `req.headers.${text}` : `req.headers['${text}']`;
}

/** Whether no client can have sent it. */
export function isForeign(name: Name): boolean {
  return typeof name === 'symbol' || name !== name.toLowerCase();
}
