import { watchesOf } from '../sqlite/local-watches.js';
import { isUnheard } from '../sqlite/unheard.js';
import { resultsOf } from './result-of.js';
import type { DatabaseLike, StatementLike } from './sql-js-types.js';

/**
 * Watches one statement, for as long as it is used.
 *
 * @param given - what was bound to it when it was prepared
 */
export function watchStatement(database: DatabaseLike, statement: StatementLike, given: unknown): void {
  const { bind, step, get, getAsObject, run, reset } = statement;
  const sql = statement.getSQL();
  let parameters = copied(given);
  /** It is carried out by its first step; the next ones hand out rows. */
  let isUnderWay = false;
  /** What its methods call in turn, some of them by their public names, is no call of the app's. */
  let isInside = false;

  const inside = <T>(work: () => T): T => {
    const before = isInside;
    isInside = true;
    try {
      return work();
    } finally {
      isInside = before;
    }
  };
  const bound = (values: unknown): void => {
    parameters = copied(values);
    isUnderWay = false;
  };
  /** @param work - carries it out; whether there is a row */
  const carryOut = <T>(work: () => T, hasRow: (result: T) => boolean): T => {
    if (isInside) return work();
    const watches = isUnheard() || isUnderWay ? [] : [...watchesOf(database)];
    for (const watch of watches) watch.reading(sql, parameters);
    let result: T;
    try {
      result = inside(work);
    } catch (error) {
      isUnderWay = false;
      for (const watch of watches) watch.failed(sql, parameters, error);
      throw error;
    }
    isUnderWay = hasRow(result);
    for (const watch of watches) watch.ran(sql, parameters, resultsOf(database, watch, sql, !isUnderWay));
    return result;
  };

  put(statement, {
    bind(values) {
      if (!isInside) bound(values);
      return inside(() => bind.call(statement, values));
    },
    step: () => carryOut(() => step.call(statement), Boolean),
    get(values, config) {
      const work = () => get.call(statement, values, config);
      // Without values it hands out the row that is there.
      if (isInside || values == null) return work();
      bound(values);
      return carryOut(work, (row) => row.length > 0);
    },
    getAsObject(values, config) {
      const work = () => getAsObject.call(statement, values, config);
      if (isInside || values == null) return inside(work);
      bound(values);
      return carryOut(work, (row) => Object.values(row).some((value) => value !== undefined));
    },
    run(values) {
      if (values != null) bound(values);
      isUnderWay = false;
      const done = carryOut(
        () => run.call(statement, values),
        () => false,
      );
      parameters = undefined;
      return done;
    },
    reset() {
      // It forgets what was bound to it, too.
      if (!isInside) bound(undefined);
      return inside(() => reset.call(statement));
    },
  });
}

/** They are bound as they are now. */
function copied(values: unknown): unknown {
  if (typeof values !== 'object' || values === null) return undefined;
  return Array.isArray(values) ? [...values] : { ...values };
}

function put(statement: StatementLike, methods: Partial<StatementLike>): void {
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(statement, name, { value, configurable: true, writable: true, enumerable: false });
}
