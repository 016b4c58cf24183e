import type { WriteEvent } from '../source/outcome.js';
import { idText } from './held-ids.js';
import type { BsonDocument } from './mongodb-types.js';
import type { CollectionName } from './pipeline.js';

/** One write; the `_id` of a document never changes, whatever an update sets. */
export function event(
  { db, collection }: CollectionName,
  verb: WriteEvent['verb'],
  ids: readonly string[] | undefined,
): WriteEvent {
  return { table: collection, schema: db, verb, rows: ids?.map((id) => [id]), columns: [] };
}

/** All of a collection, as if each document had been deleted. */
export function gone(name: CollectionName): WriteEvent {
  return event(name, 'delete', undefined);
}

/** Documents under the keys that they have, and those of which the server makes the key. */
export function inserted(name: CollectionName, documents: readonly BsonDocument[]): readonly WriteEvent[] {
  const ids = documents.map((document) => idText(document['_id']));
  const known = ids.filter((id) => id !== undefined);
  const events = known.length > 0 ? [event(name, 'insert', known)] : [];
  return known.length < ids.length ? [...events, event(name, 'insert', undefined)] : events;
}
