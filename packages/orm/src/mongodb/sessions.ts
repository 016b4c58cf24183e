import { meet } from '../source/registry.js';
import { Replaced } from '../source/replaced.js';
import type { Told } from '../source/told.js';
import type { WatchedSource } from '../source/watched-source.js';
import { awaitTold, holdCall } from './awaited-calls.js';
import { binaryText } from './held-ids.js';
import { type BsonDocument, isDocument, type MongoClientLike, type SessionLike } from './mongodb-types.js';

/**
 * The scopes of transactions: the sessions of the app, which commands name by an id. One that was begun before the watch has an
 * object of its own in its place.
 */
export class Sessions {
  readonly #source: WatchedSource;
  readonly #own = new WeakSet<object>();
  /** By the text of its id; the server's ids are used again when a session has ended. */
  readonly #byId = new Map<string, object>();

  constructor(source: WatchedSource) {
    this.#source = source;
  }

  /** A session that the app has asked for. */
  add(session: SessionLike): void {
    const id = lsidText(session.id);
    if (id === undefined) return;
    this.#own.add(session);
    meet(session, this.#source);
    this.#byId.set(id, session);
    session.once('ended', () => {
      this.#source.rolledBack(session);
      if (this.#byId.get(id) === session) this.#byId.delete(id);
    });
  }

  /** What the transaction of a command belongs to; `undefined` outside any. */
  scopeOf({ autocommit, lsid }: BsonDocument): object | undefined {
    if (autocommit !== false) return undefined;
    const id = lsidText(lsid) ?? '';
    const known = this.#byId.get(id) ?? {};
    this.#byId.set(id, known);
    return known;
  }

  /** A command is sent within a transaction. */
  begin(scope: object, { startTransaction }: BsonDocument): void {
    // What was open in a session that nobody knows has come to an end unseen.
    if (startTransaction === true && !this.#own.has(scope)) this.#source.rolledBack(scope);
    this.#source.began(scope);
  }

  /** A session's method has ended that begins or ends a transaction: one in which no command was sent tells of itself by nothing else. */
  turned(session: object, how: 'began' | 'committed' | 'rolledBack'): Told {
    if (!this.#own.has(session)) return undefined;
    if (how === 'committed') return this.#source.committed(session);
    // A commit of which nobody has heard the end has come to one.
    this.#source.rolledBack(session);
    if (how === 'began') this.#source.began(session);
    return undefined;
  }
}

function lsidText(lsid: unknown): string | undefined {
  const id = isDocument(lsid) ? lsid['id'] : undefined;
  return typeof id === 'object' && id !== null ? binaryText(id) : undefined;
}

const starts: Replaced<Sessions> = new Replaced('startTransaction', (original, parties) => {
  return function startTransaction(...given) {
    const result = original.apply(this, given);
    for (const sessions of parties) sessions.turned(this, 'began');
    return result;
  };
});

const ends = (['commitTransaction', 'abortTransaction'] as const).map(
  (name): Replaced<Sessions> =>
    new Replaced(name, (original, parties) => {
      return function end(...given) {
        if (parties.size === 0) return original.apply(this, given);
        return awaitTold(async () => {
          const result = await original.apply(this, given);
          const how = name === 'commitTransaction' ? 'committed' : 'rolledBack';
          for (const sessions of parties) holdCall(sessions.turned(this, how));
          return result;
        });
      };
    }),
);

/** Hears of each session that the app asks for, and of its transactions, until what it returns is called. */
export function attachSessions(client: MongoClientLike, sessions: Sessions): () => void {
  const stops = new Map<object, readonly (() => void)[]>();
  const heard: Heard = (session) => {
    const prototype = Object.getPrototypeOf(session) as object;
    if (!stops.has(prototype))
      stops.set(
        prototype,
        [starts, ...ends].map((each) => each.on(prototype, sessions)),
      );
    sessions.add(session);
  };
  const stop = made.on(client, heard);
  return () => {
    stop();
    for (const each of stops.values()) for (const end of each) end();
  };
}

type Heard = (session: SessionLike) => void;

const made: Replaced<Heard> = new Replaced('startSession', (original, parties) => {
  return function startSession(...given) {
    const session = original.apply(this, given) as SessionLike;
    // Those that the driver makes for one call have no transaction.
    const [options] = given as [{ readonly explicit?: boolean } | undefined];
    if (options?.explicit !== false) for (const heard of parties) heard(session);
    return session;
  };
});
