import type { Duration } from '../base/duration.js';
import type { MemoOptions, MemoResult } from '../config/memo-options.js';
import type { AnyFunction } from '../values/any-function.js';
import type { ValueCache } from './value-cache.js';

/** A function of a result and arguments that may say of which types they are: those of the method, which it has to fit. */
type Told<T> = { told(result: unknown, ...args: readonly unknown[]): T }['told'];
/** A function of arguments, likewise. */
type Asked<T> = { asked(...args: readonly unknown[]): T }['asked'];

/** How a method is memoized. Its functions stand before the method, so that their parameters have to be given types. */
export interface MemoizedOptions
  extends Omit<MemoOptions, 'ttl' | 'tags' | 'storeIf' | 'isStale' | 'when' | 'key' | 'instanceKey'> {
  /** As of a value; a function is told the result and then the arguments. @defaultValue as of a value; `'forever'` with `maxSize` */
  readonly ttl?: Duration | Told<Duration> | undefined;
  /** As of a value; a function is told the result and then the arguments. @defaultValue none */
  readonly tags?: readonly string[] | Told<readonly string[]> | undefined;
  /** Whether a result may be stored; told the result and then the arguments. @defaultValue always */
  readonly storeIf?: Told<boolean> | undefined;
  /** Whether a result that is found is not to be used; told the result and then the arguments. @defaultValue never */
  readonly isStale?: Told<boolean> | undefined;
  /** Whether a call is cached at all; told the arguments. What is not `true` is no. @defaultValue always */
  readonly when?: Asked<boolean> | undefined;
  /** What a call is found by, in place of its arguments: anything that can be an argument. @defaultValue the arguments */
  readonly key?: Asked<unknown> | undefined;
  /**
   * What an instance is known by: the name of a property, or a function that is told the instance. Its class counts, too.
   *
   * @defaultValue being itself; needed with a shared store, where that means nothing to other processes
   */
  readonly instanceKey?: string | Asked<string | number> | undefined;
  /** Where its results are kept: a cache, a namespace of one, or a function that returns it. @defaultValue `defaultCache()` */
  readonly cache?: ValueCache | (() => ValueCache) | undefined;
}

/** What a method's decorator is given, where the options do not fit the method: no context is one, and the error names them. */
export type Fit<O, This, F extends AnyFunction> = {
  [K in keyof O]-?: Fits<K, O[K], This, F> extends true ? never : K;
}[keyof O] extends infer Wrong
  ? [Wrong] extends [never]
    ? unknown
    : { readonly 'an option does not fit the method': Wrong }
  : never;

type Fits<K, Option, This, F extends AnyFunction> = K extends 'ttl' | 'tags' | 'storeIf' | 'isStale'
  ? Takes<Option, [result: MemoResult<F>, ...args: Parameters<F>]>
  : K extends 'when' | 'key'
    ? Takes<Option, Parameters<F>>
    : K extends 'instanceKey'
      ? Option extends string
        ? IsProperty<Option, This>
        : Takes<Option, [instance: This]>
      : K extends keyof MemoizedOptions
        ? true
        : false;

type Takes<Option, Args extends unknown[]> = Option extends (...args: never[]) => unknown
  ? Option extends (...args: Args) => unknown
    ? true
    : false
  : true;

/** A private property is none of `keyof`, and no public one of its name can be had instead, not even if it need not be there. */
type IsProperty<Name extends string, This> = string extends Name
  ? true
  : Name extends keyof This
    ? true
    : This & { readonly marked: true } extends { readonly marked: true } & { readonly [K in Name]?: unknown }
      ? false
      : true;
