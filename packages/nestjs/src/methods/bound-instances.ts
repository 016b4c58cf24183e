import type { AnyClass, BoundMethod, MethodRule } from './method-rule.js';

/** What an instance has in its app. */
export interface InstanceMethods {
  bound(rule: MethodRule): BoundMethod;
}

/** What an instance is told by the injector. */
export interface InstanceBinder {
  methodsFor(instance: object, Class: AnyClass): InstanceMethods;
}

/**
 * The property by which the injector tells an instance of its app: each one that it makes, whatever its scope, and when.
 * Its description is what Nest's error calls it in an app without the module.
 */
export const APP_SLOT: unique symbol = Symbol('ViewCacheModule.forRoot()');

const METHODS: unique symbol = Symbol('viewcache.methods');
/** Those that nothing can be put on. */
const frozen = new WeakMap<object, InstanceMethods>();

/**
 * Has the instances of a class take what the injector tells them.
 *
 * @param isBinder - whether something is what they are to be told: a test's module may put anything in its place
 */
export function makeBindable(prototype: object, isBinder: (told: unknown) => told is InstanceBinder): void {
  Object.defineProperty(prototype, APP_SLOT, {
    configurable: true,
    set(this: object, told: unknown) {
      if (isBinder(told)) bindInstance(this, told);
    },
    get: () => undefined,
  });
}

/** Whether something is an instance of a class with decorated methods, and belongs to no app yet. */
export function isUnbound(instance: unknown): instance is object {
  if (typeof instance !== 'object' || instance === null) return false;
  try {
    return APP_SLOT in instance && methodsOf(instance) === undefined;
  } catch {
    // A proxy that answers only where there is a request.
    return false;
  }
}

/** Has an instance use the caches of an app. */
export function bindInstance(instance: object, app: InstanceBinder): void {
  const value = app.methodsFor(instance, classOf(instance));
  // Seen by nobody who lists what an instance has.
  if (!Reflect.defineProperty(instance, METHODS, { configurable: true, value })) frozen.set(instance, value);
}

/** What an instance has in its app; `undefined` where it belongs to none: made by hand, as in a test of it alone. */
export function methodsOf(instance: unknown): InstanceMethods | undefined {
  if (typeof instance !== 'object' || instance === null) return undefined;
  return (instance as { [METHODS]?: InstanceMethods })[METHODS] ?? frozen.get(instance);
}

/** The class of an instance. */
function classOf(instance: object): AnyClass {
  return (Object.getPrototypeOf(instance) as { readonly constructor: AnyClass }).constructor;
}
