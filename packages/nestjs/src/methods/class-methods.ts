import { type Cache, ConfigError } from '@viewcache/core';
import { nearest } from '@viewcache/core/node';
import {
  type AnyClass,
  type BoundMethod,
  type CachedResults,
  type MethodOwner,
  type MethodRule,
  type NamedResults,
  rulesOf,
} from './method-rule.js';

/** What the methods of a class find their app by. */
export interface MethodsOfApp {
  cache(named: string | Cache | undefined, setting: string): Cache;
  of(Class: AnyClass): ClassMethods;
  /** Whether the app has instances of a class. */
  provides(Class: AnyClass): boolean;
}

/** The decorated methods of one class, in one app. */
export class ClassMethods implements MethodOwner {
  readonly #app: MethodsOfApp;
  readonly #rules: readonly MethodRule[];
  readonly #bound = new Map<MethodRule, BoundMethod>();

  constructor(
    app: MethodsOfApp,
    readonly Class: AnyClass,
  ) {
    this.#app = app;
    this.#rules = rulesOf(Class.prototype);
  }

  /** @throws `ConfigError` for what any decorator was told wrongly */
  bindAll(): void {
    for (const rule of this.#rules) this.#refuseRivals(rule);
    for (const rule of this.#rules) this.bound(rule);
  }

  /** What keeps a method from running cannot stand with what always runs it, nor with what does the same otherwise. */
  #refuseRivals(rule: MethodRule): void {
    if (!rule.hasResults) return;
    const isRival = (other: MethodRule): boolean =>
      other !== rule &&
      other.key === rule.key &&
      other.prototype === rule.prototype &&
      ['@Cacheable', '@CachePut'].includes(other.decorator);
    const rival = this.#rules.find(isRival);
    if (rival === undefined) return;
    const allowed = 'one of them: a method runs only where nothing is stored, or always';
    throw new ConfigError(rule.placeIn(this.Class), rival.decorator, allowed, undefined, 'is on the method, too');
  }

  bound(rule: MethodRule): BoundMethod {
    let found = this.#bound.get(rule);
    if (found === undefined) {
      found = rule.bind(this);
      this.#bound.set(rule, found);
    }
    return found;
  }

  /** The first method of which nobody has said whether the instances have the same results. */
  get undecided(): MethodRule | undefined {
    return this.#rules.find((rule) => rule.hasResults && this.bound(rule).results?.isUndecided === true);
  }

  cache(named: string | Cache | undefined, setting: string): Cache {
    return this.#app.cache(named, setting);
  }

  results(named: NamedResults, setting: string): CachedResults {
    const { method, of } = named;
    if (!Object.hasOwn(named, 'of') || of === this.Class) return this.#own(method, setting);
    // A class that is not there yet, as where two files import one another, would be taken for no class.
    if (typeof of !== 'function' || !this.#app.provides(of))
      throw new ConfigError(`${setting}.of`, of, 'the class of a provider or controller of this app');
    return this.#app.of(of).#own(method, setting);
  }

  /** The results of a method, where it is under `@Cacheable`. */
  resultsOf(method: string | symbol | undefined): CachedResults | undefined {
    // Its own before one that it extends: what is called is what stands nearest.
    const rule = this.#rules.find(({ key, hasResults }) => hasResults && key === method);
    return rule === undefined ? undefined : this.bound(rule).results;
  }

  #own(method: string | undefined, setting: string): CachedResults {
    const results = this.resultsOf(method);
    if (results !== undefined) return results;
    const names = this.#rules.filter(({ hasResults }) => hasResults).map(({ key }) => String(key));
    const which = names.length === 0 ? ', which it has none of' : `: ${names.join(', ')}`;
    const allowed = `a method of ${this.Class.name} under @Cacheable()${which}`;
    throw new ConfigError(`${setting}.method`, method, allowed, nearest(String(method), names));
  }

  nameOf(rule: MethodRule): string {
    const name = this.Class.name || '(anonymous)';
    const key = String(rule.key);
    const isOverridden = this.#rules.find((each) => each.key === rule.key)?.prototype !== rule.prototype;
    // Called by the one that overrides it, with `super`: one and the same instance has both.
    return isOverridden ? `${name}.super(${rule.prototype.constructor.name}).${key}` : `${name}.${key}`;
  }
}
