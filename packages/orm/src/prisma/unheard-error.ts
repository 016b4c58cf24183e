import { CacheError } from '@viewcache/core';

/**
 * The client was connected before it was watched: nobody hears what it sends. `ready` of `watchPrisma` rejects with it.
 *
 * @example
 * ```ts
 * const watch = watchPrisma(prisma);
 * watch.ready.catch((error) => {
 *   if (error instanceof PrismaUnheardError) logger.warn(error.message);
 * });
 * ```
 */
export class PrismaUnheardError extends CacheError {
  static readonly code = 'ERR_CACHE_PRISMA_UNHEARD';
  readonly code = PrismaUnheardError.code;
  static override get name(): string {
    return 'PrismaUnheardError';
  }
  override readonly name = 'PrismaUnheardError';
}
