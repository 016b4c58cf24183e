import { ConfigError } from '@viewcache/core';
import { classOfWrapper, holds, type Wrapper } from '../module/nest-containers.js';
import type { InstanceMethods } from './bound-instances.js';
import { checkAlike, isMadeAlikeAnywhere, isMadeOfNothing, refuseUndecided } from './check-alike.js';
import type { ClassMethods } from './class-methods.js';
import type { AnyClass, BoundMethod, MethodRule } from './method-rule.js';
import { UncachedMethods } from './uncached-methods.js';

/** Where the instances of an app come from. */
export interface InstancesOfApp {
  /** All that the modules make by now. */
  wrappers(): readonly Wrapper[];
  /** How many things that is about: with each module that is loaded it grows. */
  readonly size: number;
  /** The app has refused by now what it refuses at its start. */
  readonly isStarted: boolean;
  warn(message: string): void;
}

/** Those of a class that are known to have the same results. */
interface Alike {
  readonly wrappers: Set<Wrapper>;
  /** Where the instances of the class come from, as of some size of the app. */
  of?: { readonly size: number; readonly own: readonly Wrapper[]; isAnywhere: boolean };
}

/**
 * Which instances of a class have the same results, where nobody has said so. What the app has at its start is checked then;
 * of what comes later nobody can be refused any more, and what is not alike runs uncached.
 */
export class AlikeInstances {
  readonly #app: InstancesOfApp;
  readonly #classes = new WeakMap<AnyClass, Alike>();
  readonly #warned = new WeakSet<AnyClass>();

  constructor(app: InstancesOfApp) {
    this.#app = app;
  }

  /** @throws {@link ConfigError} where they are not alike */
  accept({ Class, undecided }: ClassMethods, wrappers: readonly Wrapper[]): void {
    if (undecided === undefined) return;
    const known = this.#alike(Class).wrappers;
    const fresh = wrappers.filter((each) => !known.has(each));
    if (fresh.length === 0) return;
    checkAlike(Class, undecided, [...known, ...fresh]);
    for (const each of fresh) known.add(each);
  }

  /** What one instance has: that of its class, where it is known to be like the others. */
  methodsFor(instance: object, methods: ClassMethods): InstanceMethods {
    return methods.undecided === undefined ? methods : new MethodsOfOne(() => this.#decide(instance, methods));
  }

  /** @returns and whether that is so for good */
  #decide(instance: object, methods: ClassMethods): readonly [InstanceMethods, isFinal: boolean] {
    const { Class, undecided } = methods;
    if (undecided === undefined) return [methods, true];
    if (!this.#app.isStarted) {
      // What the app has is checked when it has all of it; of anything else nobody can say yet what it is.
      const isProvided = wrappersOfClass(Class, this.#app.wrappers()).some((each) => holds(each, instance));
      return [isProvided ? methods : new UncachedMethods(methods, true), false];
    }
    const alike = this.#alike(Class);
    const own = this.#origins(Class, alike);
    const wrapper = own.find((each) => holds(each, instance));
    try {
      if (wrapper !== undefined) this.accept(methods, [wrapper]);
      else if (!this.#isAnywhere(methods, alike)) {
        checkAlike(Class, undecided, own);
        const problem = `no module provides this ${Class.name} (moduleRef.create()), or modules differ in what it is made of each time`;
        refuseUndecided(Class, undecided, problem);
      }
      return [methods, true];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#warn(Class, error);
      return [new UncachedMethods(methods, true), true];
    }
  }

  #warn(Class: AnyClass, { message }: ConfigError): void {
    if (this.#warned.has(Class)) return;
    this.#warned.add(Class);
    this.#app.warn(
      `viewcache: what ${Class.name} returns is not cached for an instance made while the app runs: ${message}`,
    );
  }

  #alike(Class: AnyClass): Alike {
    let alike = this.#classes.get(Class);
    if (alike === undefined) {
      alike = { wrappers: new Set() };
      this.#classes.set(Class, alike);
    }
    return alike;
  }

  /** Asked anew as soon as there is more: a module was loaded. */
  #origins(Class: AnyClass, alike: Alike): readonly Wrapper[] {
    const { size } = this.#app;
    if (alike.of?.size !== size)
      alike.of = { size, own: wrappersOfClass(Class, this.#app.wrappers()), isAnywhere: false };
    return alike.of.own;
  }

  /** Whether whatever may have made an instance has made it of the same as those that are known. */
  #isAnywhere({ Class, undecided }: ClassMethods, alike: Alike): boolean {
    const [first] = alike.wrappers;
    if (undecided === undefined || alike.of === undefined) return false;
    if (first === undefined) return alike.of.own.length === 0 && isMadeOfNothing(Class);
    // What was yes stays so until there is more; of what is made only when it is asked for, more becomes known by that.
    if (alike.of.isAnywhere) return true;
    checkAlike(Class, undecided, [first]);
    alike.of.isAnywhere = isMadeAlikeAnywhere(Class, first, this.#app.wrappers());
    return alike.of.isAnywhere;
  }
}

function wrappersOfClass(Class: AnyClass, all: readonly Wrapper[]): readonly Wrapper[] {
  return all.filter((wrapper) => !wrapper.isAlias && classOfWrapper(wrapper) === Class);
}

/** The methods of one instance, of which is known at its first call where it comes from. */
class MethodsOfOne implements InstanceMethods {
  readonly #decide: () => readonly [InstanceMethods, isFinal: boolean];
  #methods: InstanceMethods | undefined;

  constructor(decide: () => readonly [InstanceMethods, isFinal: boolean]) {
    this.#decide = decide;
  }

  bound(rule: MethodRule): BoundMethod {
    if (this.#methods !== undefined) return this.#methods.bound(rule);
    const [methods, isFinal] = this.#decide();
    if (isFinal) this.#methods = methods;
    return methods.bound(rule);
  }
}
