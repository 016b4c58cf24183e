import 'reflect-metadata';
import type { CacheableOptions } from './cacheable-options.js';

const DEFAULTS = 'viewcache:methods';

/** Notes what a class says of its methods: over what the class that it extends says. */
export function noteDefaults(Class: object, options: CacheableOptions): void {
  Reflect.defineMetadata(DEFAULTS, { ...defaultsOf(Class), ...options }, Class);
}

/** What a class, or one that it extends, says of its methods. */
export function defaultsOf(Class: object): CacheableOptions {
  return (Reflect.getMetadata(DEFAULTS, Class) as CacheableOptions | undefined) ?? {};
}

/** Whether a class itself says something of its methods. */
export function hasDefaults(Class: object): boolean {
  return Reflect.hasOwnMetadata(DEFAULTS, Class);
}
