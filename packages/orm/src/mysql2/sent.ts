import type { CommandLike, ConnectionLike } from './mysql2-types.js';

/** What is sent, and with which values. */
export interface Sent {
  readonly sql: string;
  readonly values: unknown;
}

/** What `query` was asked for, before `mysql2` writes the values into the text. */
interface Template extends Sent {
  readonly namedPlaceholders: unknown;
}

/** Reads the arguments of `connection.query`: a text, options, or a command that a pool has made of these. */
export function templateOf(given: readonly unknown[]): Template | undefined {
  const [first, second] = given;
  const beside = typeof second === 'function' ? undefined : second;
  if (typeof first === 'string') return { sql: first, values: beside, namedPlaceholders: undefined };
  if (typeof first !== 'object' || first === null) return undefined;
  const { sql, values, namedPlaceholders } = first as { sql?: unknown; values?: unknown; namedPlaceholders?: unknown };
  return typeof sql === 'string' ? { sql, values: beside ?? values, namedPlaceholders } : undefined;
}

/**
 * What a command says by which values: its text as the app has written it, so that the same one is read once, or as it is
 * sent, where only that says which value stands where.
 */
export function sentOf(template: Template, command: CommandLike, { config }: ConnectionLike): Sent {
  const { sql, values, namedPlaceholders = config?.namedPlaceholders } = template;
  const written: Sent = { sql: command.sql ?? sql, values: undefined };
  if (values === undefined || values === null) return written;
  // Which question marks are placeholders is not decided everywhere alike, where some stand in texts and comments; `??` is a
  // name.
  if (typeof config?.queryFormat === 'function' || /['"#]|--|\/\*|\?\?/.test(sql)) return written;
  if (Array.isArray(values)) return values.every(isPlain) ? { sql, values } : written;
  if (typeof values !== 'object') return { sql, values: [values] };
  const isNamed = Boolean(namedPlaceholders) && !(values instanceof Date) && Object.values(values).every(isPlain);
  return isNamed ? { sql, values } : written;
}

/** A value, or a list of values for `IN (?)`; objects stand for pairs of names and values, lists of lists for rows. */
function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((each) => typeof each !== 'object' || each === null);
  return typeof value !== 'object' || value === null || value instanceof Date || ArrayBuffer.isView(value);
}
