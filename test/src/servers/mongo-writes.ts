import { type Document, Long, ObjectId, serialize } from 'bson';
import { updateOne } from 'mingo';
import { type MongoData, matching, Refusal } from './mongo-data.js';

/** A write that is refused by itself, while the others of its command go on. */
function refused(index: number, { code, message }: Refusal): Document {
  return { index, code, errmsg: message };
}

/** Runs the statements of a command: those after one that is refused only where their order does not matter. */
function each(statements: readonly Document[], isOrdered: boolean, run: (statement: Document, i: number) => void) {
  const writeErrors: Document[] = [];
  for (const [i, statement] of statements.entries()) {
    try {
      run(statement, i);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      writeErrors.push(refused(i, error));
      if (isOrdered) break;
    }
  }
  return writeErrors.length === 0 ? {} : { writeErrors };
}

export function insert(data: MongoData, { $db, insert: name, documents, ordered }: Document): Document {
  let n = 0;
  const errors = each(documents, ordered !== false, (document) => {
    add(data.documents($db, name), document);
    n++;
  });
  return { n, ...errors };
}

function add(documents: Document[], document: Document): Document {
  const whole = { _id: document['_id'] ?? new ObjectId(), ...document };
  if (documents.some(matching({ _id: whole._id }))) throw new Refusal(11000, 'DuplicateKey', 'E11000 duplicate key');
  documents.push(whole);
  return whole;
}

export function update(data: MongoData, { $db, update: name, updates, ordered }: Document): Document {
  let [n, nModified] = [0, 0];
  const upserted: Document[] = [];
  const errors = each(updates, ordered !== false, (statement, index) => {
    const done = change(data.documents($db, name), statement['q'], statement['u'], statement);
    n += done.matched;
    nModified += done.modified;
    if (done.upserted !== undefined) {
      n++;
      upserted.push({ index, _id: done.upserted['_id'] });
    }
  });
  return { n, nModified, ...(upserted.length > 0 ? { upserted } : {}), ...errors };
}

/** Changes what a filter holds; `multi`: all of it. */
function change(documents: Document[], filter: Document, by: Document, options: Document) {
  const held = documents.filter(matching(filter));
  const chosen = options['multi'] === true ? held : held.slice(0, 1);
  let modified = 0;
  for (const document of chosen) {
    const before = Buffer.from(serialize(document));
    apply(documents, document, by, options);
    if (!before.equals(serialize(document))) modified++;
  }
  if (chosen.length > 0 || options['upsert'] !== true)
    return { matched: chosen.length, modified, upserted: undefined, chosen };
  const upserted = add(documents, upsertOf(filter, by));
  return { matched: 0, modified: 0, upserted, chosen: [upserted] };
}

function apply(documents: Document[], document: Document, by: Document, options: Document): void {
  if (isReplacement(by)) {
    for (const key of Object.keys(document)) if (key !== '_id') delete document[key];
    Object.assign(document, by, { _id: document['_id'] });
  } else {
    const operators = { ...by };
    delete operators['$setOnInsert'];
    updateOne(documents, { _id: document['_id'] }, operators, { arrayFilters: options['arrayFilters'] ?? [] });
  }
}

function upsertOf(filter: Document, by: Document): Document {
  const equal = Object.entries(filter).filter(([key, value]) => !key.startsWith('$') && !isOperator(value));
  const document: Document = Object.fromEntries(equal);
  if (isReplacement(by)) return { ...document, ...by };
  Object.assign(document, by['$setOnInsert']);
  const made = [{ _id: 0, ...document }];
  const operators = { ...by };
  delete operators['$setOnInsert'];
  if (Object.keys(operators).length > 0) updateOne(made, {}, operators);
  const [{ _id, ...rest } = {}] = made as Document[];
  return '_id' in document ? { _id, ...rest } : rest;
}

function isOperator(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !('_bsontype' in value) &&
    (Object.keys(value)[0] ?? '').startsWith('$')
  );
}

function isReplacement(by: Document): boolean {
  return !Array.isArray(by) && !(Object.keys(by)[0] ?? '').startsWith('$');
}

export function remove(data: MongoData, { $db, delete: name, deletes }: Document): Document {
  let n = 0;
  for (const { q, limit } of deletes) n += take(data.documents($db, name), q, Number(limit)).length;
  return { n };
}

function take(documents: Document[], filter: Document, limit: number): Document[] {
  const held = documents.filter(matching(filter));
  const gone = limit === 1 ? held.slice(0, 1) : held;
  for (const document of gone) documents.splice(documents.indexOf(document), 1);
  return gone;
}

export function findAndModify(data: MongoData, command: Document): Document {
  const documents = data.documents(command['$db'], command['findAndModify']);
  const filter = command['query'] ?? {};
  if (command['remove'] === true) {
    const [value = null] = take(documents, filter, 1);
    return { value, lastErrorObject: { n: value === null ? 0 : 1 } };
  }
  const before = documents.find(matching(filter));
  const old = before === undefined ? null : { ...before };
  const { chosen, upserted } = change(documents, filter, command['update'], command);
  const value = command['new'] === true ? (chosen[0] ?? null) : old;
  const n = chosen.length;
  const how = upserted === undefined ? {} : { upserted: upserted['_id'] };
  return { value, lastErrorObject: { n, updatedExisting: n > 0 && upserted === undefined, ...how } };
}

/** `bulkWrite` of MongoDB 8: on several collections. */
export function bulkWrite(data: MongoData, { ops, nsInfo }: Document): Document {
  const counts = { nInserted: 0, nMatched: 0, nModified: 0, nUpserted: 0, nDeleted: 0, nErrors: 0 };
  for (const operation of ops) {
    const { ns } = nsInfo[operation.insert ?? operation.update ?? operation.delete];
    const [$db, ...rest] = ns.split('.');
    const documents = data.documents($db, rest.join('.'));
    if ('insert' in operation) {
      add(documents, operation.document);
      counts.nInserted++;
    } else if ('delete' in operation)
      counts.nDeleted += take(documents, operation.filter, operation.multi === true ? 0 : 1).length;
    else {
      const done = change(documents, operation.filter, operation.updateMods, operation);
      counts.nMatched += done.matched;
      counts.nModified += done.modified;
      if (done.upserted !== undefined) counts.nUpserted++;
    }
  }
  return { ...counts, cursor: { id: Long.ZERO, ns: 'admin.$cmd.bulkWrite', firstBatch: [] } };
}
