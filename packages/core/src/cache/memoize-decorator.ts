import type { Duration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { checkFunction, isRecord } from '../config/check.js';
import { type MemoOptions, withMemoTtl } from '../config/memo-options.js';
import type { AnyFunction } from '../values/any-function.js';
import { callIt } from '../values/memo-names.js';
import { currentCache } from './default-cache.js';
import { checkMemoOptions, ownOf } from './memoize.js';
import { memoIn } from './memoize-following.js';
import { attachMemo, memoOf } from './memoized-function.js';
import type { Fit, MemoizedOptions } from './memoized-options.js';
import type { ValueCache } from './value-cache.js';

/**
 * Keeps the results of a method: a decorator as ECMAScript has them, for methods of instances and of classes, private ones
 * too. Each instance has results of its own, unless `instances` says otherwise.
 *
 * @param options - a ttl (seconds, or `'5m'`), or those of {@link ValueCache.memoize} and `cache`
 * @throws {@link ConfigError} for a wrong setting: where the class is made
 *
 * @example
 * ```ts
 * class Users {
 *   constructor(readonly tenant: string) {}
 *
 *   @memoized({ ttl: '10m', instanceKey: 'tenant' }) async find(id: number): Promise<User> { … }
 * }
 * await memoOf(users.find).of(users).invalidate(7);
 * ```
 */
export function memoized<const O extends MemoizedOptions = MemoizedOptions>(options?: Duration | O) {
  const given = withMemoTtl(options) as MemoizedOptions;
  const taken = checkMemoOptions('memoized', given, ['cache']) as MemoOptions;
  const where = readCache(given.cache);
  return <This, F extends (this: This, ...args: never[]) => unknown>(
    method: F,
    context: ClassMethodDecoratorContext<This> & Fit<O, This, F>,
  ): F => {
    if (context?.kind !== 'method') throw misplaced(method, context);
    // Whatever it is told and returns: it goes through as it is.
    const fn: AnyFunction = method;
    let className: string | undefined;
    const memo = memoIn(fn, taken, where, () =>
      callIt(fn, className === undefined ? '' : `${className}.${String(context.name)}`),
    );
    const replacement = function (this: This, ...args: never[]): unknown {
      return memo().apply(this, args);
    } as F;
    Object.defineProperties(replacement, ownOf(fn, taken.name));
    // A method is not told its class. Whoever has it is known when there is an instance; of a private one not even then.
    if (!context.private)
      context.addInitializer(function () {
        className ??= ownerName(this, context.name, replacement);
      });
    attachMemo<AnyFunction>(replacement, () => memoOf(memo()));
    return replacement;
  };
}

/** Of a decorator that was called otherwise than ECMAScript calls that of a method. */
function misplaced(target: unknown, context: unknown): ConfigError {
  if (typeof context !== 'string' && typeof context !== 'symbol') {
    const { kind, name } = (isRecord(context) ? context : {}) as { readonly kind?: string; readonly name?: unknown };
    const said = kind === undefined ? context : `${kind} ${String(name)}`;
    const instead = kind === 'field' ? `, or a field that is memoized itself: ${String(name)} = memoize(…)` : '';
    return new ConfigError('memoized', said, `it on methods${instead}`, undefined, 'is no method');
  }
  // What compilers did before the standard: they hand in the prototype, and the name of the method.
  const owner = typeof target === 'function' ? target : (target as object).constructor;
  const method = `${owner.name || 'TheClass'}${owner === target ? '' : '.prototype'}.${String(context)}`;
  return new ConfigError(
    'memoized',
    context,
    `it without experimentalDecorators in the compiler’s options, or, behind the class, ${method} = cache.memoize(${method}, { instanceKey: … })`,
    undefined,
    'was decorated as before the standard',
  );
}

/** The name of the class that has a method, of which this is an instance, or one of a derived class, or itself. */
function ownerName(instance: unknown, name: string | symbol, method: unknown): string | undefined {
  for (let owner: unknown = instance; typeof owner === 'object' || typeof owner === 'function'; ) {
    if (owner === null) break;
    if (Object.getOwnPropertyDescriptor(owner, name)?.value === method) {
      const Class: unknown = typeof owner === 'function' ? owner : owner.constructor;
      return typeof Class === 'function' && Class.name !== '' ? Class.name : undefined;
    }
    owner = Object.getPrototypeOf(owner);
  }
  return undefined;
}

/** Read at each call, as the process's own cache may be set after the class was made. */
function readCache(cache: unknown): () => ValueCache {
  if (cache === undefined) return currentCache;
  if (typeof cache === 'function') return checkFunction('memoized.cache', cache as () => ValueCache, 'a cache');
  if (isRecord(cache) && typeof cache['memoize'] === 'function') return () => cache as unknown as ValueCache;
  throw new ConfigError('memoized.cache', cache, 'a cache, or a function that returns one');
}
