/** What a cursor reads. */
export interface Declared {
  readonly tags: readonly string[];
  /** The moment from which what it shows may be older; less than any where nobody knows it. */
  readonly since: number;
}

/** Cursors of one connection that are remembered. */
const MOST_CURSORS = 100;

/** The cursors that statements have declared by name, each by its connection: what fetches from one reads what it reads. */
export class Cursors {
  readonly #open = new WeakMap<object, Map<string, Declared>>();

  declared(scope: object, name: string, cursor: Declared): void {
    const own = this.#open.get(scope) ?? new Map<string, Declared>();
    // Most end with their transactions, and nobody has to close these.
    if (own.size >= MOST_CURSORS) own.clear();
    this.#open.set(scope, own.set(name, cursor));
  }

  /** `undefined` for one of which nobody has heard: a function may have opened it. */
  named(scope: object | undefined, name: string): Declared | undefined {
    return scope === undefined ? undefined : this.#open.get(scope)?.get(name);
  }

  /** Nobody knows any longer what it reads. @param name - `undefined`: all of the connection */
  closed(scope: object, name: string | undefined): void {
    if (name === undefined) this.#open.delete(scope);
    else this.#open.get(scope)?.delete(name);
  }
}
