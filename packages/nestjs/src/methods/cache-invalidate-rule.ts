import { type Cache, ConfigError, type InvalidateOptions, parseDuration } from '@viewcache/core';
import {
  type AnyFunction,
  checkBoolean,
  checkFunction,
  checkOneOf,
  checkOptions,
  checkTarget,
  ignoreRejection,
} from '@viewcache/core/node';
import { concatMap, defer, type Observable } from 'rxjs';
import { decides, orElse, saidBy, warn } from './asked-options.js';
import type { CacheInvalidateOptions } from './cache-invalidate-options.js';
import { defaultsOf } from './class-defaults.js';
import { type BoundMethod, type DecoratedMethod, type MethodOwner, MethodRule } from './method-rule.js';
import { namedTarget, TARGETS, type TargetKind } from './named-target.js';
import { followedBy } from './result-kinds.js';

const KINDS = [...TARGETS, 'method'] as const;
const OPTIONS = [...KINDS, 'of', 'args', 'before', 'when', 'cache', 'confirm', 'hold'] as const;

/** Invalidates what is named; `told` is the result and then the arguments. */
type End = (instance: object, told: readonly unknown[]) => Promise<void>;

/** What `@CacheInvalidate` says of one method. */
export class CacheInvalidateRule extends MethodRule {
  readonly #given: CacheInvalidateOptions;

  constructor(decorated: DecoratedMethod, given: CacheInvalidateOptions) {
    super('@CacheInvalidate', decorated);
    this.#given = given;
  }

  bind(owner: MethodOwner): BoundMethod {
    const setting = this.placeIn(owner.Class);
    const kind = this.#check(setting);
    const { before = false, when } = this.#given;
    const [cache, end] =
      kind === 'method' ? this.#endOfMethod(owner, setting) : this.#endOfTarget(owner, setting, kind);
    const { method, returns } = this;
    return {
      call: (instance, args) => {
        const run = (): unknown => method.apply(instance, args as never[]);
        const meant = decides(cache, `${setting}.when`, when as AnyFunction | undefined, args, 'and was taken for yes');
        if (meant === false) return run();
        const whole = (): unknown => followedBy(run(), (result) => end(instance, [result, ...args]));
        if (!before) return whole();
        const begin = (): Promise<void> => end(instance, [undefined, ...args]);
        if (returns.kind === 'promise') return begin().then(whole);
        if (returns.kind === 'observable') return defer(begin).pipe(concatMap(() => whole() as Observable<unknown>));
        ignoreRejection(begin());
        return whole();
      },
    };
  }

  /** @returns what the options name */
  #check(setting: string): (typeof KINDS)[number] {
    const given = this.#given;
    checkOptions(setting, given, OPTIONS);
    const [kind, ...others] = KINDS.filter((name) => given[name] !== undefined);
    if (kind === undefined || others.length > 0)
      throw new ConfigError(setting, given, `exactly one of ${KINDS.join(', ')}`);
    if (given.before !== undefined) checkBoolean(`${setting}.before`, given.before);
    checkFunction(`${setting}.when`, given.when, 'a function of the arguments');
    if (given.hold !== undefined) parseDuration(`${setting}.hold`, given.hold);
    if (given.confirm !== undefined) checkOneOf(`${setting}.confirm`, given.confirm, ['store', 'all']);
    if (typeof given.all === 'function') throw new ConfigError(`${setting}.all`, given.all, 'true, or another target');
    const foreign = kind === 'method' ? (['cache', 'confirm', 'hold'] as const) : (['of', 'args'] as const);
    const stray = foreign.find((name) => given[name] !== undefined);
    if (stray !== undefined)
      throw new ConfigError(`${setting}.${stray}`, given[stray], `it ${kind === 'method' ? 'without' : 'with'} method`);
    return kind;
  }

  #endOfTarget(owner: MethodOwner, setting: string, kind: TargetKind): readonly [Cache, End] {
    const { confirm, hold, cache: named = defaultsOf(owner.Class).cache } = this.#given;
    const cache = owner.cache(named, `${setting}.cache`);
    const option = this.#given[kind];
    if (typeof option !== 'function') checkTarget(setting, { [kind]: option });
    const how: InvalidateOptions = { ...(confirm && { confirm }), ...(hold !== undefined && { hold }) };
    const end: End = async (_instance, told) => {
      const { target, wrong } = namedTarget(setting, kind, option, told);
      if (target !== undefined) {
        if (wrong !== undefined) warn(cache, `${wrong}, and was passed over: what else it names was invalidated`);
        await cache.invalidate(target, how);
      } else if (wrong !== undefined) {
        // Something was written, and nobody knows what is stale now: what is made anew is only slower.
        warn(cache, `${wrong}, and names nothing else: all of the cache was purged, so that nothing stale is left`);
        await cache.purge({ all: true }, how);
      }
    };
    return [cache, end];
  }

  #endOfMethod(owner: MethodOwner, setting: string): readonly [Cache, End] {
    const { of, args } = this.#given;
    checkFunction(`${setting}.args`, args, 'a function of the result and the arguments');
    const results = owner.results(this.#given, setting);
    const isOwn = of === undefined || of === owner.Class;
    const end: End = async (instance, told) => {
      const said = args === undefined ? undefined : saidBy(results.cache, `${setting}.args`, args, told);
      if (said !== undefined && !Array.isArray(said)) warn(results.cache, `${setting}.args returned no list`);
      // Where nobody knows which, it is all of them.
      const which = Array.isArray(said) ? (said as readonly unknown[]) : undefined;
      const act = (): Promise<unknown> => results.invalidate(isOwn ? instance : undefined, which);
      const all = (): Promise<unknown> => results.invalidate(undefined, undefined);
      await orElse(results.cache, `${setting}.args names no result, so all of them were ended`, act, all);
    };
    return [results.cache, end];
  }
}
