import type { WriteEvent } from '../source/outcome.js';
import { bulkWrites } from './bulk-writes.js';
import { hasCollation, idsHeld, idText } from './held-ids.js';
import { type BsonDocument, documentsIn, isDocument, numberIn } from './mongodb-types.js';
import { type CollectionName, pipelineTables } from './pipeline.js';
import { event, gone, inserted } from './write-events.js';

/** Reads what a command has written. */
type Writes = (command: BsonDocument, db: string, reply: BsonDocument | undefined) => readonly WriteEvent[];

/** By the command's name. */
const WRITES: Readonly<Record<string, Writes>> = {
  insert: (command, db, reply) => insertWrites(on(db, command['insert']), command, reply),
  update: (command, db, reply) => updateWrites(on(db, command['update']), command, reply),
  delete: (command, db, reply) => deleteWrites(on(db, command['delete']), command, reply),
  findAndModify: (command, db, reply) => modifyWrites(on(db, command['findAndModify']), command, reply),
  findandmodify: (command, db, reply) => modifyWrites(on(db, command['findandmodify']), command, reply),
  bulkWrite: (command, _db, reply) => bulkWrites(command, reply),
  aggregate: (command, db) => aggregateWrites(command, db),
  mapReduce: (command, db) => mapReduceWrites(command, db),
  // Nobody knows its collections.
  dropDatabase: () => [],
  drop: (command, db) => [gone(on(db, command['drop']))],
  renameCollection: ({ renameCollection, to }) => [renameCollection, to].flatMap(ofNamespace).map(gone),
  convertToCapped: (command, db) => [gone(on(db, command['convertToCapped']))],
  cloneCollectionAsCapped: (command, db) => [gone(on(db, command['toCollection']))],
  // A view under this name shows something else from now on.
  create: (command, db) => (command['viewOn'] === undefined ? [] : [gone(on(db, command['create']))]),
  collMod: (command, db) => (command['viewOn'] === undefined ? [] : [gone(on(db, command['collMod']))]),
};

/** Commands that change no document, beside those that read: what stands nowhere counts as one that may do anything. */
const HARMLESS = new Set(
  `find count distinct getMore killCursors explain listCollections listIndexes listDatabases collStats dbStats dataSize
  createIndexes dropIndexes createSearchIndexes dropSearchIndex updateSearchIndex listSearchIndexes validate compact reIndex
  commitTransaction abortTransaction startSession endSessions refreshSessions killSessions killAllSessions
  killAllSessionsByPattern hello isMaster ismaster ping buildInfo buildinfo connectionStatus serverStatus hostInfo
  getParameter setParameter getCmdLineOpts getLog currentOp killOp top whatsmyuri features listCommands profile logRotate
  fsync fsyncUnlock replSetGetStatus replSetGetConfig isdbgrid authenticate getnonce logout saslStart saslContinue usersInfo
  rolesInfo createUser updateUser dropUser dropAllUsersFromDatabase grantRolesToUser revokeRolesFromUser createRole
  updateRole dropRole grantPrivilegesToRole revokePrivilegesFromRole grantRolesToRole revokeRolesFromRole
  getDefaultRWConcern setDefaultRWConcern setFeatureCompatibilityVersion planCacheClear planCacheListFilters enableSharding
  shardCollection balancerStatus listShards`.split(/\s+/),
);

/** Whether a command may change a document. */
export function mayWrite(name: string, command: BsonDocument): boolean {
  if (name === 'aggregate') return pipelineTables(command['pipeline'], '').writes.length > 0;
  return !HARMLESS.has(name);
}

/**
 * What a command has written, as far as it and its reply tell.
 *
 * @param reply - `undefined` where nobody knows what the server has done
 * @returns `undefined` for a command of which nobody knows what it does
 */
export function writesOf(
  name: string,
  command: BsonDocument,
  db: string,
  reply: BsonDocument | undefined,
): readonly WriteEvent[] | undefined {
  return Object.hasOwn(WRITES, name) ? WRITES[name]?.(command, db, reply) : undefined;
}

function on(db: string, collection: unknown): CollectionName {
  return { db, collection: String(collection) };
}

function ofNamespace(namespace: unknown): readonly CollectionName[] {
  const text = String(namespace);
  const dot = text.indexOf('.');
  return dot < 0 ? [] : [{ db: text.slice(0, dot), collection: text.slice(dot + 1) }];
}

function insertWrites(name: CollectionName, command: BsonDocument, reply: BsonDocument | undefined) {
  return numberIn(reply?.['n']) === 0 ? [] : inserted(name, documentsIn(command['documents']));
}

function updateWrites(name: CollectionName, command: BsonDocument, reply: BsonDocument | undefined) {
  const updates = documentsIn(command['updates']);
  const upserted = documentsIn(reply?.['upserted']);
  const events = [...inserted(name, upserted)];
  // What was found, and is as it was before, counts in `n` alone.
  if (numberIn(reply?.['nModified']) === 0) return events;
  const isNew = new Set(upserted.map(({ index }) => numberIn(index)));
  for (const [i, update] of updates.entries()) {
    if (isNew.has(i)) continue;
    const ids = idsHeld(update['q'], hasCollation(update));
    events.push(event(name, reply === undefined && update['upsert'] === true ? 'upsert' : 'update', ids));
  }
  return events;
}

function deleteWrites(name: CollectionName, command: BsonDocument, reply: BsonDocument | undefined) {
  if (numberIn(reply?.['n']) === 0) return [];
  return documentsIn(command['deletes']).map((each) => event(name, 'delete', idsHeld(each['q'], hasCollation(each))));
}

function modifyWrites(name: CollectionName, command: BsonDocument, reply: BsonDocument | undefined) {
  const last = reply?.['lastErrorObject'];
  const { n, upserted } = isDocument(last) ? last : ({} as BsonDocument);
  if (numberIn(n) === 0) return [];
  if (upserted !== undefined) return inserted(name, [{ _id: upserted }]);
  const held = idsHeld(command['query'], hasCollation(command));
  const verb = command['remove'] === true ? 'delete' : reply === undefined && command['upsert'] ? 'upsert' : 'update';
  return [event(name, verb, held ?? idReturned(reply))];
}

/** Of the document that comes with the reply, before or after the change; a projection may leave its key out. */
function idReturned(reply: BsonDocument | undefined): readonly string[] | undefined {
  const value = reply?.['value'];
  const id = isDocument(value) ? idText(value['_id']) : undefined;
  return id === undefined ? undefined : [id];
}

function aggregateWrites(command: BsonDocument, db: string): readonly WriteEvent[] {
  return pipelineTables(command['pipeline'], db).writes.map((name) =>
    name.replaces ? gone(name) : event(name, 'upsert', undefined),
  );
}

function mapReduceWrites({ out }: BsonDocument, db: string): readonly WriteEvent[] {
  if (typeof out === 'string') return [gone({ db, collection: out })];
  if (!isDocument(out)) return [];
  const into = out['replace'] ?? out['merge'] ?? out['reduce'];
  return typeof into === 'string'
    ? [gone({ db: typeof out['db'] === 'string' ? out['db'] : db, collection: into })]
    : [];
}
