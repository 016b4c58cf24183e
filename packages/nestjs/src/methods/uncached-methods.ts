import type { InstanceMethods } from './bound-instances.js';
import type { BoundMethod, MethodRule } from './method-rule.js';

/** The methods of an instance that must not have the results of another one: they run each time, and still invalidate. */
export class UncachedMethods implements InstanceMethods {
  readonly #methods: InstanceMethods;

  constructor(methods: InstanceMethods) {
    this.#methods = methods;
  }

  bound(rule: MethodRule): BoundMethod {
    if (!rule.mayStore) return this.#methods.bound(rule);
    return { call: (instance, args) => rule.method.apply(instance, args as never[]) };
  }
}
