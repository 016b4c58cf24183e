import { type Running, running } from '@viewcache/core/tracking';

/**
 * The values of a query that was sent. The list is the caller's, who may use it again for the next one, and `pg` reads it when its
 * turn comes: where it is another one by then, nobody knows which of the two was sent.
 */
export class HeldValues {
  readonly #values: unknown;
  readonly #copy: readonly unknown[] | undefined;
  readonly #view: Running | undefined;

  /** In the caller's asynchronous context. */
  constructor(values: unknown) {
    this.#values = values;
    this.#copy = Array.isArray(values)
      ? values.map((each: unknown) => (Array.isArray(each) ? [...each] : each))
      : undefined;
    this.#view = this.#copy === undefined ? undefined : running();
  }

  /** When the query has ended: those that were sent, or `undefined` where nobody knows, and what has read by them is not kept. */
  sent(): unknown {
    if (this.#copy === undefined || isSame(this.#copy, this.#values as readonly unknown[])) return this.#values;
    this.#view?.refuseRead('older-snapshot', -1);
    return undefined;
  }
}

function isSame(copy: readonly unknown[], values: readonly unknown[]): boolean {
  return (
    copy.length === values.length && copy.every((each, i) => Object.is(each, values[i]) || isSameList(each, values[i]))
  );
}

function isSameList(copy: unknown, value: unknown): boolean {
  return Array.isArray(copy) && Array.isArray(value) && isSame(copy, value);
}
