export type { CascadeOption, FunctionOption, TableOption, WatchOptions } from '../source/watch-options.js';
export type { DeliveryCounts } from '../writes/delivery.js';
export type { PgClientLike, PgModuleLike, PgPoolLike } from './pg-types.js';
export { type PgWatch, type WatchPgOptions, watchPg } from './watch-pg.js';
