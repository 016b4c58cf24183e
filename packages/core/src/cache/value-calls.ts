import type { Duration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { checkNoMore, checkOptions } from '../config/check.js';
import { readForever } from '../config/lifetimes.js';
import type { MemoOptions } from '../config/memo-options.js';
import {
  type AddOptions,
  type CacheToken,
  type IncrementOptions,
  type Key,
  type KeyOptions,
  MANY_OPTIONS,
  type RowOptions,
  readBy,
  readNamespace,
  SET_OPTIONS,
  type SetOptions,
  tokenBrand,
  tokenOf,
} from '../config/value-call-options.js';
import type { ValueOptions } from '../config/value-option-types.js';
import type { Shortcuts } from '../engine/shortcuts.js';
import type { Written } from '../engine/value-access.js';
import { namespaceTag } from '../invalidation/tags.js';
import { type NamespaceTarget, tagsWithin } from '../invalidation/target.js';
import type { AnyFunction } from '../values/any-function.js';
import type { Copying } from '../values/copying.js';
import { Counters } from '../values/counters.js';
import { NOTHING_FOUND } from '../values/delivery.js';
import { Loader } from '../values/loader.js';
import { NOTHING_MADE, type Producer, type ProducerRun } from '../values/producer.js';
import type { QuickHits } from '../values/quick-hits.js';
import { type KeySpace, ROOT, spaceIn, type ValueKey } from '../values/value-key.js';
import type { ValueParts } from '../values/value-parts.js';
import { CallReader } from './call-reader.js';
import { CallsInTurn } from './calls-in-turn.js';
import { NO_OPTIONS } from './known-policies.js';
import { type Leaving, type MemoizeParts, memoize } from './memoize.js';
import type { Memoized } from './memoized-function.js';
import type { OpenStrategies, StrategyParts } from './open-strategies.js';
import { copyingOf, isOnly } from './quick-options.js';
import type { InvalidationReceipt } from './receipts.js';
import { checkList, entriesOf, withTtl } from './value-arguments.js';
import type { Loaded, LoadedRows, LoadOptions, ValueCache, ValueIn } from './value-cache.js';
import { ValueWarnings } from './value-warnings.js';

/** What the calls stand on. */
export interface ValueCallParts extends MemoizeParts {
  /** Purges the values of these tags, here at once. */
  purge(tags: readonly string[]): Promise<InvalidationReceipt>;
  /** Those of its strategies that have to be closed with it. */
  readonly open: OpenStrategies;
}

/** Reads what a caller has given, and does it. */
export class ValueCalls implements Omit<ValueCache, 'through' | 'namespace'> {
  readonly #parts: ValueCallParts;
  readonly #space: KeySpace;
  readonly #counters: Counters;
  readonly #reader: CallReader;
  readonly #inTurn: CallsInTurn;
  /** Of its namespace, as they were when the long way was gone last. */
  #shortcuts: Shortcuts;
  readonly #quick: QuickHits;
  /** The last ttl in options that were found to be sound. */
  #ttl: unknown;
  /** What its user has called, where it was none of these calls: what is wrong is said of that. */
  readonly #calledAs: 'through' | undefined;
  /** How callers are kept from changing each other's value, where they do not say. */
  readonly copying: Copying;
  readonly #warnings: ValueWarnings;

  constructor(
    parts: ValueCallParts,
    space: KeySpace = ROOT,
    counters: Counters = new Counters(parts.values),
    warnings: ValueWarnings = new ValueWarnings(parts.warn),
    calledAs?: 'through',
  ) {
    this.#parts = parts;
    this.#space = space;
    this.#counters = counters;
    this.#warnings = warnings;
    this.#calledAs = calledAs;
    this.#reader = new CallReader(parts, space, warnings);
    this.#inTurn = new CallsInTurn(parts.values, this.#reader, counters);
    this.#shortcuts = parts.values.shortcutsOf(space.prefix);
    this.#quick = parts.values.quick;
    this.copying = parts.defaults.copying;
  }

  getOrSet<T, Stale = T>(
    key: Key,
    producer: (run: ProducerRun<Stale>) => T | Promise<T>,
    options?: Duration | ValueOptions<T>,
    ...more: never[]
  ): Promise<T> {
    try {
      if (more.length > 0) checkNoMore('getOrSet', more, 'key, producer and options');
      const known = this.#shortcuts.get(key);
      if (known !== undefined && typeof producer === 'function') {
        // What a fresh value needs no reading of options for.
        const copying = isOnly(this.#ttl, options) ? this.copying : this.#copyingOf(options);
        const found = copying === undefined ? NOTHING_FOUND : this.#quick.promise(known, copying);
        if (found !== NOTHING_FOUND) return found as Promise<T>;
      }
      return this.#find(key, producer as Producer, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async getOrSetMany<K, L extends Loaded<unknown> | LoadedRows = never>(
    keys: readonly K[] & readonly Key[],
    loadMissing: (missing: readonly K[]) => L | Promise<L>,
    options?: LoadOptions<L>,
    ...more: never[]
  ): Promise<Map<K, ValueIn<L>>> {
    checkNoMore('getOrSetMany', more, 'keys, loadMissing and options');
    if (typeof loadMissing !== 'function') throw new ConfigError('getOrSetMany.loadMissing', loadMissing, 'a function');
    const given: Partial<RowOptions<never>> = withTtl<Partial<RowOptions<never>>>(
      options as Duration | object | undefined,
    );
    const named = this.#reader.keys('getOrSetMany', keys as readonly (K & Key)[], given.version);
    const policy = this.#reader.policy('getOrSetMany', given, MANY_OPTIONS, keys[0] as (K & Key) | undefined);
    const uses = this.#parts.values.uses(policy);
    const by = readBy('getOrSetMany', given.by);
    const loader = new Loader<K & Key>(loadMissing, {
      by,
      name: policy.route,
      onNothing: (name) => this.#warnings.foundNone(policy.route, keys[0] as K & Key, name),
    });
    const values = await this.#parts.values.askMany(
      [...named].map(([key, valueKey]) => ({ key: valueKey, producer: () => loader.load(key) })),
      uses,
    );
    return new Map(
      [...named.keys()].flatMap((key, i) => (values[i] === NOTHING_MADE ? [] : [[key, values[i] as ValueIn<L>]])),
    );
  }

  async get<T = unknown>(key: Key, options: KeyOptions = NO_OPTIONS, ...more: never[]): Promise<T | undefined> {
    checkNoMore('get', more, 'key and options');
    return (await this.#look('get', [key], options))[0]?.value as T | undefined;
  }

  async getMany<T, K extends Key>(
    keys: readonly K[],
    options: KeyOptions = NO_OPTIONS,
    ...more: never[]
  ): Promise<Map<K, T>> {
    checkNoMore('getMany', more, 'keys and options');
    const asked = [...new Set(checkList('getMany', keys))];
    const found = await this.#look('getMany', asked, options);
    return new Map(asked.flatMap((key, i) => (found[i] === undefined ? [] : [[key, found[i].value as T]])));
  }

  async has(key: Key, options: KeyOptions = NO_OPTIONS, ...more: never[]): Promise<boolean> {
    checkNoMore('has', more, 'key and options');
    return (await this.#look('has', [key], options, false))[0] !== undefined;
  }

  async set<T>(key: Key, value: T, options?: Duration | SetOptions<T>, ...more: never[]): Promise<boolean> {
    checkNoMore('set', more, 'key, value and options');
    const [written] = await this.#write(this.#calledAs ?? 'set', [[key, value]], options);
    return written === 'stored';
  }

  async setMany<T, K extends Key = Key>(
    values: Iterable<readonly [K, T]> | Readonly<Record<string, T>>,
    options?: Duration | SetOptions<T>,
    ...more: never[]
  ): Promise<readonly Key[]> {
    checkNoMore('setMany', more, 'values and options');
    const entries = entriesOf('setMany', values);
    const written = await this.#write('setMany', entries, options);
    return entries.flatMap(([key], i) => (written[i] === 'stored' ? [] : [key]));
  }

  async add<T>(key: Key, value: T, options?: Duration | AddOptions<T>, ...more: never[]): Promise<boolean> {
    checkNoMore('add', more, 'key, value and options');
    return await this.#inTurn.add(key, value, options);
  }

  async delete(key: Key, options: KeyOptions = NO_OPTIONS, ...more: never[]): Promise<InvalidationReceipt> {
    checkNoMore('delete', more, 'key and options');
    return await this.#delete('delete', [key], options);
  }

  async deleteMany(
    keys: readonly Key[],
    options: KeyOptions = NO_OPTIONS,
    ...more: never[]
  ): Promise<InvalidationReceipt> {
    checkNoMore('deleteMany', more, 'keys and options');
    return await this.#delete('deleteMany', checkList('deleteMany', keys), options);
  }

  async touch(key: Key, ttl: Duration, options: KeyOptions = NO_OPTIONS, ...more: never[]): Promise<boolean> {
    checkNoMore('touch', more, 'key, ttl and options');
    checkOptions('touch', options, ['version']);
    const lifetimeMs = readForever('touch.ttl', ttl);
    const named = this.#reader.key('touch', key, options.version);
    if (lifetimeMs > 0) return await this.#inTurn.touch(named, lifetimeMs);
    await this.#delete('touch', [key], options);
    return false;
  }

  async ttl(key: Key, options: KeyOptions = NO_OPTIONS, ...more: never[]): Promise<number | undefined> {
    checkNoMore('ttl', more, 'key and options');
    checkOptions('ttl', options, ['version']);
    return await this.#parts.values.secondsLeft(this.#reader.key('ttl', key, options.version));
  }

  async increment(
    key: Key,
    by: number | IncrementOptions = 1,
    options?: Duration | IncrementOptions,
    ...more: never[]
  ): Promise<number> {
    checkNoMore('increment', more, 'key, by and options');
    return await this.#inTurn.count('increment', key, by, options);
  }

  async decrement(
    key: Key,
    by: number | IncrementOptions = 1,
    options?: Duration | IncrementOptions,
    ...more: never[]
  ): Promise<number> {
    checkNoMore('decrement', more, 'key, by and options');
    return await this.#inTurn.count('decrement', key, by, options);
  }

  async incrementVersion(
    key: Key,
    options: { readonly version: number },
    by = 1,
    ...more: never[]
  ): Promise<number | undefined> {
    checkNoMore('incrementVersion', more, 'key, options and by');
    return await this.#inTurn.incrementVersion(key, options, by);
  }

  memoize<F extends AnyFunction>(fn: F, options?: Duration | MemoOptions<F>, ...more: never[]): Memoized<F> {
    checkNoMore('memoize', more, 'a function and options');
    return memoize(fn, options, this.#parts, this.#space).memoized;
  }

  /** {@link memoize} for one who comes to many namespaces. */
  memoizeFor<F extends AnyFunction>(follower: object, fn: F, options: MemoOptions<F>): Leaving<F> {
    return memoize(fn, options, this.#parts, this.#space, follower);
  }

  /** The same for all namespaces of a cache. */
  get home(): object {
    return this.#parts;
  }

  /** Of its namespace; empty for the cache itself. */
  get prefix(): string {
    return this.#space.prefix;
  }

  namespace(name: string): ValueCalls {
    return this.#within(name);
  }

  /** A namespace that a strategy asks. */
  forStrategy(name: string): ValueCalls {
    return this.#within(name, 'through');
  }

  /** Purges the namespace that these calls are about. */
  async clear(): Promise<InvalidationReceipt> {
    return await this.#parts.purge([namespaceTag(this.#space.prefix.slice(0, -1))]);
  }

  /** Invalidates what has these keys in the namespace that these calls are about. */
  async invalidate(target: NamespaceTarget): Promise<InvalidationReceipt> {
    return await this.#parts.invalidate(tagsWithin(this.#space.prefix, target));
  }

  /** What is read of the data sources that are watched is among the tags of what is made, unless its options say otherwise. */
  get tracksReads(): boolean {
    return this.#parts.values.parts.tracksReads;
  }

  /** What strategies stand on beside the calls. */
  get strategyParts(): StrategyParts {
    const { values, open } = this.#parts;
    return { ...pick(values.parts), isShared: values.parts.engine.values.isShared, open };
  }

  /** Lets several be asked for at once: the shared store is asked in one round trip. */
  together<T>(run: () => T): T {
    return this.#parts.values.parts.engine.values.together(run);
  }

  async token(): Promise<CacheToken> {
    return await this.#token([]);
  }

  /** {@link token}, before values of these keys are written to where they come from. */
  async tokenOfWrite(keys: readonly Key[]): Promise<CacheToken> {
    return await this.#token([...new Set(keys.flatMap((key) => this.#reader.key('through', key, undefined).tags))]);
  }

  async #token(written: readonly string[]): Promise<CacheToken> {
    const { engine, tags } = this.#parts.values.parts;
    return { [tokenBrand]: { of: tags, known: await engine.values.token(written) } };
  }

  /** How callers are kept apart, where a fresh value answers whatever else the options say; else `undefined`. */
  #copyingOf(options: Duration | ValueOptions<never> | undefined): Copying | undefined {
    if (typeof options === 'object' && options?.version !== undefined) return undefined;
    const copying = copyingOf(options, this.copying);
    if (copying !== undefined && typeof options === 'object') this.#ttl = options.ttl;
    return copying;
  }

  #within(name: string, calledAs?: 'through'): ValueCalls {
    const space = spaceIn(this.#space, readNamespace(name));
    return new ValueCalls(this.#parts, space, this.#counters, this.#warnings, calledAs);
  }

  /** {@link getOrSet} by the text of the key. */
  #find<T>(key: Key, producer: Producer, options: Duration | ValueOptions<T> | undefined): Promise<T> {
    if (typeof producer !== 'function') throw new ConfigError('getOrSet.producer', producer, 'a function');
    const { values } = this.#parts;
    const given = withTtl(options);
    const named = this.#reader.key(this.#calledAs ?? 'getOrSet', key, given.version);
    const copying = copyingOf(options, this.copying);
    if (copying === undefined) return this.#ask(key, named, producer, given);
    const found = values.find(named, copying);
    if (found === NOTHING_FOUND) return this.#ask(key, named, producer, given);
    if (given.version === undefined) this.#shortcuts = values.shorten(named, key, this.#space.prefix);
    return Promise.resolve(found as T);
  }

  /** Apart from the hit, which would pay for what this has to keep for later. */
  #ask<T>(key: Key, named: ValueKey, producer: Producer, given: ValueOptions<T>): Promise<T> {
    const { values } = this.#parts;
    const uses = values.uses(this.#reader.policy(this.#calledAs ?? 'getOrSet', given, undefined, key));
    return new Promise<T>((resolve, reject) => {
      values.caller(named, producer, uses, { resolve: resolve as (value: unknown) => void, reject }).ask();
    });
  }

  async #look(what: string, keys: readonly Key[], options: KeyOptions, copies = true) {
    checkOptions(what, options, ['version']);
    const named = keys.map((key) => this.#reader.key(what, key, options.version));
    return await this.#parts.values.look(named, copies ? this.#parts.defaults.copying : false);
  }

  async #write<T>(
    what: string,
    entries: readonly (readonly [Key, T])[],
    options?: Duration | SetOptions<T>,
  ): Promise<readonly Written[]> {
    const given = withTtl(options);
    const policy = this.#reader.policy(what, given, SET_OPTIONS, entries[0]?.[0]);
    const since = given.since === undefined ? undefined : tokenOf(what, given.since, this.#parts.values.parts.tags);
    const writes = entries.map(([key, value]) => ({ key: this.#reader.key(what, key, given.version), value, since }));
    return await this.#parts.values.write(writes, policy);
  }

  async #delete(what: string, keys: readonly Key[], options: KeyOptions): Promise<InvalidationReceipt> {
    checkOptions(what, options, ['version']);
    const named = keys.map((key) => this.#reader.key(what, key, options.version));
    const { engine, errors } = this.#parts.values.parts;
    for (const key of named) errors.forget(key);
    const receipt = this.#parts.purge(named.map(({ ownTag }) => ownTag));
    engine.values.drop(named);
    return await receipt;
  }
}

function pick({
  clock,
  sink,
  codec,
  keep,
  warn,
}: ValueParts): Pick<ValueParts, 'clock' | 'sink' | 'codec' | 'keep' | 'warn'> {
  return { clock, sink, codec, keep, warn };
}
