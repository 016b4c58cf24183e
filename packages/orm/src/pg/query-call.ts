import type { PgConfig } from './pg-types.js';

/** What is sent, and with which values. */
export interface Sent {
  readonly sql: string;
  readonly values: unknown;
}

/** What a query hands its result to. */
export type Callback = (error: unknown, result?: unknown) => void;

/** What a call of `query` asks for. */
export interface QueryCall extends Sent {
  /** `undefined`: it returns a promise. */
  readonly callback: Callback | undefined;
}

/** Texts of prepared statements by client and name: only the first call has to have one. */
const prepared = new WeakMap<object, Map<string, string>>();

/**
 * Reads the arguments of `client.query`, as `pg` does.
 *
 * @returns `undefined` where there is no text to be found: `pg` has something to say to that
 */
export function readCall(client: object, [config, values, callback]: readonly unknown[]): QueryCall | undefined {
  const heard = functionIn(callback) ?? functionIn(values);
  const listed = typeof values === 'function' ? undefined : values;
  if (typeof config === 'string') return { sql: config, values: listed, callback: heard };
  if (typeof config !== 'object' || config === null) return undefined;
  const { text, name, values: own, callback: hearing } = config as PgConfig;
  const sql = textOf(client, text, name);
  return sql === undefined ? undefined : { sql, values: listed ?? own, callback: heard ?? functionIn(hearing) };
}

/** The same of an object that carries itself out: a `Query`, a cursor, a stream. */
export function readSubmittable(client: object, { text, values, name, cursor }: PgConfig): Sent | undefined {
  const sql = textOf(client, text ?? cursor?.text, name);
  return sql === undefined ? undefined : { sql, values: values ?? cursor?.values };
}

function textOf(client: object, text: unknown, name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '') return typeof text === 'string' ? text : undefined;
  const known = prepared.get(client) ?? new Map<string, string>();
  if (typeof text !== 'string' || text === '') return known.get(name);
  prepared.set(client, known.set(name, text));
  return text;
}

function functionIn(value: unknown): Callback | undefined {
  return typeof value === 'function' ? (value as Callback) : undefined;
}
