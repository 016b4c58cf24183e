import type { StatementResult } from '../source/outcome.js';
import { Replaced } from '../source/replaced.js';
import { type LocalWatch, soleWrite } from '../sqlite/local-watch.js';
import { watchesOf } from '../sqlite/local-watches.js';
import { isUnheard, unheard } from '../sqlite/unheard.js';
import type { DatabaseLike, RunResult, StatementLike } from './better-sqlite3-types.js';
import { bind, parametersOf } from './parameters.js';
import { resultOfRows, resultOfRun } from './result-of.js';

type Watches = ReadonlySet<LocalWatch>;
type ResultsOf<T> = (result: T, watch: LocalWatch) => readonly StatementResult[];

/** Statements of all databases have one prototype: those that are prepared already are met, and those of `transaction()`. */
const methods: readonly Replaced<unknown>[] = [
  method<RunResult>('run', (statement) => (result, watch) => [resultOfRun(result, watch.countedKey(statement.source))]),
  method<readonly unknown[]>('all', (statement) => {
    const isWrite = soleWrite(statement.source) !== undefined;
    return (rows) => (isWrite ? [resultOfRows(statement, rows, rows.length)] : []);
  }),
  method<unknown>('get', (statement) => {
    const isWrite = soleWrite(statement.source) !== undefined;
    return (row) =>
      isWrite ? [resultOfRows(statement, row === undefined ? [] : [row], changesOf(statement, row))] : [];
  }),
  new Replaced('iterate', (original) => {
    return function iterate(...given) {
      const statement = this as StatementLike;
      const watches = heardBy(statement.database);
      if (watches === undefined) return original.apply(this, given);
      const parameters = parametersOf(statement, given);
      for (const watch of watches) watch.reading(statement.source, parameters);
      const rows = original.apply(this, given) as IterableIterator<unknown>;
      return ending(rows, watches, statement.source, parameters);
    };
  }),
  new Replaced('bind', (original) => {
    return function bindForGood(...given) {
      const statement = original.apply(this, given) as object;
      bind(this, given);
      return statement;
    };
  }),
];

const execs: Replaced<unknown> = new Replaced('exec', (original) => {
  return function exec(...given) {
    const watches = heardBy(this);
    const [sql] = given;
    if (watches === undefined || typeof sql !== 'string') return original.apply(this, given);
    const database = this as DatabaseLike;
    const results: ResultsOf<unknown> = (_, watch) => {
      const run = soleWrite(sql) === undefined ? undefined : lastRun(database);
      return run === undefined ? [] : [resultOfRun(run, watch.countedKey(sql))];
    };
    return carriedOut(watches, sql, undefined, () => original.apply(this, given), results);
  };
});

/** Hears of what a database carries out, until what it returns is called. */
export function attachTo(database: DatabaseLike): () => void {
  const statements = Object.getPrototypeOf(unheard(() => database.prepare('SELECT 1'))) as object;
  const party = {};
  const stops = [...methods.map((each) => each.on(statements, party)), execs.on(database, party)];
  return () => {
    for (const stop of stops) stop();
  };
}

function method<T>(name: string, resultsOf: (statement: StatementLike) => ResultsOf<T>): Replaced<unknown> {
  return new Replaced(name, (original) => {
    return function carryOut(...given) {
      const statement = this as StatementLike;
      const watches = heardBy(statement.database);
      if (watches === undefined) return original.apply(this, given);
      const parameters = parametersOf(statement, given);
      const work = () => original.apply(this, given) as T;
      return carriedOut(watches, statement.source, parameters, work, resultsOf(statement));
    };
  });
}

function heardBy(database: object): Watches | undefined {
  if (isUnheard()) return undefined;
  const watches = watchesOf(database);
  return watches.size === 0 ? undefined : watches;
}

function carriedOut<T>(watches: Watches, sql: string, parameters: unknown, work: () => T, results: ResultsOf<T>): T {
  for (const watch of watches) watch.reading(sql, parameters);
  let result: T;
  try {
    result = work();
  } catch (error) {
    for (const watch of watches) watch.failed(sql, parameters, error);
    throw error;
  }
  for (const watch of watches) watch.ran(sql, parameters, results(result, watch));
  return result;
}

/** What a statement changes it changes before it returns its first row; it has ended when nobody asks for more. */
function ending(
  rows: Iterator<unknown>,
  watches: Watches,
  sql: string,
  parameters: unknown,
): IterableIterator<unknown> {
  let hasEnded = false;
  const stops = [...watches].map((watch) => watch.iterating());
  const end = (error?: unknown): void => {
    if (hasEnded) return;
    hasEnded = true;
    for (const stop of stops) stop();
    for (const watch of watches) {
      if (error === undefined) watch.ran(sql, parameters, []);
      else watch.failed(sql, parameters, error);
    }
  };
  return {
    next() {
      try {
        const step = rows.next();
        if (step.done === true) end();
        return step;
      } catch (error) {
        end(error);
        throw error;
      }
    },
    return(value) {
      const step = rows.return?.(value) ?? { value, done: true };
      end();
      return step;
    },
    [Symbol.iterator]() {
      return this;
    },
  };
}

/** `get` returns the first of the rows that a statement has changed, and all of them are changed. */
function changesOf({ database }: StatementLike, row: unknown): number | undefined {
  return row === undefined ? 0 : lastRun(database as DatabaseLike)?.changes;
}

/** What the last statement came to: `exec` returns nothing. */
function lastRun(database: DatabaseLike): RunResult | undefined {
  try {
    const [changes, lastInsertRowid] = unheard(() =>
      database.prepare('SELECT changes(), last_insert_rowid()').raw().get(),
    ) as readonly [number | bigint, number | bigint];
    return { changes: Number(changes), lastInsertRowid };
  } catch {
    return undefined;
  }
}
