export type { CascadeOption, FunctionOption, TableOption, WatchOptions } from '../source/watch-options.js';
export type { SqliteWatch, WatchSqliteOptions } from '../sqlite/hold-sqlite.js';
export type { DeliveryCounts } from '../writes/delivery.js';
export type { BetterSqlite3Database } from './better-sqlite3-types.js';
export { watchBetterSqlite3 } from './watch-better-sqlite3.js';
