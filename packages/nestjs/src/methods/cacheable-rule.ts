import { type Cache, ConfigError, type Memoized, type MemoOptions, type MemoResults } from '@viewcache/core';
import { type AnyFunction, checkMemoOptions, putResult, standFor } from '@viewcache/core/node';
import type { CacheableOptions } from './cacheable-options.js';
import { defaultsOf } from './class-defaults.js';
import {
  type AnyClass,
  type BoundMethod,
  type CachedResults,
  type DecoratedMethod,
  type MethodOwner,
  MethodRule,
} from './method-rule.js';
import { type Last, lastOf, observe } from './result-kinds.js';

/** The options that are told a result. */
const TOLD = ['ttl', 'tags', 'storeIf', 'isStale'] as const;

/** What `@Cacheable` says of one method. */
export class CacheableRule extends MethodRule {
  override readonly hasResults = true;
  override readonly mayStore = true;
  readonly #given: CacheableOptions;
  /** By cache and class: an app that is made anew with a cache that was there before finds what it had. */
  readonly #memos = new WeakMap<Cache, WeakMap<AnyClass, Memoized<AnyFunction>>>();

  constructor(decorated: DecoratedMethod, given: CacheableOptions) {
    super('@Cacheable', decorated);
    this.#given = given;
  }

  bind(owner: MethodOwner): BoundMethod {
    const setting = this.placeIn(owner.Class);
    this.refusePlain(setting);
    const { cache: named, instances, ...rest } = this.#optionsFor(owner, setting);
    const isApart = instances === 'apart' || rest.instanceKey !== undefined;
    const options = { ...rest, instances: isApart ? 'apart' : (instances ?? 'shared') } as MemoOptions;
    checkMemoOptions(setting, options);
    const cache = owner.cache(named, `${setting}.cache`);
    const memo = this.#memoIn(cache, owner, options, setting);
    const isUndecided = instances === undefined && rest.instanceKey === undefined;
    const results = this.#results(memo, cache, { isApart, isUndecided, isStream: this.kind === 'stream' });
    return {
      call: this.#caller(memo, cache, setting),
      results,
      resultsOf: (instance) => this.#resultsOf(memo, instance),
    };
  }

  /** The method's own word stands before its class's: also one about instances that says the contrary in another option. */
  #optionsFor({ Class }: MethodOwner, setting: string): CacheableOptions {
    const defaults = defaultsOf(Class);
    for (const { instances, instanceKey } of [this.#given, defaults]) {
      if (instances === 'shared' && instanceKey !== undefined)
        throw new ConfigError(`${setting}.instanceKey`, instanceKey, "no instanceKey with instances: 'shared'");
    }
    const { instances, instanceKey, ...rest } = defaults;
    const of = this.#given.instances === undefined && this.#given.instanceKey === undefined;
    return { ...rest, ...(of && { instances, instanceKey }), ...this.#given };
  }

  #memoIn(cache: Cache, owner: MethodOwner, options: MemoOptions, setting: string): Memoized<AnyFunction> {
    let ofCache = this.#memos.get(cache);
    if (ofCache === undefined) {
      ofCache = new WeakMap();
      this.#memos.set(cache, ofCache);
    }
    let memo = ofCache.get(owner.Class);
    if (memo === undefined) {
      memo = named(setting, () => cache.memoize(this.#standIn(owner.nameOf(this)), this.#forResults(options, owner)));
      ofCache.set(owner.Class, memo);
    }
    return memo;
  }

  /** The method as it is memoized: each class that has it has a function of its own, and so results of its own. */
  #standIn(name: string): AnyFunction {
    const { method } = this;
    const run = (result: unknown): unknown => (this.kind === 'observable' ? lastOf(result) : result);
    const standIn = function (this: unknown, ...args: never[]): unknown {
      return run(method.apply(this, args));
    };
    standFor(standIn, { source: method, kind: this.kind === 'stream' ? 'stream' : 'promise' });
    return Object.defineProperty(standIn, 'name', { value: name });
  }

  #forResults(options: MemoOptions, { Class }: MethodOwner): MemoOptions {
    const given: Record<string, unknown> = { ...options };
    for (const name of TOLD) {
      const option = given[name];
      if (typeof option !== 'function') continue;
      given[name] = (result: unknown, ...args: readonly unknown[]) =>
        option(this.kind === 'observable' ? (result as Last)[0] : result, ...args);
    }
    // What was named once is one method's: a class that has it from another one has results of its own.
    if (typeof options.name === 'string' && Class.prototype !== this.prototype)
      given['name'] = `${options.name}.${Class.name}`;
    return given as MemoOptions;
  }

  #caller(memo: Memoized<AnyFunction>, cache: Cache, setting: string): BoundMethod['call'] {
    const { method } = this;
    return (instance, args) => {
      if (this.kind === 'observable') return observe(() => memo.apply(instance, args as never[]));
      if (this.kind !== undefined) return memo.apply(instance, args as never[]);
      const result = method.apply(instance, args as never[]);
      // As of the next call: this one was not begun as one whose result is kept.
      this.learn(result, cache, setting);
      return result;
    };
  }

  /** What is made anew is of the kind that the method returns. */
  #resultsOf(memo: Memoized<AnyFunction>, instance: object): MemoResults<AnyFunction> {
    const results = memo.of(instance);
    if (this.kind !== 'observable') return results;
    return { ...results, refresh: (...args) => observe(() => results.refresh(...args)) };
  }

  #results(
    memo: Memoized<AnyFunction>,
    cache: Cache,
    said: Pick<CachedResults, 'isApart' | 'isUndecided' | 'isStream'>,
  ): CachedResults {
    return {
      ...said,
      cache,
      put: async (instance, args, value, since) => {
        const stored = this.kind === 'observable' ? [value] : value;
        return await putResult(memo, said.isApart ? instance : undefined, args, stored, since);
      },
      invalidate: async (instance, args) => {
        const results = said.isApart && instance !== undefined ? memo.of(instance) : memo;
        return await (args === undefined ? results.cacheClear() : results.invalidate(...(args as never[])));
      },
    };
  }
}

/** Names in an error the method that it is about. */
function named<T>(setting: string, memoize: () => T): T {
  try {
    return memoize();
  } catch (error) {
    if (error instanceof ConfigError) throw error.named(error.setting.replace(/^memoize/, setting));
    throw error;
  }
}
