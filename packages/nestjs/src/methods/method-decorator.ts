import type { MemoResult } from '@viewcache/core';
import type { AnyFunction } from '@viewcache/core/node';
import type { Observable } from 'rxjs';

/** A method as options are told of it: what an Observable comes to is its last value. */
export type AsPromised<F extends AnyFunction> = F extends (...args: infer Args) => Observable<infer T>
  ? (...args: Args) => Promise<T>
  : F;

/**
 * A decorator of methods. Options that do not fit the method do not compile: the error names them.
 *
 * @typeParam ToldOf - the options that are told the result and then the arguments; `when` is told the arguments
 */
export type FittingDecorator<O, ToldOf extends string> = <F extends AnyFunction>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<F> & Fit<O, AsPromised<F>, ToldOf>,
) => void;

type Fit<O, F extends AnyFunction, ToldOf extends string> = {
  [K in keyof O]-?: (
    K extends ToldOf
      ? Takes<O[K], [result: MemoResult<F> | Before<O>, ...args: Parameters<F>]>
      : K extends 'when'
        ? Takes<O[K], Parameters<F>>
        : true
  ) extends true
    ? never
    : K;
}[keyof O] extends infer Wrong
  ? [Wrong] extends [never]
    ? unknown
    : { readonly 'an option does not fit the method': Wrong }
  : never;

/** Before a method has run there is no result. */
type Before<O> = O extends { readonly before: true } ? undefined : never;

type Takes<Option, Args extends unknown[]> = Option extends AnyFunction
  ? Option extends (...args: Args) => unknown
    ? true
    : false
  : true;
