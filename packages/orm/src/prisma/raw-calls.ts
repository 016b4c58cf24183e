import type { Dialect } from '../statements/footprint-types.js';

/** A statement of the app's own: `$queryRaw`, `$executeRaw`, their `Unsafe` forms, and TypedSQL. */
export interface RawCall {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** @returns `undefined` for what is none, or is none that is known */
export function rawOf(args: unknown, dialect: Dialect): RawCall | undefined {
  if (Array.isArray(args)) {
    const [sql, ...values] = args as unknown[];
    return typeof sql === 'string' ? { sql, values } : undefined;
  }
  // `text` has `$1` for its values, `sql` has `?`.
  const { text, sql, values } = (args ?? {}) as Readonly<Record<'text' | 'sql' | 'values', unknown>>;
  const said = dialect === 'postgres' ? (text ?? sql) : sql;
  return typeof said === 'string' && Array.isArray(values) ? { sql: said, values } : undefined;
}
