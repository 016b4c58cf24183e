import type { Duration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { checkOptions } from '../config/check.js';
import { MEMO_OPTIONS, type MemoOptions, readMemoOptions, withMemoTtl } from '../config/memo-options.js';
import { tokenOf } from '../config/value-call-options.js';
import type { ValueDefaults } from '../config/value-option-types.js';
import { readValueOptions, readVersion, VALUE_OPTIONS } from '../config/value-options.js';
import type { Keyed } from '../engine/keyed.js';
import type { AnyFunction } from '../values/any-function.js';
import { takesThis } from '../values/memo-instances.js';
import { MemoScope } from '../values/memo-key.js';
import type { MemoNames, MemoRecord } from '../values/memo-names.js';
import { originOf } from '../values/memo-origins.js';
import { kindOfFunction } from '../values/memo-results.js';
import { MemoSizes } from '../values/memo-sizes.js';
import type { KeySpace } from '../values/value-key.js';
import type { Values } from '../values/values.js';
import type { ValueExplanation } from './explanation.js';
import { Memo } from './memoize-function.js';
import { attachMemo, attachPut, type MemoCalls, type Memoized, type MemoResults } from './memoized-function.js';
import type { InvalidationReceipt } from './receipts.js';

/** What memoizing stands on. */
export interface MemoizeParts {
  readonly values: Values;
  readonly defaults: ValueDefaults;
  readonly memoNames: MemoNames;
  purge(tags: readonly string[]): Promise<InvalidationReceipt>;
  invalidate(tags: readonly string[]): Promise<InvalidationReceipt>;
  /** @throws whatever finding the key throws, by rejection */
  explain(keyOf: () => Keyed): Promise<ValueExplanation>;
  warn(message: string): void;
}

/** Its own first: of names that are equally near to a wrong one, the first is suggested. */
const KNOWN = [...MEMO_OPTIONS, ...VALUE_OPTIONS];

/** A function that is memoized, and may be so no more. */
export interface Leaving<F extends AnyFunction> {
  readonly memoized: Memoized<F>;
  /** Gives its name back. */
  leave(): void;
}

/**
 * A function whose results are kept in a cache.
 *
 * @param follower - see {@link MemoClaim.follower}
 * @throws {@link ConfigError} for a wrong setting, and where nothing tells the function from another one
 */
export function memoize<F extends AnyFunction>(
  fn: F,
  options: Duration | MemoOptions<F> | undefined,
  parts: MemoizeParts,
  space: KeySpace,
  follower?: object,
): Leaving<F> {
  if (typeof fn !== 'function') throw new ConfigError('memoize.fn', fn, 'a function');
  const given = takeMemoOptions('memoize', withMemoTtl(options));
  checkInstanceKey(fn, given);
  const { memo, record } = open(fn, given, parts, space, follower);
  const memoized = function (this: unknown, ...args: unknown[]): unknown {
    return memo.call(this, args);
  };
  Object.defineProperties(memoized, ownOf(fn, given.name));
  const calls = callsOf(fn, memo, parts);
  attachMemo(memoized as AnyFunction as F, () => calls);
  attachPut(memoized as AnyFunction, async (instance, args, value, token) => {
    const since = tokenOf('memoize', token, parts.values.parts.tags);
    if (memo.recursion.length > 0) await parts.invalidate(memo.recursion);
    return await memo.put(instance, args, value, since);
  });
  return { memoized: Object.assign(memoized as AnyFunction as F, calls), leave: record.leave };
}

/**
 * Reads options of which nobody knows yet for which cache they are.
 *
 * @param what - the function's name, for errors
 * @param beside - further options that it takes
 * @returns as {@link takeMemoOptions}
 * @throws {@link ConfigError} for a wrong setting
 */
export function checkMemoOptions<O extends object>(what: string, given: O, beside: readonly string[] = []): O {
  const taken = takeMemoOptions(what, given, beside);
  try {
    readMemoOptions(taken as MemoOptions<never>);
    readVersion('memoize.version', (taken as MemoOptions<never>).version);
    readValueOptions('memoize', taken, { lifetimeMs: 0, maxBytes: 1, copying: 'structured' }, () => {}, KNOWN);
  } catch (error) {
    if (error instanceof ConfigError) throw error.named(error.setting.replace(/^memoize/, what));
    throw error;
  }
  return taken;
}

/** @throws {@link ConfigError} for a function that is never called on an instance */
export function checkInstanceKey(fn: AnyFunction, { instanceKey }: MemoOptions<never>): void {
  if (instanceKey === undefined || takesThis(fn)) return;
  const allowed = 'no instanceKey for an arrow function or a bound one, which has no this of its own';
  throw new ConfigError('memoize.instanceKey', instanceKey, allowed);
}

/** Options as they are now: they are asked again at calls, and in further caches, and mean what they did all the same. */
function takeMemoOptions<O extends object>(what: string, given: O, beside: readonly string[] = []): O {
  checkOptions(what, given, [...KNOWN, ...beside]);
  const taken: Record<string, unknown> = {};
  for (const name of KNOWN) {
    const value: unknown = given[name as keyof O];
    if (value !== undefined) taken[name] = Array.isArray(value) ? [...value] : value;
  }
  return taken as O;
}

function open(
  fn: AnyFunction,
  given: MemoOptions<never>,
  parts: MemoizeParts,
  space: KeySpace,
  follower: object | undefined,
): { readonly memo: Memo; readonly record: MemoRecord } {
  const { values, defaults, memoNames, warn } = parts;
  const policy = readMemoOptions(given);
  const isBounded = policy.maxSize !== Number.POSITIVE_INFINITY;
  const lifetimeMs = defaults.lifetimeMs ?? (isBounded ? Number.POSITIVE_INFINITY : undefined);
  const tracksReads = (): boolean => given.trackReads ?? values.parts.tracksReads;
  let isUnsaid = false;
  const say = (): void => {
    if (!tracksReads())
      warn(
        `${policy.name ?? (fn.name || '(anonymous)')} says neither a ttl, nor tags, nor a maxSize: its results are kept for 5 minutes; give one, or the cache a ttl`,
      );
  };
  const { isShared } = values.parts.engine;
  const unsaid = (): void => {
    isUnsaid = true;
  };
  const kept = readValueOptions('memoize', given as object, { ...defaults, lifetimeMs }, unsaid, KNOWN);
  const version = readVersion('memoize.version', given.version);
  const { name, checksSource } = policy;
  const record = memoNames.claim({ fn, prefix: space.prefix, name, version, isShared, checksSource, follower });
  record.kind ??= originOf(fn)?.kind ?? kindOfFunction(fn);
  const sizes = new MemoSizes(record, policy.maxSize, values.parts.engine.values);
  const memo = new Memo({
    // When it is made, nobody knows yet whether a data source will be watched.
    fn: (isUnsaid ? sayingFirst(fn, say) : fn) as unknown as (...args: readonly unknown[]) => unknown,
    record,
    scope: new MemoScope(space, record.name, record.mark, sizes),
    sizes,
    values,
    given,
    policy: { ...policy, instances: takesThis(fn) ? policy.instances : { isShared: true, keyOf: undefined } },
    kept: { ...kept, route: printable(record.name), ...(policy.maxSize === 0 ? { lifetimeMs: 0 } : {}) },
    warn,
  });
  return { memo, record };
}

/** The function, of whose first run somebody is told. */
function sayingFirst(fn: AnyFunction, say: () => void): AnyFunction {
  let isSaid = false;
  return function (this: unknown, ...args: never[]): unknown {
    if (!isSaid) say();
    isSaid = true;
    return fn.apply(this, args);
  };
}

function callsOf<F extends AnyFunction>(fn: F, memo: Memo, parts: MemoizeParts): MemoCalls<F> {
  const of = (instance: object | undefined): MemoResults<F> => ({
    cacheClear: async () => await parts.purge(memo.clear(instance)),
    invalidate: async (...args) => await parts.invalidate(memo.tagsOf(instance, args)),
    refresh: (...args) => memo.forced.call(instance, args) as ReturnType<F>,
    explain: (...args) => parts.explain(() => memo.keyOf(instance, args)),
    keyFor: (...args) => memo.keyOf(instance, args).text,
  });
  return { ...of(undefined), uncached: fn, cacheInfo: () => memo.info(), of: (instance) => of(instance) };
}

/**
 * What a function has of its own: its name, how many arguments it takes, and what was put onto it.
 *
 * @param called - its name, where it has none
 */
export function ownOf(fn: AnyFunction, called?: string): PropertyDescriptorMap {
  const {
    prototype: _,
    arguments: _arguments,
    caller: _caller,
    ...own
  } = Object.getOwnPropertyDescriptors(fn) as {
    [name: string]: PropertyDescriptor;
  };
  return fn.name === '' && called !== undefined ? { ...own, name: { value: called, configurable: true } } : own;
}
