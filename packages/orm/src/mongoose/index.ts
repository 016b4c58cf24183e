export type { CascadeOption, FunctionOption, TableOption, WatchOptions } from '../source/watch-options.js';
export type { DeliveryCounts } from '../writes/delivery.js';
export type { MongooseConnectionLike, MongooseLike } from './mongoose-types.js';
export { type MongooseWatch, watchMongoose } from './watch-mongoose.js';
