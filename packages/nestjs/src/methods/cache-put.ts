import type { CachePutOptions } from './cache-put-options.js';
import { CachePutRule } from './cache-put-rule.js';
import { decorateMethod } from './decorate-method.js';
import type { FittingDecorator } from './method-decorator.js';
import { refuseBare } from './refuse-bare.js';

/**
 * Always runs the method, and keeps what it returns as the result of another one, which is under `@Cacheable()`: by the tags
 * and the ttl of that. It counts as of before the run: where one of the tags was invalidated meanwhile, or somebody else has
 * put something, nothing is stored, and what was stored before ends.
 *
 * @throws `ConfigError` when the app starts, for a wrong setting, naming class and method
 *
 * @example
 * ```ts
 * @Cacheable({ ttl: '10m' })
 * async find(id: number): Promise<User> { … }
 *
 * @CachePut({ method: 'find', args: (user: User) => [user.id] })
 * async save(user: User): Promise<User> { … }
 * ```
 */
export function CachePut<const O extends CachePutOptions>(options: O): FittingDecorator<O, 'args' | 'storeIf'>;
export function CachePut(...told: unknown[]): MethodDecorator {
  refuseBare('@CachePut', told);
  const [options] = told as [options: CachePutOptions];
  return (target: object, key: string | symbol, descriptor?: PropertyDescriptor): void => {
    decorateMethod('@CachePut', target, key, descriptor, (method) => new CachePutRule(method, options));
  };
}
