import type { CacheInvalidateOptions } from './cache-invalidate-options.js';
import { CacheInvalidateRule } from './cache-invalidate-rule.js';
import { decorateMethod } from './decorate-method.js';
import type { FittingDecorator } from './method-decorator.js';
import { refuseBare } from './refuse-bare.js';

/** The options that are told the result and then the arguments. */
type Told = 'tags' | 'key' | 'keys' | 'url' | 'path' | 'namespace' | 'args';

/**
 * Invalidates once a method has succeeded, before whoever called it hears of that: of any provider or controller. Several
 * of them on one method each do their own. A function among the options that throws fails no call: a warning says so, and
 * rather too much is invalidated than too little.
 *
 * @throws `ConfigError` when the app starts, for a wrong setting, naming class and method
 *
 * @example
 * ```ts
 * @CacheInvalidate({ tags: (user: User) => [`users#${user.id}`] })
 * async rename(id: number, name: string): Promise<User> { … }
 *
 * @CacheInvalidate({ method: 'find', args: (_: unknown, id: number) => [id] })
 * async remove(id: number): Promise<void> { … }
 * ```
 */
export function CacheInvalidate<const O extends CacheInvalidateOptions>(options: O): FittingDecorator<O, Told>;
export function CacheInvalidate(...told: unknown[]): MethodDecorator {
  refuseBare('@CacheInvalidate', told);
  const [options] = told as [options: CacheInvalidateOptions];
  return (target: object, key: string | symbol, descriptor?: PropertyDescriptor): void => {
    decorateMethod('@CacheInvalidate', target, key, descriptor, (method) => new CacheInvalidateRule(method, options));
  };
}
