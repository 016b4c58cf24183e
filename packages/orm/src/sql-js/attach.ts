import { Replaced } from '../source/replaced.js';
import { watchesOf } from '../sqlite/local-watches.js';
import { isUnheard } from '../sqlite/unheard.js';
import { resultsOf } from './result-of.js';
import type { DatabaseLike, StatementLike } from './sql-js-types.js';
import { watchStatement } from './watched-statement.js';

/** The text that `run` or `exec` carries out: where they prepare it themselves, that is no call of the app's. */
let carried: unknown;

/** `run` and `exec`: a text of one or more statements, carried out as a whole. */
const texts = ['run', 'exec'].map(
  (name) =>
    new Replaced<unknown>(name, (original) => {
      return function carryOut(...given) {
        const database = this as DatabaseLike;
        const watches = isUnheard() ? [] : [...watchesOf(database)];
        const [sql, parameters] = given;
        if (watches.length === 0 || typeof sql !== 'string') return original.apply(this, given);
        for (const watch of watches) watch.reading(sql, parameters);
        let result: unknown;
        const before = carried;
        carried = sql;
        try {
          result = original.apply(this, given);
        } catch (error) {
          for (const watch of watches) watch.failed(sql, parameters, error);
          throw error;
        } finally {
          carried = before;
        }
        for (const watch of watches) watch.ran(sql, parameters, resultsOf(database, watch, sql, true));
        return result;
      };
    }),
);

const prepares: Replaced<unknown> = new Replaced('prepare', (original) => {
  return function prepare(...given) {
    const statement = original.apply(this, given) as StatementLike;
    if (!isUnheard() && given[0] !== carried) watchStatement(this as DatabaseLike, statement, given[1]);
    return statement;
  };
});

/** As `each` itself does it, by what is watched: what its callback does is not a part of it. */
const eachs: Replaced<unknown> = new Replaced('each', (original) => {
  return function each(...given) {
    if (isUnheard() || watchesOf(this).size === 0) return original.apply(this, given);
    const [sql, ...more] = given;
    const [parameters, callback, done, config] = typeof more[0] === 'function' ? [undefined, ...more] : more;
    const statement = (this as DatabaseLike).prepare(sql, parameters);
    try {
      while (statement.step()) (callback as (row: object) => void)(statement.getAsObject(null, config));
    } finally {
      statement.free();
    }
    return typeof done === 'function' ? (done as () => unknown)() : undefined;
  };
});

const iterators: Replaced<unknown> = new Replaced('iterateStatements', (original) => {
  return function iterateStatements(...given) {
    const iterator = original.apply(this, given) as Iterator<StatementLike>;
    const next = (): IteratorResult<StatementLike> => {
      const step = Object.getPrototypeOf(iterator).next.call(iterator) as IteratorResult<StatementLike>;
      if (step.done !== true) watchStatement(this as DatabaseLike, step.value, undefined);
      return step;
    };
    return Object.defineProperty(iterator, 'next', { value: next, configurable: true, writable: true });
  };
});

/** Older versions close the database and open what they have written. */
const exports: Replaced<unknown> = new Replaced('export', (original) => {
  return function exportDatabase(...given) {
    const written = original.apply(this, given);
    for (const watch of watchesOf(this)) watch.reopened();
    return written;
  };
});

/** Hears of what a database carries out, until what it returns is called. */
export function attachTo(database: DatabaseLike): () => void {
  const party = {};
  const stops = [...texts, prepares, eachs, iterators, exports].map((each) => each.on(database, party));
  return () => {
    for (const stop of stops) stop();
  };
}
