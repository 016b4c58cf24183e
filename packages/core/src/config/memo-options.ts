import type { Duration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import type { AnyFunction } from '../values/any-function.js';
import type { InstancePolicy } from '../values/memo-instances.js';
import { checkBoolean, checkCount, checkFunction, checkOneOf } from './check.js';
import type { ValueOptions } from './value-option-types.js';

/** What a memoized function's options are told of a result: what its promise comes to, or the items of its iterable. */
export type MemoResult<F extends AnyFunction> =
  ReturnType<F> extends AsyncIterator<infer Item>
    ? readonly Item[]
    : ReturnType<F> extends Iterator<infer Item>
      ? readonly Item[]
      : Awaited<ReturnType<F>>;

/** How a function is memoized. Durations: seconds, or a string such as `'5m'`. */
export interface MemoOptions<F extends AnyFunction = AnyFunction>
  extends Omit<ValueOptions<MemoResult<F>>, 'ttl' | 'tags' | 'storeIf' | 'isStale'> {
  /** As of a value; a function is told the result and then the arguments. @defaultValue as of a value; `'forever'` with `maxSize` */
  readonly ttl?: Duration | ((result: MemoResult<F>, ...args: Parameters<F>) => Duration) | undefined;
  /** As of a value; a function is told the result and then the arguments. @defaultValue none */
  readonly tags?:
    | readonly string[]
    | ((result: MemoResult<F>, ...args: Parameters<F>) => readonly string[])
    | undefined;
  /** Whether a result may be stored; told the result and then the arguments. @defaultValue always */
  readonly storeIf?: ((result: MemoResult<F>, ...args: Parameters<F>) => boolean) | undefined;
  /** Whether a result that is found is not to be used; told the result and then the arguments. @defaultValue never */
  readonly isStale?: ((result: MemoResult<F>, ...args: Parameters<F>) => boolean) | undefined;
  /**
   * What the function is known by: in its keys, as the namespace `memo:NAME`, and in `stats()`. It shares its results with
   * the function of that name in other processes; of one process another function never has them, be it of the same code.
   *
   * @defaultValue the function's name, and a number if another one has it; needed with a shared store where it has none
   */
  readonly name?: string | undefined;
  /** Results of the function that memory holds; the least recently used one leaves. @defaultValue as many as the cache can hold */
  readonly maxSize?: number | undefined;
  /** Whether a call is cached at all; told the arguments. What is not `true` is no. @defaultValue always */
  readonly when?: ((...args: Parameters<F>) => boolean) | undefined;
  /**
   * What a call is found by, in place of its arguments: anything that can be an argument. Where it is nothing (`undefined`,
   * `null`, `NaN`, `Infinity`, a list of such alone), it would be one key for all calls: these are passed on. Not with `ignore`.
   *
   * @defaultValue the arguments
   */
  readonly key?: ((...args: Parameters<F>) => unknown) | undefined;
  /**
   * Arguments that do not count: their positions from 0, or a function that says so of each. A position that no call has an
   * argument at does nothing: how many there may be, a function with defaults or a rest does not tell.
   *
   * @defaultValue none
   */
  readonly ignore?: readonly number[] | ((argument: unknown, position: number) => boolean) | undefined;
  /** Whether the objects that it is called on, as a method, have results of their own. @defaultValue `'apart'` */
  readonly instances?: 'apart' | 'shared' | undefined;
  /**
   * What an instance is known by: the name of a property, or a function that is told the instance. Its class counts, too.
   * For what is called on instances: not for arrow functions and bound ones, nor with `instances: 'shared'`.
   *
   * @defaultValue being itself; needed with a shared store, where that means nothing to other processes
   */
  readonly instanceKey?: string | ((instance: never) => string | number) | undefined;
  /** The function's code is part of its keys: another release with other code has other results. @defaultValue false */
  readonly sourceCheck?: boolean | undefined;
}

/** {@link MemoOptions} as far as no value has them. */
export interface MemoPolicy {
  readonly name: string | undefined;
  readonly maxSize: number;
  readonly when: Loose | undefined;
  readonly key: Loose | undefined;
  readonly isIgnored: ((argument: unknown, position: number) => unknown) | undefined;
  readonly instances: InstancePolicy;
  readonly checksSource: boolean;
}

type Loose = (...args: readonly unknown[]) => unknown;

/** Options that {@link readMemoOptions} reads. */
export const MEMO_OPTIONS = ['maxSize', 'when', 'key', 'ignore', 'instances', 'instanceKey', 'sourceCheck'] as const;

/** @throws {@link ConfigError} that names the setting, the value given and what is allowed */
export function readMemoOptions(given: MemoOptions<never>): MemoPolicy {
  const { name, maxSize, instances = 'apart' } = given;
  if (name !== undefined && (typeof name !== 'string' || name === ''))
    throw new ConfigError('memoize.name', name, 'a string that is not empty');
  const isShared = checkOneOf('memoize.instances', instances, ['apart', 'shared']) === 'shared';
  if (isShared && given.instanceKey !== undefined)
    throw new ConfigError('memoize.instanceKey', given.instanceKey, "no instanceKey with instances: 'shared'");
  if (given.key !== undefined && given.ignore !== undefined)
    throw new ConfigError('memoize.ignore', given.ignore, 'no ignore with key, which stands for all arguments');
  return {
    name,
    maxSize: maxSize === undefined ? Number.POSITIVE_INFINITY : checkCount('memoize.maxSize', maxSize, 0),
    when: checkFunction('memoize.when', given.when, 'a function of the arguments') as Loose | undefined,
    key: checkFunction('memoize.key', given.key, 'a function of the arguments') as Loose | undefined,
    isIgnored: readIgnore(given.ignore),
    instances: { isShared, keyOf: readInstanceKey(given.instanceKey) },
    checksSource: checkBoolean('memoize.sourceCheck', given.sourceCheck ?? false),
  };
}

function readIgnore(ignore: unknown): MemoPolicy['isIgnored'] {
  if (ignore === undefined || typeof ignore === 'function') return ignore as MemoPolicy['isIgnored'];
  if (!Array.isArray(ignore)) throw new ConfigError('memoize.ignore', ignore, 'a list of positions, or a function');
  const positions = new Set(Array.from(ignore, (each: unknown) => checkCount('memoize.ignore', each, 0)));
  return (_, position) => positions.has(position);
}

function readInstanceKey(key: unknown): InstancePolicy['keyOf'] {
  if (key === undefined || typeof key === 'function') return key as InstancePolicy['keyOf'];
  if (typeof key !== 'string' || key === '')
    throw new ConfigError('memoize.instanceKey', key, 'the name of a property, or a function of the instance');
  return (instance) => (instance as Record<string, unknown>)[key];
}

/** A ttl, or options; refuses what is neither. */
export function withMemoTtl<F extends AnyFunction>(options: Duration | MemoOptions<F> | undefined): MemoOptions<F> {
  if (options === undefined) return {};
  if (typeof options === 'object' && options !== null) return options;
  return { ttl: options };
}
