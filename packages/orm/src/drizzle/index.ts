export type { CascadeOption, FunctionOption, TableOption, WatchOptions } from '../source/watch-options.js';
export type { DeliveryCounts } from '../writes/delivery.js';
export type { DrizzleDatabase, WatchDrizzleOptions } from './drizzle-types.js';
export { type DrizzleWatch, watchDrizzle } from './watch-drizzle.js';
