export type { CascadeOption, FunctionOption, TableOption, WatchOptions } from '../source/watch-options.js';
export type { DeliveryCounts } from '../writes/delivery.js';
export type { MikroOrmClient } from './mikro-orm-types.js';
export { type MikroOrmWatch, type WatchMikroOrmOptions, watchMikroOrm } from './watch-mikro-orm.js';
