import { shownKey } from '../base/printable.js';
import type { Key } from '../config/value-call-options.js';

/** Of how many routes it is told that their loaders load what nobody asks for. */
const MOST_TOLD = 100;

/** What is warned of once, though the key in it differs from call to call. */
export class ValueWarnings {
  readonly #told = new Set<string>();
  readonly #warn: (message: string) => void;

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /** Nothing that was loaded belongs to any key that was asked for. */
  foundNone(route: string, asked: Key, name: string): void {
    if (this.#told.has(route) || this.#told.size >= MOST_TOLD) return;
    this.#told.add(route);
    this.#warn(
      `getOrSetMany of ${route} got nothing for any of its keys, such as ${shownKey(asked)}: loadMissing returned ${name} and the like; it is to return a Map or an object by key, or rows of which by says the key`,
    );
  }

  /** Nothing says for how long a value is good. */
  noTtl(what: string, key: Key | undefined): void {
    if (this.#told.has(`${what}.ttl`)) return;
    this.#told.add(`${what}.ttl`);
    const named = key === undefined ? what : `${what} of ${shownKey(key)}`;
    this.#warn(`${named} says neither a ttl nor tags: the value is kept for 5 minutes; give one, or createCache a ttl`);
  }
}
