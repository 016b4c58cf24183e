import { ignoreRejection, isThenable, kindOf } from '../base/answer.js';
import { type LoadingCall, LoadMissingError } from '../base/value-errors.js';
import { NOTHING_MADE } from './producer.js';

/** What tells of which key a row is the value: the name of its property that holds the key, or a function of the row. */
export type KeyOf<T> = (keyof T & string) | ((row: T) => string | number);

/** What `loadMissing` has returned, to be asked for one key after the other. */
export interface LoadedValues {
  /** The value of a key; {@link NOTHING_MADE} where it was left out. */
  of(key: string | number): unknown;
  /** One of the keys that it holds, or `undefined` where it holds nothing. */
  readonly first: string | number | undefined;
}

/** Makes the error of what was returned, and what is to be done instead. */
type Refuse = (returned: string, advice: string) => LoadMissingError;

/**
 * Reads what `loadMissing` has returned, so that no value can come to stand under the key of another: the place in a list
 * says nothing, as a database returns rows in an order of its own, and leaves out those that are not there.
 *
 * @param call - whose it is, for errors
 * @param asked - the call and its function as their user knows them, for errors
 * @throws {@link LoadMissingError}
 */
export function readLoaded(
  loaded: unknown,
  by: KeyOf<never> | undefined,
  call: string,
  asked?: LoadingCall,
): LoadedValues {
  const refuse: Refuse = (returned, advice) => new LoadMissingError(returned, advice, call, asked);
  if (by !== undefined) return ofRows(loaded, by, refuse);
  if (loaded instanceof Map) return ofMap(loaded);
  if (Array.isArray(loaded))
    throw refuse(
      'a list, of which nobody knows the order',
      "say which property of a row is its key, by: 'id', or return a Map",
    );
  if (!isPlain(loaded)) throw refuse(nameOf(loaded), "return a Map or an object by key, or rows and by: 'id'");
  return ofObject(loaded);
}

function ofMap(loaded: ReadonlyMap<unknown, unknown>): LoadedValues {
  const of = (key: string | number): unknown => {
    if (loaded.has(key)) return loaded.get(key);
    const twin = twinOf(key);
    return twin !== undefined && loaded.has(twin) ? loaded.get(twin) : NOTHING_MADE;
  };
  const [first] = loaded.keys();
  return { of, first: first as string | number | undefined };
}

function ofObject(loaded: Readonly<Record<string, unknown>>): LoadedValues {
  return {
    of: (key) => (Object.hasOwn(loaded, String(key)) ? loaded[String(key)] : NOTHING_MADE),
    first: Object.keys(loaded)[0],
  };
}

function ofRows(loaded: unknown, by: KeyOf<never>, refuse: Refuse): LoadedValues {
  const how = typeof by === 'function' ? 'by' : `by: '${by}'`;
  if (!Array.isArray(loaded)) throw refuse(nameOf(loaded), `return a list of rows where there is ${how}`);
  const rows = new Map<string, unknown>();
  for (const row of loaded as readonly unknown[]) {
    if (row === undefined || row === null) continue;
    const key = keyIn(row, by, refuse);
    if (key === undefined)
      throw refuse(`a row in which ${how} finds no text or number`, 'say where the key of a row stands');
    if (rows.has(key))
      throw refuse(
        `two rows of which ${how} says '${key.slice(0, 40)}'`,
        'return one for each key; several of a key are one list: return a Map of lists',
      );
    rows.set(key, row);
  }
  return ofMap(rows);
}

function keyIn(row: unknown, by: KeyOf<never>, refuse: Refuse): string | undefined {
  const key = typeof by === 'function' ? (by as (row: unknown) => unknown)(row) : (row as Record<string, unknown>)[by];
  if (typeof by === 'function' && isThenable(key)) {
    ignoreRejection(key);
    throw refuse('rows of which by returns a promise', 'have by return the key of a row itself');
  }
  // Some drivers hand out large numbers as big integers, others as text: all are the key's text.
  return typeof key === 'string' || typeof key === 'bigint' || Number.isFinite(key) ? String(key) : undefined;
}

/** The same key as the other type: a number is its text, and drivers hand out large numbers as text. */
function twinOf(key: string | number): string | number | undefined {
  if (typeof key === 'number') return String(key);
  return String(Number(key)) === key ? Number(key) : undefined;
}

/** No driver's result object, which has properties that are no keys. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || isPlain(value)) return kindOf(value);
  const { name } = value.constructor;
  return name === '' ? 'an object' : `an instance of ${name}`;
}
