import { ConfigError, type Duration, type MemoCalls } from '@viewcache/core';
import { type AnyFunction, attachMemo, type Fit, isRecord } from '@viewcache/core/node';
import { methodsOf } from './bound-instances.js';
import type { CacheableOptions } from './cacheable-options.js';
import { CacheableRule } from './cacheable-rule.js';
import { noteDefaults } from './class-defaults.js';
import { decorateMethod } from './decorate-method.js';
import type { AsPromised } from './method-decorator.js';
import type { AnyClass, DecoratedMethod, MethodRule } from './method-rule.js';
import { refuseBare } from './refuse-bare.js';

/** What {@link Cacheable} returns: for a method, or for a class. */
export interface CacheableDecorator<O> {
  (target: AnyClass): void;
  <This extends object, F extends AnyFunction>(
    target: This,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F> & Fit<O, This, AsPromised<F>>,
  ): void;
}

/**
 * Keeps the results of a method, of any provider or controller: by its arguments, in the cache of the app that has it. The
 * method is one that returns a promise, an Observable (of which the last value is kept) or an async generator.
 *
 * On a class it says what the decorators of its methods leave open, and caches nothing by itself.
 *
 * @param options - a ttl (seconds, or `'5m'`), or those of `cache.memoize`, with `cache` by its name
 * @throws `ConfigError` when the app starts, for a wrong setting and for a method that returns nothing to wait for, naming
 * class and method
 *
 * @example
 * ```ts
 * @Injectable()
 * class Users {
 *   @Cacheable({ ttl: '10m', tags: (user: User) => [`users#${user.id}`] })
 *   async find(id: number): Promise<User> { … }
 * }
 * ```
 */
export function Cacheable<const O extends CacheableOptions = CacheableOptions>(
  options?: Duration | O,
): CacheableDecorator<O>;
export function Cacheable(...told: unknown[]): CacheableDecorator<CacheableOptions> {
  refuseBare('@Cacheable', told);
  const [options] = told as [options?: Duration | CacheableOptions];
  const given = withTtl(options);
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor): void => {
    if (typeof target === 'function' && key === undefined) {
      noteDefaults(target, given);
      return;
    }
    const make = (method: DecoratedMethod): MethodRule => new CacheableRule(method, given);
    const { rule, replacement } = decorateMethod('@Cacheable', target, key, descriptor, make);
    attachMemo(replacement, () => callsOf(rule));
  };
}

/** What `memoOf` finds: a class may be in several apps, so that all it can do is about an instance. */
function callsOf(rule: MethodRule): MemoCalls<AnyFunction> {
  const refuse = (): never => {
    throw new ConfigError('memoOf', rule.method, 'memoOf(…).of(instance), with an instance that an app has made');
  };
  const of = (instance: object) => methodsOf(instance)?.bound(rule).resultsOf?.(instance) ?? refuse();
  return {
    of,
    uncached: rule.method,
    cacheInfo: refuse,
    cacheClear: refuse,
    invalidate: refuse,
    refresh: refuse,
    explain: refuse,
    keyFor: refuse,
  };
}

function withTtl(options: Duration | CacheableOptions | undefined): CacheableOptions {
  if (options === undefined) return {};
  // A list, or a Map, would pass for options that leave all of them out.
  return isRecord(options) ? options : { ttl: options as Duration };
}
