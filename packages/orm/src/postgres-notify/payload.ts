import { isRecord } from '@viewcache/core/node';
import type { WriteEvent } from '../source/outcome.js';
import { VERSION } from './functions-sql.js';

/** What one notification tells: a write; that tables are no longer what they were; or what nobody here understands. */
export type Heard =
  | { readonly kind: 'write'; readonly event: WriteEvent }
  /** @param event - the table that it was, where it is told */
  | { readonly kind: 'ddl'; readonly event: WriteEvent | undefined }
  | { readonly kind: 'unknown' };

const UNKNOWN: Heard = { kind: 'unknown' };

/** Reads a payload. Anybody who may connect may send one, so anything may stand in it. Never throws. */
export function readPayload(text: string | undefined): Heard {
  let told: unknown;
  try {
    told = JSON.parse(text ?? '');
  } catch {
    return UNKNOWN;
  }
  if (!isRecord(told) || told['v'] !== VERSION) return UNKNOWN;
  const { op, s: schema, t: table, ids } = told;
  if (op === 'ddl' && table === undefined) return { kind: 'ddl', event: undefined };
  if (typeof schema !== 'string' || typeof table !== 'string') return UNKNOWN;
  switch (op) {
    case 'insert':
    case 'update':
    case 'delete':
      // Old keys and new ones are all told: none that is not was set.
      return { kind: 'write', event: { table, schema, verb: op, rows: rowsOf(ids), columns: [] } };
    case 'truncate':
      return { kind: 'write', event: { table, schema, verb: op } };
    case 'ddl':
      return { kind: 'ddl', event: { table, schema, verb: op } };
    default:
      return UNKNOWN;
  }
}

function rowsOf(ids: unknown): readonly (readonly string[])[] | undefined {
  if (!Array.isArray(ids) || ids.length === 0) return undefined;
  const isKey = (id: unknown): id is string[] =>
    Array.isArray(id) && id.length > 0 && id.every((part) => typeof part === 'string');
  return ids.every(isKey) ? ids : undefined;
}
