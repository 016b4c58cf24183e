import type { WriteEvent } from '../source/outcome.js';
import { hasCollation, idsHeld } from './held-ids.js';
import { type BsonDocument, documentsIn, isDocument, numberIn } from './mongodb-types.js';
import type { CollectionName } from './pipeline.js';
import { event, inserted } from './write-events.js';

/** What `client.bulkWrite()` of MongoDB 8 has written: operations on several collections in one command. */
export function bulkWrites(command: BsonDocument, reply: BsonDocument | undefined): readonly WriteEvent[] {
  const names = documentsIn(command['nsInfo']).map(({ ns }) => nameOf(ns));
  const none = (count: string): boolean => numberIn(reply?.[count]) === 0;
  const events: WriteEvent[] = [];
  for (const operation of documentsIn(command['ops'])) {
    const verb = (['insert', 'update', 'delete'] as const).find((each) => operation[each] !== undefined);
    const name = verb === undefined ? undefined : names[numberIn(operation[verb]) ?? -1];
    if (verb === undefined || name === undefined) throw new TypeError('an operation of bulkWrite that nobody knows');
    const ids = (): readonly string[] | undefined => idsHeld(operation['filter'], hasCollation(operation));
    if (verb === 'insert') {
      const { document } = operation;
      if (!none('nInserted')) events.push(...inserted(name, isDocument(document) ? [document] : []));
    } else if (verb === 'delete') {
      if (!none('nDeleted')) events.push(event(name, 'delete', ids()));
    } else if (!none('nModified') || (operation['upsert'] === true && !none('nUpserted')))
      events.push(event(name, operation['upsert'] === true ? 'upsert' : 'update', ids()));
  }
  return events;
}

function nameOf(namespace: unknown): CollectionName {
  const [db = '', ...rest] = String(namespace).split('.');
  return { db, collection: rest.join('.') };
}
