import { Inject } from '@nestjs/common';
import type { Cache, EventTarget } from '@viewcache/core';
import { CachedMethods } from '../methods/cached-methods.js';

/** A class of events, as of `@nestjs/cqrs`. */
export type EventClass<E = unknown> = abstract new (...args: never[]) => E;

/** How {@link InvalidateOn} invalidates. */
export interface InvalidateOnOptions {
  /** Which cache: its name, or a cache. @defaultValue that of the method under `@Cacheable()`, else the app's own */
  readonly cache?: string | Cache;
}

/** What somebody wants invalidated when something happens. */
export interface InvalidationSource {
  /** The name of an event, or its class. */
  readonly event: unknown;
  /** What it stands for; `undefined`: all results of the method. */
  readonly target: unknown;
  readonly options: InvalidateOnOptions;
  /** The method that it was said of; `undefined` where that is a class. */
  readonly method: string | symbol | undefined;
}

const sources = new WeakMap<object, InvalidationSource[]>();

/**
 * The property by which the injector is asked for what listens, so that an app without it does not start. Its description is
 * what Nest's error calls it.
 */
const LISTENER: unique symbol = Symbol('ViewCacheModule.forRoot()');

function note(owner: object, source: InvalidationSource): void {
  const known = sources.get(owner);
  if (known === undefined) sources.set(owner, [source]);
  else known.push(source);
}

/** What a class, its methods, and those that it extends want invalidated. */
export function sourcesOf(Class: EventClass): readonly InvalidationSource[] {
  const found: InvalidationSource[] = [];
  for (let each: unknown = Class; typeof each === 'function' && each !== Function.prototype; ) {
    found.push(...(sources.get(each) ?? []), ...(sources.get(each.prototype as object) ?? []));
    each = Object.getPrototypeOf(each);
  }
  return found;
}

/**
 * Invalidates whenever something happens: in this process before whoever told it goes on. Events have a name, as of
 * `@nestjs/event-emitter` (with its wildcards), or a class, as of `@nestjs/cqrs`. It stands on the class of a provider,
 * controller or module, or on a method: there, without a `target`, all results of that method end, which is under
 * `@Cacheable()`. What `target` throws becomes a warning, and never reaches who told the event.
 *
 * @param event - its name, or its class
 * @param target - what an event stands for: tags, or any target of `cache.invalidate`
 * @throws `ConfigError` when the app starts: for a wrong option, and where the package or its module is missing
 *
 * @example
 * ```ts
 * @InvalidateOn('user.updated', (user: User) => [`users#${user.id}`])
 * @InvalidateOn(UserRemoved, (event) => [`users#${event.id}`])
 * @Injectable()
 * class Users { … }
 * ```
 */
export function InvalidateOn<E>(
  event: EventClass<E>,
  target?: EventTarget<[event: E]>,
  options?: InvalidateOnOptions,
): ClassDecorator & MethodDecorator;
export function InvalidateOn<Args extends unknown[]>(
  event: string | symbol,
  target?: EventTarget<Args>,
  options?: InvalidateOnOptions,
): ClassDecorator & MethodDecorator;
export function InvalidateOn(
  event: unknown,
  target?: unknown,
  options: InvalidateOnOptions = {},
): ClassDecorator & MethodDecorator {
  return (owner: object, method?: string | symbol): void => {
    note(owner, { event, target, options, method });
    const prototype: object = typeof owner === 'function' ? owner.prototype : owner;
    if (LISTENER in prototype) return;
    // Nothing is to be kept of it.
    Object.defineProperty(prototype, LISTENER, { set: () => {}, get: () => undefined });
    Inject(CachedMethods)(prototype, LISTENER);
  };
}
