import { outcomeOf as pgOutcomeOf } from '../pg/outcome-of.js';
import type { Outcome } from '../source/outcome.js';
import { Replaced } from '../source/replaced.js';
import { type Answer, failureOf, type OutcomeLookup, resultOf } from './outcome-of.js';
import { carryOut, type MikroParty } from './statement.js';

/** What MikroORM 6 sends its statements by. */
export interface KnexLike {
  readonly client: object;
}

/** Each transaction has one of its own, with the settings of the first, and made of the same prototype. */
interface ClientLike {
  readonly config: object;
}

/** A statement, on which Knex leaves what the driver has answered. */
interface QueryLike {
  readonly sql: string;
  readonly bindings?: unknown;
  readonly response?: unknown;
  /** SQLite: of a statement that returns nothing. */
  readonly context?: { readonly lastID?: unknown; readonly changes?: unknown };
}

/** One watch, and the settings of the client that it is of. */
interface KnexParty extends MikroParty {
  readonly config: object;
}

const queries: Replaced<KnexParty> = new Replaced('_query', (original, all) => {
  return function _query(connection, query) {
    const parties = partiesOf(this as ClientLike, all);
    const work = (): Promise<QueryLike> => original.call(this, connection, query) as Promise<QueryLike>;
    const { sql, bindings } = query as QueryLike;
    if (parties.length === 0 || !sql) return work();
    // What it returns is handed on by Knex, and reads `response`; the object is the same.
    return carryOut({ scope: connection as object, sql, parameters: bindings }, parties, work, {
      done: () => (lookup) => outcomeOf(query as QueryLike, lookup),
      failed:
        (error) =>
        ({ dialect }) =>
          failureOf(error, dialect),
    });
  };
});

const streams: Replaced<KnexParty> = new Replaced('_stream', (original, all) => {
  return async function _stream(connection, query, ...given) {
    const parties = partiesOf(this as ClientLike, all);
    const { sql, bindings } = query as QueryLike;
    const scope = connection as object;
    const ends = parties.map(({ source }) => source.reading(scope, sql, bindings));
    const tell = async (outcome: Outcome): Promise<void> => {
      for (const end of ends) end?.();
      await Promise.all(parties.map(({ source }) => source.ran(scope, sql, bindings, outcome)));
    };
    try {
      const result = await (original.call(this, connection, query, ...given) as Promise<unknown>);
      await tell({ kind: 'done', results: [] });
      return result;
    } catch (error) {
      await tell({ kind: 'failed', isUnknown: true });
      throw error;
    }
  };
});

/** @returns ends it */
export function watchKnex({ client }: KnexLike, party: MikroParty): () => void {
  const ours: KnexParty = { ...party, config: (client as ClientLike).config };
  const stops = [queries, streams].map((replaced) => replaced.on(Object.getPrototypeOf(client), ours));
  return () => {
    for (const stop of stops) stop();
  };
}

/** The prototype is that of all clients of the same database. */
function partiesOf({ config }: ClientLike, all: ReadonlySet<KnexParty>): readonly KnexParty[] {
  const parties: KnexParty[] = [];
  for (const party of all) if (party.config === config) parties.push(party);
  return parties;
}

function outcomeOf({ sql, response, context }: QueryLike, lookup: OutcomeLookup): Outcome {
  if (lookup.dialect === 'postgres') return pgOutcomeOf(response, lookup.columnNames);
  const answer = lookup.dialect === 'mysql' ? answerOfMysql(response) : answerOfSqlite(response, context);
  if (answer === undefined || lookup.statements.footprints(sql).length !== 1) return { kind: 'done', results: [] };
  return { kind: 'done', results: [resultOf(sql, answer, lookup)] };
}

/** MySQL's answer to what returns no rows. */
interface Header {
  readonly affectedRows: number;
  readonly insertId?: unknown;
}

/** `undefined` of several statements: which result belongs to which is not told. */
function answerOfMysql(response: unknown): Answer | undefined {
  const [first] = (Array.isArray(response) ? response : []) as readonly unknown[];
  if (isHeader(first)) return { rows: undefined, affected: first.affectedRows, lastKey: first.insertId };
  if (!Array.isArray(first) || first.some((row) => Array.isArray(row) || isHeader(row))) return undefined;
  return { rows: first, affected: undefined };
}

function answerOfSqlite(response: unknown, context: QueryLike['context']): Answer {
  if (Array.isArray(response)) return { rows: response, affected: undefined };
  const { changes, lastID } = context ?? {};
  return { rows: undefined, affected: typeof changes === 'number' ? changes : undefined, lastKey: lastID };
}

function isHeader(value: unknown): value is Header {
  return typeof (value as Partial<Header> | null | undefined)?.affectedRows === 'number';
}
