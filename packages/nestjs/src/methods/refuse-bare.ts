import { ConfigError } from '@viewcache/core';

/**
 * Refuses a decorator that stands without its parentheses: it is told the class or the method then, which it would take for
 * options, where no compiler has looked.
 */
export function refuseBare(decorator: string, told: readonly unknown[]): void {
  const [target, key] = told;
  if (told.length < 2 && typeof target !== 'function') return;
  const Class = typeof target === 'function' ? target : (target as object).constructor;
  const place = typeof key === 'string' ? `${Class.name}.${key}` : Class.name;
  throw new ConfigError(
    `${place}: ${decorator}`,
    target,
    `${decorator}(…), with its options`,
    undefined,
    'is no option',
  );
}
