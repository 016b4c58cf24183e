export type { CascadeOption, FunctionOption, TableOption, WatchOptions } from '../source/watch-options.js';
export type { DeliveryCounts } from '../writes/delivery.js';
export type { PrismaClientLike } from './prisma-types.js';
export { PrismaUnheardError } from './unheard-error.js';
export { type PrismaWatch, type WatchPrismaOptions, watchPrisma } from './watch-prisma.js';
