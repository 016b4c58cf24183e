export type { CascadeOption, FunctionOption, TableOption, WatchOptions } from '../source/watch-options.js';
export type { SqliteWatch, WatchSqliteOptions } from '../sqlite/hold-sqlite.js';
export type { DeliveryCounts } from '../writes/delivery.js';
export type { SqlJsDatabase } from './sql-js-types.js';
export { watchSqlJs } from './watch-sql-js.js';
