import { type Document, Long } from 'bson';
import { find } from 'mingo';
import { clone, MongoData, matching, Refusal } from './mongo-data.js';
import { bulkWrite, findAndModify, insert, remove, update } from './mongo-writes.js';

const FIRST_BATCH = 101;

/** What a server does with commands, but for transactions. */
export class MongoCommands {
  readonly data = new MongoData();
  readonly #cursors = new Map<string, { readonly ns: string; readonly rest: Document[] }>();
  #nextCursor = 1;

  /** @param data - what a transaction sees, or everybody */
  run(name: string, command: Document, data: MongoData): Document {
    const known = this.#commands[name];
    if (known === undefined) throw new Refusal(59, 'CommandNotFound', `no such command: '${name}'`);
    return known(command, data);
  }

  readonly #commands: Readonly<Record<string, (command: Document, data: MongoData) => Document>> = {
    ping: () => ({}),
    endSessions: () => ({}),
    createIndexes: () => ({}),
    insert: (command, data) => insert(data, command),
    update: (command, data) => update(data, command),
    delete: (command, data) => remove(data, command),
    findAndModify: (command, data) => findAndModify(data, command),
    bulkWrite: (command, data) => bulkWrite(data, command),
    find: (command, data) => this.#find(command, data),
    aggregate: (command, data) => this.#aggregate(command, data),
    getMore: (command) => this.#more(command),
    killCursors: ({ cursors }) => {
      for (const id of cursors) this.#cursors.delete(String(id));
      return { cursorsKilled: cursors };
    },
    count: ({ $db, count, query, limit }, data) => {
      const n = data.found($db, count, query).length;
      return { n: limit > 0 ? Math.min(n, limit) : n };
    },
    distinct: ({ $db, distinct, key, query }, data) => ({
      values: [...new Set(data.found($db, distinct, query).map((document) => document[key]))],
    }),
    create: ({ $db, create, viewOn, pipeline }, data) => {
      if (viewOn !== undefined) data.createView($db, create, viewOn, pipeline ?? []);
      else data.documents($db, create);
      return {};
    },
    drop: ({ $db, drop }, data) => {
      if (!data.drop($db, drop)) throw new Refusal(26, 'NamespaceNotFound', 'ns not found');
      return {};
    },
    dropDatabase: ({ $db }, data) => {
      for (const name of data.names($db)) data.drop($db, name);
      return {};
    },
    renameCollection: ({ renameCollection, to }, data) => {
      data.rename(renameCollection, to);
      return {};
    },
    listCollections: ({ $db, filter = {} }, data) => {
      const views = data.views($db).map(({ name, ...options }) => ({ name, type: 'view', options }));
      const isView = new Set(views.map(({ name }) => name));
      const others = data.names($db).filter((name) => !isView.has(name));
      const all = [...others.map((name) => ({ name, type: 'collection', options: {} })), ...views];
      return this.#cursor(`${$db}.$cmd.listCollections`, all.filter(matching(filter)));
    },
    // Something that no client knows of.
    shuffle: () => ({}),
  };

  #find(
    { $db, find: name, filter = {}, projection, sort, skip, limit, batchSize, singleBatch }: Document,
    data: MongoData,
  ) {
    let cursor = find<Document>(data.seen($db, name), filter, projection);
    if (sort !== undefined) cursor = cursor.sort(sort);
    if (skip > 0) cursor = cursor.skip(skip);
    if (limit > 0) cursor = cursor.limit(limit);
    const found = cursor.all().map(clone);
    return this.#cursor(`${$db}.${name}`, found, singleBatch === true ? found.length : batchSize);
  }

  #aggregate({ $db, aggregate, pipeline, cursor }: Document, data: MongoData): Document {
    const name = typeof aggregate === 'string' ? aggregate : undefined;
    return this.#cursor(`${$db}.${name}`, data.aggregate($db, name, pipeline), cursor?.batchSize);
  }

  #cursor(ns: string, documents: Document[], batchSize = FIRST_BATCH): Document {
    const firstBatch = documents.splice(0, batchSize);
    if (documents.length === 0) return { cursor: { id: Long.ZERO, ns, firstBatch } };
    const id = this.#nextCursor++;
    this.#cursors.set(String(id), { ns, rest: documents });
    return { cursor: { id: Long.fromNumber(id), ns, firstBatch } };
  }

  #more({ getMore, batchSize = FIRST_BATCH }: Document): Document {
    const known = this.#cursors.get(String(getMore));
    if (known === undefined) throw new Refusal(43, 'CursorNotFound', 'cursor not found');
    const nextBatch = known.rest.splice(0, batchSize);
    const isDone = known.rest.length === 0;
    if (isDone) this.#cursors.delete(String(getMore));
    return { cursor: { id: isDone ? Long.ZERO : Long.fromNumber(Number(getMore)), ns: known.ns, nextBatch } };
  }
}
