import { type BsonDocument, isDocument } from './mongodb-types.js';

/**
 * An `_id` as its text: 5, `Long(5)` and `'5'` are one, which costs precision and nothing else.
 *
 * @returns `undefined` for what may equal something that is spelled in another way, such as a document
 */
export function idText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? undefined : objectText(value);
    default:
      return undefined;
  }
}

/** Types of BSON whose text stands for all of them. */
const SPELLED = new Set(['ObjectId', 'ObjectID', 'Long', 'Int32', 'Double', 'Decimal128']);

function objectText(value: object): string | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  if (value instanceof Uint8Array) return hex(value);
  const { _bsontype: type } = value as { readonly _bsontype?: string };
  if (type !== undefined && SPELLED.has(type)) return String(value);
  return type === 'Binary' ? binaryText(value) : undefined;
}

/** A UUID is one, too. */
export function binaryText(value: object): string | undefined {
  const { buffer, position } = value as { readonly buffer?: unknown; readonly position?: number };
  return buffer instanceof Uint8Array ? hex(buffer.subarray(0, position)) : undefined;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/**
 * The documents that a filter holds at most, each by the text of its `_id`.
 *
 * @param hasCollation - the command compares texts in a way of its own: they name no document
 * @returns `undefined` where it may hold any
 */
export function idsHeld(filter: unknown, hasCollation: boolean): readonly string[] | undefined {
  if (!isDocument(filter)) return undefined;
  const own = conditionIds(filter['_id'], hasCollation);
  if (own !== undefined) return own;
  const { $and } = filter;
  if (!Array.isArray($and)) return undefined;
  for (const part of $and) {
    const ids = idsHeld(part, hasCollation);
    if (ids !== undefined) return ids;
  }
  return undefined;
}

function conditionIds(condition: unknown, hasCollation: boolean): readonly string[] | undefined {
  if (!isDocument(condition)) return texts([condition], hasCollation);
  if (Object.hasOwn(condition, '$eq')) return texts([condition['$eq']], hasCollation);
  const list = condition['$in'];
  return Array.isArray(list) ? texts(list, hasCollation) : undefined;
}

function texts(values: readonly unknown[], hasCollation: boolean): readonly string[] | undefined {
  const found: string[] = [];
  for (const value of values) {
    const text = hasCollation && typeof value === 'string' ? undefined : idText(value);
    if (text === undefined) return undefined;
    found.push(text);
  }
  return found;
}

/** Whether a command, or a statement within one, says how texts are compared. */
export function hasCollation(command: BsonDocument): boolean {
  return command['collation'] !== undefined;
}
