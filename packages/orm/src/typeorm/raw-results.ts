import { knownConnection } from './connections.js';
import type { AfterQueryLike, DataSourceLike, QueryRunnerLike } from './typeorm-types.js';

/** What TypeORM tells subscribers of a statement, and nobody else. */
export interface Told {
  /** What the driver itself has returned; `undefined` where TypeORM does not tell. */
  raw: unknown;
  /** SQLite: the key of the row that was inserted last, read before anything else could run. */
  rowId: unknown;
}

/** A statement that is under way. */
interface Call extends Told {
  readonly sql: string;
  readonly parameters: unknown;
}

/**
 * On a runner: what is under way there, in the order in which it was sent, which is that of the answers. No
 * `AsyncLocalStorage`, which makes each promise of the process cost more from the first write on.
 */
const underWay = Symbol('viewcache.under-way');
type Runner = QueryRunnerLike & { [underWay]?: Call[] };

/** The same for all data sources. */
const subscriber = { afterQuery: heardAfter };
/** By list of subscribers, the statements that are under way. */
const hearing = new WeakMap<readonly object[], number>();

/** Carries out a statement of a runner, and hears of it what only subscribers are told: more, and before anything else can run. */
export async function overheard<T>(
  dataSource: DataSourceLike,
  runner: QueryRunnerLike,
  { sql, parameters }: Pick<Call, 'sql' | 'parameters'>,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly told: Told }> {
  const call: Call = { sql, parameters, raw: undefined, rowId: undefined };
  const calls = (runner as Runner)[underWay] ?? [];
  (runner as Runner)[underWay] = calls;
  calls.push(call);
  const stop = subscribe(dataSource);
  try {
    return { result: await work(), told: call };
  } finally {
    stop();
    remove(calls, call);
  }
}

/** Only as long as there is something to hear: of reads TypeORM would tell, too. `initialize()` makes the list anew. */
function subscribe({ subscribers }: DataSourceLike): () => void {
  const count = hearing.get(subscribers) ?? 0;
  hearing.set(subscribers, count + 1);
  if (count === 0) subscribers.push(subscriber);
  return () => {
    const left = (hearing.get(subscribers) ?? 1) - 1;
    hearing.set(subscribers, left);
    if (left === 0) remove(subscribers, subscriber);
  };
}

function heardAfter({ queryRunner, query, parameters, success, rawResults }: AfterQueryLike): void {
  const calls = (queryRunner as Runner)[underWay] ?? [];
  // Some drivers hand on a list of their own.
  const call =
    calls.find((each) => each.sql === query && each.parameters === parameters) ??
    calls.find(({ sql }) => sql === query);
  if (call === undefined) return;
  remove(calls, call);
  if (!success) return;
  call.raw = rawResults;
  call.rowId = lastRowId(knownConnection(queryRunner), query);
}

/** The key of the last row, of sql.js: the other drivers tell it. */
function lastRowId(connection: object | undefined, sql: string): unknown {
  const { exec, getRowsModified } = (connection ?? {}) as {
    exec?(sql: string): readonly { readonly values: readonly (readonly unknown[])[] }[];
    getRowsModified?: unknown;
  };
  if (typeof exec !== 'function' || typeof getRowsModified !== 'function' || !/^\s*insert\b/i.test(sql))
    return undefined;
  try {
    return exec.call(connection, 'SELECT last_insert_rowid()')[0]?.values[0]?.[0];
  } catch {
    // Without it the row is one that nobody knows.
    return undefined;
  }
}

function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}
