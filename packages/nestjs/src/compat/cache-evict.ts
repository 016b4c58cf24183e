import 'reflect-metadata';
import { Inject } from '@nestjs/common';
import { ConfigError } from '@viewcache/core';
import { type AnyFunction, ownOf } from '@viewcache/core/node';
import { followedBy } from '../methods/result-kinds.js';
import type { Cache } from './cache.js';
import { CACHE_MANAGER } from './constants.js';

/** A key, or a function of what the method has returned and of its arguments that returns one, or several, or none. */
export type EvictedKeys<Args extends readonly never[] = never[]> =
  | string
  | ((result: never, ...args: Args) => string | readonly string[] | undefined);

/** Where an instance has the manager of its module. */
const slot: unique symbol = Symbol.for('viewcache.evicting') as never;

/**
 * Evicts what is stored under keys once a method has succeeded, before whoever called it hears of that: `cacheManager.del()`
 * of each, so values and answers of `CacheInterceptor`. For methods of providers and controllers, in modules that may inject
 * `CACHE_MANAGER`. `@nestjs/cache-manager` has nothing like it.
 *
 * @param keys - texts as for `@CacheKey()`, URLs, or functions of the result and the arguments
 * @throws {@link ConfigError} at once for no key, or what can be none
 *
 * @example
 * ```ts
 * @CacheEvict('cats', (_: Cat, id: string) => `/cats/${id}`)
 * async rename(id: string, name: string): Promise<Cat> { … }
 * ```
 */
export function CacheEvict(...keys: readonly EvictedKeys[]): MethodDecorator {
  const wrong = keys.find((key) => typeof key !== 'function' && (typeof key !== 'string' || key === ''));
  if (keys.length === 0 || wrong !== undefined)
    throw new ConfigError('@CacheEvict', wrong, 'keys, or functions that return them, one or more');
  return (target: object, _name: string | symbol, descriptor: PropertyDescriptor): void => {
    const method: unknown = descriptor?.value;
    if (typeof method !== 'function' || typeof target === 'function')
      throw new ConfigError('@CacheEvict', target, 'it on methods of providers and controllers that are not static');
    const evicting = function (this: { readonly [slot]?: Cache }, ...args: never[]): unknown {
      const evict = async (result: unknown): Promise<void> => {
        const named = keys.flatMap((key) => (typeof key === 'function' ? (key(result as never, ...args) ?? []) : key));
        if (named.length > 0) await this[slot]?.mdel([...new Set(named)]);
      };
      return followedBy((method as AnyFunction).apply(this, args), evict);
    };
    Object.defineProperties(evicting, ownOf(method as AnyFunction));
    // Nest and its libraries note on the function what they know of a handler.
    for (const key of Reflect.getOwnMetadataKeys(method))
      Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, method), evicting);
    descriptor.value = evicting;
    if (slot in target) return;
    Object.defineProperty(target, slot, { value: undefined, writable: true, configurable: true });
    Inject(CACHE_MANAGER)(target, slot);
  };
}
