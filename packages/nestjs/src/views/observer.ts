import 'reflect-metadata';
import type { Type } from '@nestjs/common';

const OBSERVER = 'viewcache:observer';

/**
 * Declares that an interceptor only observes, such as one that logs: what it reads of a request shapes no response. Then what
 * it reads in front of a cached route keeps nothing from being stored. Never on one that changes what handlers return.
 *
 * @example
 * ```ts
 * @Observer()
 * @Injectable()
 * class Logging implements NestInterceptor { … }
 *
 * Observer()(InterceptorOfALibrary);
 * ```
 */
export function Observer(): ClassDecorator {
  return (target) => Reflect.defineMetadata(OBSERVER, true, target);
}

/** Whether a class was declared to be one; one that extends it may do more. */
export function isObserver(target: object): boolean {
  return Reflect.getOwnMetadata(OBSERVER, target) === true;
}

const VIEW = 'viewcache:view-interceptor';

/** Marks an interceptor of ours, by which a view is asked. */
export function ViewInterceptor(): ClassDecorator {
  return (target) => Reflect.defineMetadata(VIEW, true, target);
}

/** Whether it is one of those. */
export function isView(type: unknown): boolean {
  return typeof type === 'function' && Reflect.getOwnMetadata(VIEW, type) === true;
}

const PASSING = 'viewcache:passing-interceptor';

/** Marks an interceptor that reads nothing of a request before its own view is asked, or where another one is. */
export function PassingInterceptor(): ClassDecorator {
  return (target) => Reflect.defineMetadata(PASSING, true, target);
}

/** Whether it is one of those, or of a class that extends one. */
export function isPassing(type: unknown): boolean {
  return typeof type === 'function' && Reflect.getMetadata(PASSING, type) === true;
}

/** Whether it is one of those, and does as they do: one whose own `intercept` stands in front may read whatever it likes. */
export function isPassingAsMade(type: unknown): boolean {
  if (!isPassing(type)) return false;
  const { intercept } = (type as Type).prototype;
  let made = type as object;
  while (Reflect.getOwnMetadata(PASSING, made) !== true) made = Object.getPrototypeOf(made);
  return intercept === (made as Type).prototype.intercept;
}
