import type { InstanceMethods } from './bound-instances.js';
import type { BoundMethod, MethodRule } from './method-rule.js';

/** The methods of an instance that must not have the results of another one: they run each time, and still invalidate. */
export class UncachedMethods implements InstanceMethods {
  readonly #methods: InstanceMethods;

  readonly #isBound: boolean;

  /** @param isBound - of a class of which nothing is wrong but that nobody has said how its instances are alike */
  constructor(methods: InstanceMethods, isBound: boolean) {
    this.#methods = methods;
    this.#isBound = isBound;
  }

  bound(rule: MethodRule): BoundMethod {
    if (!rule.mayStore) return this.#methods.bound(rule);
    const uncached = this.#isBound ? this.#methods.bound(rule).uncached : undefined;
    if (uncached !== undefined) return { call: uncached };
    return { call: (instance, args) => rule.method.apply(instance, args as never[]) };
  }
}
