import { type Cache, type CacheToken, ConfigError, type MemoResults } from '@viewcache/core';
import type { AnyFunction } from '@viewcache/core/node';
import { warn } from './asked-options.js';
import type { DeclaredKind, ResultKind } from './declared-kind.js';
import { kindOf } from './result-kinds.js';

/** A class, as a decorator and an instance know it. */
export type AnyClass = abstract new (...args: never[]) => object;

/** A method of a provider, as a decorator has found it. */
export interface DecoratedMethod {
  /** Of the class that declares it. */
  readonly prototype: object;
  readonly key: string | symbol;
  readonly method: AnyFunction;
  readonly returns: DeclaredKind;
}

/** The results of a method under `@Cacheable`, of one class in one app. */
export interface CachedResults {
  readonly cache: Cache;
  /** Nobody has said whether the instances of its class have the same results. */
  readonly isUndecided: boolean;
  /** It returns async iterables. */
  readonly isStream: boolean;
  /** Each of its instances has results of its own. */
  readonly isApart: boolean;
  /** @param instance - `undefined`: where all have the same */
  put(instance: object | undefined, args: readonly unknown[], value: unknown, since: CacheToken): Promise<boolean>;
  /**
   * @param instance - `undefined`: of all of them
   * @param args - `undefined`: whatever it was called with
   */
  invalidate(instance: object | undefined, args: readonly unknown[] | undefined): Promise<unknown>;
}

/** A method under `@Cacheable`, as another decorator names it. */
export interface NamedResults {
  readonly method?: string;
  /** Absent: of the class itself. */
  readonly of?: AnyClass;
}

/** A class that has decorated methods, in one app. */
export interface MethodOwner {
  readonly Class: AnyClass;
  /** @throws `ConfigError` for a name that the app has no cache of, and for what is neither a name nor a cache */
  cache(named: string | Cache | undefined, setting: string): Cache;
  /**
   * The results of one of its methods, or of another class of the app.
   *
   * @throws `ConfigError` where that is under no `@Cacheable`
   */
  results(named: NamedResults, setting: string): CachedResults;
  /** What it is called, for errors, events and keys: two rules about one method of one class are never called the same. */
  nameOf(rule: MethodRule): string;
}

/** What a call of a decorated method comes to, in one app. */
export interface BoundMethod {
  call(instance: object, args: readonly unknown[]): unknown;
  /** The same on an instance whose results are nobody else's: what others have, and it makes stale, ends. */
  uncached?(instance: object, args: readonly unknown[]): unknown;
  readonly results?: CachedResults;
  /** What `memoOf` can do about those of an instance. */
  resultsOf?(instance: object): MemoResults<AnyFunction>;
}

/** What one decorator says of one method, whatever the app. */
export abstract class MethodRule implements DecoratedMethod {
  readonly prototype: object;
  readonly key: string | symbol;
  readonly method: AnyFunction;
  readonly returns: DeclaredKind;
  /** What the method returns; where nobody has declared that, `undefined` until it is known. */
  protected kind: ResultKind | undefined;
  /** It keeps results. */
  readonly hasResults: boolean = false;
  /** It keeps results, or puts some where others are kept. */
  readonly mayStore: boolean = false;
  /** Those that were told that it returns nothing to wait for. */
  readonly #warned = new WeakSet<Cache>();

  constructor(
    /** As it is written: `@Cacheable`. */
    readonly decorator: string,
    { prototype, key, method, returns }: DecoratedMethod,
  ) {
    this.prototype = prototype;
    this.key = key;
    this.method = method;
    this.returns = returns;
    this.kind = returns.kind;
  }

  /**
   * Makes it be so in one app, for one class that has the method.
   *
   * @throws {@link ConfigError} for what the decorator was told wrongly
   */
  abstract bind(owner: MethodOwner): BoundMethod;

  /** The method as errors name it, with what is said of it: `Users.find: @Cacheable`. */
  placeIn({ name }: AnyClass): string {
    return `${name || '(anonymous)'}.${String(this.key)}: ${this.decorator}`;
  }

  /** @throws {@link ConfigError} for a method that returns nothing to wait for */
  protected refusePlain(setting: string): void {
    const { refused } = this.returns;
    if (refused === undefined) return;
    const noted = refused === 'Object' ? ' (TypeScript notes an interface or several types as Object)' : '';
    const allowed = `it on methods that return a Promise or an Observable, as whoever asks a store has to wait${noted}`;
    throw new ConfigError(setting, refused, allowed, undefined, 'is what it returns');
  }

  /** Sees by what a method has returned what it returns; warns once of what nobody has to wait for. */
  protected learn(result: unknown, cache: Cache, setting: string): void {
    const kind = kindOf(result);
    if (kind === 'promise' || kind === 'observable') {
      this.kind = kind;
      return;
    }
    if (this.#warned.has(cache)) return;
    this.#warned.add(cache);
    warn(
      cache,
      `${setting} has returned neither a Promise nor an Observable, and is not cached: whoever asks a store has to wait; make the method async`,
    );
  }
}

const rules = new WeakMap<object, MethodRule[]>();

/** Notes what a decorator says. */
export function noteRule(rule: MethodRule): void {
  const known = rules.get(rule.prototype);
  if (known === undefined) rules.set(rule.prototype, [rule]);
  else known.push(rule);
}

/** What decorators say of the methods of a class, by its prototype, and of those it extends; its own first. */
export function rulesOf(prototype: unknown): readonly MethodRule[] {
  const found: MethodRule[] = [];
  for (let each = prototype; typeof each === 'object' && each !== null; each = Object.getPrototypeOf(each)) {
    found.push(...(rules.get(each) ?? []));
  }
  return found;
}
