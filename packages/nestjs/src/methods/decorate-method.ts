import 'reflect-metadata';
import { Inject } from '@nestjs/common';
import { ConfigError } from '@viewcache/core';
import { type AnyFunction, ownOf } from '@viewcache/core/node';
import { APP_SLOT, makeBindable, methodsOf } from './bound-instances.js';
import { CachedMethods } from './cached-methods.js';
import { declaredKind } from './declared-kind.js';
import { type DecoratedMethod, type MethodRule, noteRule } from './method-rule.js';

/**
 * Puts what a decorator says around a method: in whichever app the instance belongs to on which it is called.
 *
 * @param decorator - as it is written, for errors: `@Cacheable`
 * @throws {@link ConfigError} for what is no method of an instance
 */
export function decorateMethod(
  decorator: string,
  target: unknown,
  key: unknown,
  descriptor: PropertyDescriptor | undefined,
  say: (method: DecoratedMethod) => MethodRule,
): { readonly rule: MethodRule; readonly replacement: AnyFunction } {
  const method: unknown = descriptor?.value;
  // A decorator as ECMAScript has them is told the method first, and one of a static method the class.
  if (typeof target !== 'object' || target === null || !isKey(key) || descriptor === undefined || !isMethod(method)) {
    const allowed = 'it on methods of providers and controllers that are not static, with experimentalDecorators';
    const place = typeof target === 'function' && isKey(key) ? `${target.name}.${String(key)}: ` : '';
    throw new ConfigError(`${place}${decorator}`, isKey(key) ? descriptor?.value : target, allowed);
  }
  const rule = say({ prototype: target, key, method, returns: declaredKind(target, key, method) });
  const replacement = function (this: unknown, ...args: never[]): unknown {
    const methods = methodsOf(this);
    return methods === undefined ? method.apply(this, args) : methods.bound(rule).call(this as object, args);
  };
  Object.defineProperties(replacement, ownOf(method));
  // Nest and its libraries note on the function what they know of a handler.
  for (const name of Reflect.getOwnMetadataKeys(method))
    Reflect.defineMetadata(name, Reflect.getOwnMetadata(name, method), replacement);
  descriptor.value = replacement;
  noteRule(rule);
  if (!(APP_SLOT in target)) {
    makeBindable(target, CachedMethods.is);
    Inject(CachedMethods)(target, APP_SLOT);
  }
  return { rule, replacement };
}

function isKey(key: unknown): key is string | symbol {
  return typeof key === 'string' || typeof key === 'symbol';
}

function isMethod(value: unknown): value is AnyFunction {
  return typeof value === 'function';
}
