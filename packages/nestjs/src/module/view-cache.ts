import type { Cache } from '@viewcache/core';
import { isCache } from '@viewcache/core/node';

/** The app's cache; see the class of the same name. */
export interface ViewCache extends Cache {}

/**
 * The app's cache, by which it is injected: a class, so that the type of a constructor's parameter is enough.
 *
 * Not `Cache`, which without an import would be the web's own: it compiles, and is not there when the app starts.
 *
 * @example
 * ```ts
 * @Injectable()
 * class Cities {
 *   constructor(private readonly cache: ViewCache) {}
 *
 *   async rename(id: number, name: string) {
 *     await this.cities.update(id, { name });
 *     await this.cache.invalidate({ tags: `cities#${id}` });
 *   }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: never made with `new`; what is injected is a whole cache.
// biome-ignore lint/complexity/noStaticOnlyClass: a token has to be a class, and nothing more.
export abstract class ViewCache {
  static [Symbol.hasInstance](value: unknown): boolean {
    return isCache(value);
  }
}
