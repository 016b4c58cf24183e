export type { CascadeOption, FunctionOption, TableOption, WatchOptions } from '../source/watch-options.js';
export type { DeliveryCounts } from '../writes/delivery.js';
export type { MongoClientLike } from './mongodb-types.js';
export { type MongoWatch, watchMongo } from './watch-mongo.js';
