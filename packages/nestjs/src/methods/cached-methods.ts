import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type Cache, ConfigError } from '@viewcache/core';
import { CacheRegistry } from '../module/cache-registry.js';
import { classOfWrapper, classProvided, isMadeLater, type Wrapper, wrappersSeeing } from '../module/nest-containers.js';
import { warn } from './asked-options.js';
import { bindMade } from './bind-made.js';
import type { InstanceMethods } from './bound-instances.js';
import { checkAlike } from './check-alike.js';
import { hasDefaults } from './class-defaults.js';
import { ClassMethods, type MethodsOfApp } from './class-methods.js';
import { type AnyClass, rulesOf } from './method-rule.js';
import { UncachedMethods } from './uncached-methods.js';

/** The decorated methods of one app. The injector gives it to each instance that has any. */
@Injectable()
export class CachedMethods implements OnModuleInit, MethodsOfApp {
  readonly #registry: CacheRegistry;
  readonly #modules: ModulesContainer;
  readonly #classes = new Map<AnyClass, ClassMethods>();
  /** Of what factories make while the app runs, which may be of any class. */
  readonly #late = new Map<Wrapper, Map<AnyClass, InstanceMethods>>();
  #isStarted = false;

  constructor(registry: CacheRegistry, modules: ModulesContainer) {
    this.#registry = registry;
    this.#modules = modules;
  }

  /**
   * Whether something is one of these: not a test's mock of it, nor what the injector has in its place until it is made, for
   * an instance that is no more than that either.
   */
  static is(told: unknown): told is CachedMethods {
    return typeof told === 'object' && told !== null && #registry in told;
  }

  /** Refuses what is wrong in any decorator before anybody asks, also of what is made anew for each request. */
  onModuleInit(): void {
    for (const wrapper of wrappersSeeing(this.#modules, CachedMethods, this)) {
      bindMade(wrapper, this, { of: (Class) => this.#ofMadeLater(Class, wrapper) });
      const Class = isMadeLater(wrapper) ? classOfWrapper(wrapper) : classProvided(wrapper);
      if (Class === undefined) continue;
      if (rulesOf(Class.prototype).length > 0) this.of(Class);
      else if (hasDefaults(Class)) {
        const allowed = 'it on a class with methods under @Cacheable(), for what these leave open, or on methods';
        throw new ConfigError(`${Class.name}: @Cacheable`, Class, allowed);
      }
    }
    this.#isStarted = true;
    for (const methods of this.#classes.values()) this.#checkAlike(methods);
  }

  cache(named: string | Cache | undefined, setting: string): Cache {
    return this.#registry.resolve(named, setting);
  }

  /** The methods of a class in this app. */
  of(Class: AnyClass): ClassMethods {
    const known = this.#classes.get(Class);
    if (known !== undefined) return known;
    const methods = new ClassMethods(this, Class);
    this.#classes.set(Class, methods);
    try {
      methods.bindAll();
      // Of a module that is loaded while the app runs.
      if (this.#isStarted) this.#checkAlike(methods);
      return methods;
    } catch (error) {
      // What is wrong is so the next time, too.
      this.#classes.delete(Class);
      throw error;
    }
  }

  /** The same of what a factory makes while the app runs: it is too late then to keep the app from starting. */
  #ofMadeLater(Class: AnyClass, wrapper: Wrapper): InstanceMethods {
    const known = this.#late.get(wrapper)?.get(Class);
    if (known !== undefined) return known;
    let methods: InstanceMethods;
    try {
      const { undecided } = this.of(Class);
      const wrappers = new Set([wrapper, ...this.#wrappersOf(Class)]);
      if (undecided !== undefined) checkAlike(Class, undecided, [...wrappers]);
      methods = this.of(Class);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const what = `viewcache: what the factory of ${String(wrapper.name)} makes for each request is not cached`;
      warn(this.cache(undefined, 'ViewCacheModule'), `${what}: ${error.message}`);
      methods = new UncachedMethods(new ClassMethods(this, Class));
    }
    this.#late.set(wrapper, (this.#late.get(wrapper) ?? new Map()).set(Class, methods));
    return methods;
  }

  provides(Class: AnyClass): boolean {
    return this.#classes.has(Class) || this.#wrappersOf(Class).length > 0;
  }

  #checkAlike(methods: ClassMethods): void {
    const { undecided } = methods;
    if (undecided !== undefined) checkAlike(methods.Class, undecided, this.#wrappersOf(methods.Class));
  }

  #wrappersOf(Class: AnyClass): readonly Wrapper[] {
    return wrappersSeeing(this.#modules, CachedMethods, this).filter(
      (wrapper) => !wrapper.isAlias && classOfWrapper(wrapper) === Class,
    );
  }
}
