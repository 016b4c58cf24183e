export type { CascadeOption, FunctionOption, TableOption, WatchOptions } from '../source/watch-options.js';
export type { DeliveryCounts } from '../writes/delivery.js';
export type { SequelizeLike } from './sequelize-types.js';
export { type SequelizeWatch, type WatchSequelizeOptions, watchSequelize } from './watch-sequelize.js';
