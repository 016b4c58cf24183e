import { describe } from '@jest/globals';
import { watchSqlJs } from '@viewcache/orm/sql-js';
import { runScenarios } from './run-scenarios.js';
import { seedOf, tablesOf } from './schema.js';
import { openSqlJs, sqlJsEngine } from './sql-js-engine.js';
import { SQLITE_LACKS, SqliteDriver } from './sqlite-driver.js';

const LACKS = { 20: 'of several rows sql.js tells the last key alone: rows with any key may be new' };

describe('writes through sql.js', () => {
  runScenarios(
    async (cache) => {
      const database = await openSqlJs();
      const watch = watchSqlJs(database, cache);
      for (const sql of tablesOf('sqlite')) database.run(sql);
      return {
        driver: new SqliteDriver(sqlJsEngine(database), watch, LACKS) as never,
        seed: async () => void database.exec(seedOf('sqlite').join(';\n')),
      };
    },
    [...Object.keys(SQLITE_LACKS), ...Object.keys(LACKS)],
  );
});
