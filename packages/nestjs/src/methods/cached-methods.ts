import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type Cache, ConfigError } from '@viewcache/core';
import { CacheRegistry } from '../module/cache-registry.js';
import {
  classOfWrapper,
  classProvided,
  isMadeLater,
  sizeOf,
  type Wrapper,
  wrappersSeeing,
} from '../module/nest-containers.js';
import { AlikeInstances } from './alike-instances.js';
import { warn } from './asked-options.js';
import { bindMade } from './bind-made.js';
import type { InstanceBinder, InstanceMethods } from './bound-instances.js';
import { hasDefaults } from './class-defaults.js';
import { ClassMethods, type MethodsOfApp } from './class-methods.js';
import { type AnyClass, rulesOf } from './method-rule.js';
import { UncachedMethods } from './uncached-methods.js';

/** The decorated methods of one app. The injector gives it to each instance that has any. */
@Injectable()
export class CachedMethods implements OnModuleInit, MethodsOfApp, InstanceBinder {
  readonly #registry: CacheRegistry;
  readonly #modules: ModulesContainer;
  /** Weakly: a factory may make a class of its own each time. */
  readonly #classes = new WeakMap<AnyClass, ClassMethods>();
  /** Of what factories make while the app runs, which may be of any class. */
  readonly #late = new WeakMap<Wrapper, WeakMap<AnyClass, InstanceMethods>>();
  readonly #alike: AlikeInstances;
  /** Those to be checked when all are there; `undefined` as of then. */
  #atStart: Set<ClassMethods> | undefined = new Set();

  constructor(registry: CacheRegistry, modules: ModulesContainer) {
    this.#registry = registry;
    this.#modules = modules;
    const [isStarted, size] = [(): boolean => this.#atStart === undefined, (): number => sizeOf(modules)];
    this.#alike = new AlikeInstances({
      wrappers: () => this.#wrappers(),
      get size() {
        return size();
      },
      get isStarted() {
        return isStarted();
      },
      warn: (message) => this.#warn(message),
    });
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
    const wrappers = this.#wrappers();
    for (const wrapper of wrappers) {
      bindMade(wrapper, this, { methodsFor: (_instance, Class) => this.#ofMadeLater(Class, wrapper) });
      const Class = isMadeLater(wrapper) ? classOfWrapper(wrapper) : classProvided(wrapper);
      if (Class === undefined) continue;
      if (rulesOf(Class.prototype).length > 0) this.of(Class);
      else if (hasDefaults(Class)) {
        const allowed = 'it on a class with methods under @Cacheable(), for what these leave open, or on methods';
        throw new ConfigError(`${Class.name}: @Cacheable`, Class, allowed);
      }
    }
    const atStart = this.#atStart ?? [];
    this.#atStart = undefined;
    for (const methods of atStart) this.#alike.accept(methods, this.#wrappersOf(methods.Class));
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
      this.#atStart?.add(methods);
      return methods;
    } catch (error) {
      // What is wrong is so the next time, too.
      this.#classes.delete(Class);
      throw error;
    }
  }

  methodsFor(instance: object, Class: AnyClass): InstanceMethods {
    return this.#alike.methodsFor(instance, this.of(Class));
  }

  /** What a factory makes while the app runs: it is too late then to keep the app from starting. */
  #ofMadeLater(Class: AnyClass, wrapper: Wrapper): InstanceMethods {
    const known = this.#late.get(wrapper)?.get(Class);
    if (known !== undefined) return known;
    let methods: InstanceMethods;
    try {
      const all = this.of(Class);
      this.#alike.accept(all, [wrapper, ...this.#wrappersOf(Class)]);
      methods = all;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const what = `viewcache: what the factory of ${String(wrapper.name)} makes for each request is not cached`;
      this.#warn(`${what}: ${error.message}`);
      methods = new UncachedMethods(new ClassMethods(this, Class), false);
    }
    this.#late.set(wrapper, (this.#late.get(wrapper) ?? new WeakMap()).set(Class, methods));
    return methods;
  }

  provides(Class: AnyClass): boolean {
    return this.#classes.has(Class) || this.#wrappersOf(Class).length > 0;
  }

  #warn(message: string): void {
    warn(this.cache(undefined, 'ViewCacheModule'), message);
  }

  #wrappers(): readonly Wrapper[] {
    return wrappersSeeing(this.#modules, CachedMethods, this);
  }

  #wrappersOf(Class: AnyClass): readonly Wrapper[] {
    return this.#wrappers().filter((wrapper) => !wrapper.isAlias && classOfWrapper(wrapper) === Class);
  }
}
