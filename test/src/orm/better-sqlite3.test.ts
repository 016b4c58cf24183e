import { watchBetterSqlite3 } from '@viewcache/orm/better-sqlite3';
import { betterSqlite3Engine, describeBetterSqlite3, openBetterSqlite3 } from './better-sqlite3-engine.js';
import { runScenarios } from './run-scenarios.js';
import { seedOf, tablesOf } from './schema.js';
import { SQLITE_LACKS, SqliteDriver } from './sqlite-driver.js';

describeBetterSqlite3('writes through better-sqlite3', () => {
  runScenarios(async (cache) => {
    const database = await openBetterSqlite3();
    const watch = watchBetterSqlite3(database, cache);
    for (const sql of tablesOf('sqlite')) database.exec(sql);
    return {
      driver: new SqliteDriver(betterSqlite3Engine(database), watch) as never,
      seed: async () => void database.exec(seedOf('sqlite').join(';\n')),
    };
  }, Object.keys(SQLITE_LACKS));
});
