export type { CascadeOption, FunctionOption, TableOption, WatchOptions } from '../source/watch-options.js';
export type { DeliveryCounts } from '../writes/delivery.js';
export type { KyselyDialect } from './kysely-types.js';
export { type KyselyWatch, type WatchKyselyOptions, watchKysely } from './watch-kysely.js';
