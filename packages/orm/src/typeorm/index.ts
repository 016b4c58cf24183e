export type { CascadeOption, FunctionOption, TableOption, WatchOptions } from '../source/watch-options.js';
export type { DeliveryCounts } from '../writes/delivery.js';
export type { TypeOrmDataSource } from './typeorm-types.js';
export { type TypeOrmWatch, type WatchTypeOrmOptions, watchTypeOrm } from './watch-typeorm.js';
