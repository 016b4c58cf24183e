export type { CascadeOption, FunctionOption, TableOption, WatchOptions } from '../source/watch-options.js';
export type { DeliveryCounts } from '../writes/delivery.js';
export type { KnexLike } from './knex-types.js';
export { type KnexWatch, type WatchKnexOptions, watchKnex } from './watch-knex.js';
