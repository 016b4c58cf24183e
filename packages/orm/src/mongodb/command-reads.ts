import { hasCollation, idsHeld } from './held-ids.js';
import { type BsonDocument, isDocument } from './mongodb-types.js';
import { type CollectionName, pipelineTables } from './pipeline.js';

/** A collection that a command reads. */
export interface ReadCollection extends CollectionName {
  /** The documents that it may read, by the texts of their `_id`; `undefined`: any. */
  readonly ids: readonly string[] | undefined;
}

/** By the name of a command, the field that has its filter. What is changed and handed back is read, too. */
const FILTERS: Readonly<Record<string, string>> = {
  find: 'filter',
  count: 'query',
  distinct: 'query',
  findAndModify: 'query',
  findandmodify: 'query',
};

/** Whether a command reads documents for its caller, whatever else it does. */
export function isReading(name: string): boolean {
  return Object.hasOwn(FILTERS, name) || name === 'aggregate' || name === 'getMore' || name === 'mapReduce';
}

/** The collections that a command reads for its caller. */
export function readsOf(name: string, command: BsonDocument, db: string): readonly ReadCollection[] {
  const collection = command[name];
  if (Object.hasOwn(FILTERS, name))
    return one(db, collection, idsHeld(command[FILTERS[name] as string] ?? {}, hasCollation(command)));
  switch (name) {
    case 'aggregate':
      return aggregateReads(command, db);
    case 'getMore':
      return one(db, command['collection'], undefined);
    case 'mapReduce':
      return one(db, collection, undefined);
    default:
      return [];
  }
}

function aggregateReads(command: BsonDocument, db: string): readonly ReadCollection[] {
  const { aggregate, pipeline } = command;
  const { reads, isForeign } = pipelineTables(pipeline, db);
  const others = reads.map((name) => ({ ...name, ids: undefined }));
  if (isForeign) return others;
  const first: unknown = Array.isArray(pipeline) ? pipeline[0] : undefined;
  const match = isDocument(first) ? first['$match'] : undefined;
  return [...one(db, aggregate, idsHeld(match, hasCollation(command))), ...others];
}

function one(db: string, collection: unknown, ids: readonly string[] | undefined): readonly ReadCollection[] {
  return typeof collection === 'string' ? [{ db, collection, ids }] : [];
}

/** What a command is called where reads and writes are explained: `users.find(_id, name)`. */
export function saidOf(name: string, command: BsonDocument): string {
  const collection = name === 'getMore' ? command['collection'] : command[name];
  const on = typeof collection === 'string' ? `${collection}.` : '';
  return `${on}${name}(${partsOf(name, command).join(', ')})`;
}

/** The fields of its filter, or the stages of its pipeline: no values, so that one text stands for all like it. */
function partsOf(name: string, command: BsonDocument): readonly string[] {
  const { pipeline, filter, query, updates, deletes } = command;
  if (name === 'aggregate' && Array.isArray(pipeline)) return pipeline.flatMap(fieldsOf).slice(0, 8);
  const [first] = Array.isArray(updates) ? updates : Array.isArray(deletes) ? deletes : [];
  return fieldsOf(filter ?? query ?? (isDocument(first) ? first['q'] : undefined)).slice(0, 8);
}

function fieldsOf(value: unknown): readonly string[] {
  return isDocument(value) ? Object.keys(value) : [];
}
