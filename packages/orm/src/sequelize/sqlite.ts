import type { Outcome, StatementResult } from '../source/outcome.js';
import { Replaced } from '../source/replaced.js';
import { statementsOf } from '../statements/dialect-statements.js';
import { ConnectionWatch } from './connection-watch.js';
import type { SequelizeParty } from './party.js';

/** What `sqlite3` calls back on. */
interface StatementLike {
  /** Rows that the last INSERT, UPDATE or DELETE has changed. */
  readonly changes?: unknown;
  /** The key of the row that was inserted last. */
  readonly lastID?: unknown;
}

type Callback = (this: StatementLike | undefined, error: unknown, rows?: unknown) => void;

const { footprints } = statementsOf('sqlite');

/** What a database of `sqlite3` carries statements out by. */
const methods = (['run', 'all', 'exec'] as const).map(
  (name): Replaced<SequelizeParty> =>
    new Replaced(name, (original, parties) => {
      return function carryOut(...given) {
        const [sql, values] = given;
        const callback = given.at(-1);
        if (typeof sql !== 'string' || typeof callback !== 'function') return original.apply(this, given);
        const watch = new ConnectionWatch(this, parties, sql, typeof values === 'function' ? undefined : values);
        const hearing: Callback = function (error, rows) {
          const told = watch.tell(({ countedKey }) =>
            // It is called, not asked: it says what it has not done.
            error ? { kind: 'failed', isUnknown: false } : outcomeOf(sql, this, rows, countedKey),
          );
          const call = (): unknown => (callback as Callback).call(this, error, rows);
          if (told === undefined) call();
          // What it throws is the app's, and no rejection of ours.
          else void told.then(() => process.nextTick(call));
        };
        return original.apply(this, given.with(-1, hearing));
      };
    }),
);

export function attachToSqlite(database: object, party: SequelizeParty): () => void {
  const stops = methods.map((method) => method.on(database, party));
  return () => {
    for (const stop of stops) stop();
  };
}

function outcomeOf(
  sql: string,
  statement: StatementLike | undefined,
  rows: unknown,
  countedKey: SequelizeParty['countedKey'],
): Outcome {
  const written = footprints(sql);
  if (written.length !== 1) return { kind: 'done', results: [] };
  const [write, another] = written[0]?.writes ?? [];
  const { changes, lastID } = statement ?? {};
  // Behind `all` there are rows, of RETURNING, and nobody counts.
  const listed = Array.isArray(rows) && rows.length > 0 ? rows : undefined;
  const affected = listed?.length ?? (typeof changes === 'number' && rows === undefined ? changes : undefined);
  const result: StatementResult = {
    command: undefined,
    affected,
    returned(columns) {
      if (write === undefined || another !== undefined || columns.length === 0) return undefined;
      if (listed !== undefined) {
        const isListed = columns.every((column) => listed.every((row) => Object.hasOwn(row as object, column)));
        return isListed ? listed.map((row) => columns.map((column) => row[column])) : undefined;
      }
      const isCounted = write.verb === 'insert' && columns.length === 1 && countedKey(write.table) === columns[0];
      return affected === 1 && isCounted && typeof lastID === 'number' && lastID > 0 ? [[lastID]] : undefined;
    },
  };
  return { kind: 'done', results: [result] };
}
