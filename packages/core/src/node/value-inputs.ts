import type { InputRules } from '../config/input-options.js';
import type { ViewContext } from '../engine/view-context.js';
import { fieldAction } from './field-inputs.js';
import { actionOn, FIELD } from './input-action.js';

/** Where the inputs of a response were read, as far as values come into it. */
export class ValueInputs {
  /** The first reader of each: the producer of a value, by the value's key, or nobody like that. */
  readonly #readers = new Map<string, string | undefined>();
  /** Read for a value that was made for another request. */
  #inherited: Set<string> | undefined;

  /** @param value - the key of the value that is made of it */
  add(input: string, value: string | undefined): void {
    if (!this.#readers.has(input)) this.#readers.set(input, value);
  }

  inherit(input: string, value: string): void {
    this.add(input, value);
    this.#inherited ??= new Set();
    this.#inherited.add(input);
  }

  valueOf(input: string): string | undefined {
    return this.#readers.get(input);
  }

  /** What it was to the other request, no field of this one says. */
  isInherited(input: string): boolean {
    return this.#inherited?.has(input) === true;
  }
}

/**
 * Has a value that is being made say from now on what it is made of, wherever it is used: also what is in the key of the view
 * that it is made in, and is not in that of others.
 *
 * @param isTainted - middleware has put it where the client's own would be
 */
export function tellValue(making: ViewContext, input: string, rules: InputRules, isTainted: boolean): void {
  const isField = input.startsWith(FIELD);
  const name = input.slice(FIELD.length);
  if (isField && !isTainted && !rules.actions.has(input) && fieldAction(name) === 'ignore') return;
  const action = actionOn(input, rules, isTainted);
  // Elsewhere nobody knows that it is not the client's own.
  making.read(isTainted && isField ? `req.headers['${name}']` : input, action === 'vary' || action === 'learn');
}
