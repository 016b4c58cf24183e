export type { CascadeOption, FunctionOption, TableOption, WatchOptions } from '../source/watch-options.js';
export type { DeliveryCounts } from '../writes/delivery.js';
export type {
  Mysql2ClusterLike,
  Mysql2ConnectionLike,
  Mysql2ModuleLike,
  Mysql2PoolLike,
  Mysql2PromiseLike,
} from './mysql2-types.js';
export { type Mysql2Target, type Mysql2Watch, type WatchMysql2Options, watchMysql2 } from './watch-mysql2.js';
