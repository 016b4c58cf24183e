import type { Duration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { type CountingCall, ValueUnavailableError } from '../base/value-errors.js';
import { checkNoMore, checkOptions } from '../config/check.js';
import { readForever } from '../config/lifetimes.js';
import type { MemoOptions } from '../config/memo-options.js';
import {
  ADD_OPTIONS,
  type AddOptions,
  type CacheToken,
  type IncrementOptions,
  type Key,
  type KeyOptions,
  MANY_OPTIONS,
  type RowOptions,
  readBy,
  readKey,
  readNamespace,
  SET_OPTIONS,
  type SetOptions,
  tokenBrand,
  tokenOf,
} from '../config/value-call-options.js';
import type { ValueOptions } from '../config/value-option-types.js';
import { readValueOptions, readVersion } from '../config/value-options.js';
import type { LocalItem } from '../engine/local-item.js';
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
import { type KeySpace, ROOT, spaceIn, ValueKey } from '../values/value-key.js';
import { type ValueParts, valueIn } from '../values/value-parts.js';
import type { ValuePolicy } from '../values/value-policy.js';
import { KnownPolicies, NO_OPTIONS } from './known-policies.js';
import { type Leaving, type MemoizeParts, memoize } from './memoize.js';
import type { Memoized } from './memoized-function.js';
import type { OpenStrategies, StrategyParts } from './open-strategies.js';
import { copyingOf, isOnly } from './quick-options.js';
import type { InvalidationReceipt } from './receipts.js';
import { checkList, entriesOf, readCount, withTtl } from './value-arguments.js';
import type { Loaded, LoadedRows, LoadOptions, ValueCache, ValueIn } from './value-cache.js';
import { ValueWarnings } from './value-warnings.js';

/** What the calls stand on. */
export interface ValueCallParts extends MemoizeParts {
  /** Purges the values of these tags, here at once. */
  purge(tags: readonly string[]): Promise<InvalidationReceipt>;
  /** Those of its strategies that have to be closed with it. */
  readonly open: OpenStrategies;
}

/** How often something is added before it is given up: a tag that the store does not know may be refused once. */
const ADDITIONS = 10;

/** Reads what a caller has given, and does it. */
export class ValueCalls implements Omit<ValueCache, 'through' | 'namespace'> {
  readonly #parts: ValueCallParts;
  readonly #space: KeySpace;
  readonly #counters: Counters;
  readonly #policies = new KnownPolicies();
  /** Of its namespace, as they were when the long way was gone last. */
  #shortcuts: Shortcuts;
  readonly #quick: QuickHits;
  /** The last ttl in options that were found to be sound. */
  #ttl: unknown;
  readonly #copying: Copying;
  readonly #warnings: ValueWarnings;

  constructor(
    parts: ValueCallParts,
    space: KeySpace = ROOT,
    counters: Counters = new Counters(parts.values),
    warnings: ValueWarnings = new ValueWarnings(parts.warn),
  ) {
    this.#parts = parts;
    this.#space = space;
    this.#counters = counters;
    this.#warnings = warnings;
    this.#shortcuts = parts.values.shortcutsOf(space.prefix);
    this.#quick = parts.values.quick;
    this.#copying = parts.defaults.copying;
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
        const copying = isOnly(this.#ttl, options) ? this.#copying : this.#copyingOf(options);
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
    const named = this.#keys('getOrSetMany', keys as readonly (K & Key)[], given.version);
    const policy = this.#policy('getOrSetMany', given, MANY_OPTIONS, keys[0] as (K & Key) | undefined);
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
    const [written] = await this.#write('set', [[key, value]], options);
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
    const given = withTtl(options);
    const named = this.#key('add', key, given.version);
    const policy = this.#policy('add', given, ADD_OPTIONS, key);
    return await this.#counters.inTurn(named, () => this.#add(key, named, value, policy));
  }

  async #add(key: Key, named: ValueKey, value: unknown, policy: ValuePolicy): Promise<boolean> {
    for (let attempt = 0; attempt < ADDITIONS; attempt++) {
      const { token, found } = await this.#parts.values.read(named);
      if (found !== undefined) return false;
      // Where nothing is kept there is nothing in the way, either: whoever is told so goes on as without a cache.
      if (this.#parts.values.parts.engine.storesNothing) return true;
      const write = { key: named, value, since: token, onlyIf: 'unchanged' as const };
      const [written] = await this.#parts.values.write([write], policy);
      // To say no would be to say that somebody else was the first.
      if (written === 'unavailable') throw new ValueUnavailableError('add', key, 'store');
      if (written === 'unstorable') throw new ValueUnavailableError('add', key, 'value');
      // Refused for somebody else's value, it is found; and else for what the store did not know, and does now.
      if (written !== 'refused') return written === 'stored';
    }
    throw new ValueUnavailableError('add', key, 'contention');
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
    const { engine, codec } = this.#parts.values.parts;
    const named = this.#key('touch', key, options.version);
    if (lifetimeMs === 0) {
      await this.#delete('touch', [key], options);
      return false;
    }
    const encode = (item: LocalItem): Buffer | undefined => {
      const held = valueIn(this.#parts.values.parts, item);
      const encoded = held === undefined ? undefined : codec.encode(held.value);
      return encoded?.kind === 'bytes' ? encoded.bytes : undefined;
    };
    return await this.#counters.inTurn(named, () => engine.values.touch(named, lifetimeMs, encode));
  }

  async ttl(key: Key, options: KeyOptions = NO_OPTIONS, ...more: never[]): Promise<number | undefined> {
    checkNoMore('ttl', more, 'key and options');
    checkOptions('ttl', options, ['version']);
    return await this.#parts.values.secondsLeft(this.#key('ttl', key, options.version));
  }

  async increment(
    key: Key,
    by: number | IncrementOptions = 1,
    options?: Duration | IncrementOptions,
    ...more: never[]
  ): Promise<number> {
    checkNoMore('increment', more, 'key, by and options');
    return await this.#count('increment', key, by, options);
  }

  async decrement(
    key: Key,
    by: number | IncrementOptions = 1,
    options?: Duration | IncrementOptions,
    ...more: never[]
  ): Promise<number> {
    checkNoMore('decrement', more, 'key, by and options');
    return await this.#count('decrement', key, by, options);
  }

  #count(
    call: CountingCall,
    key: Key,
    step: number | IncrementOptions,
    more: Duration | IncrementOptions | undefined,
  ): Promise<number> {
    const { by, initial, version, given } = readCount(call, step, more);
    const named = this.#key(call, key, version);
    const policy = this.#policy(call, given as ValueOptions<never>);
    const text = JSON.stringify([initial, given.ttl, given.tags]);
    return this.#counters.add(named, { call, key, by }, { initial, policy, text });
  }

  async incrementVersion(
    key: Key,
    options: { readonly version: number },
    by = 1,
    ...more: never[]
  ): Promise<number | undefined> {
    checkNoMore('incrementVersion', more, 'key, options and by');
    if (typeof options !== 'object' || options === null)
      throw new ConfigError('incrementVersion.version', options, 'the version that is stored, such as { version: 1 }');
    checkOptions('incrementVersion', options, ['version']);
    const from = readVersion('incrementVersion.version', options.version);
    if (from === undefined)
      throw new ConfigError('incrementVersion.version', from, 'the version that is stored, such as { version: 1 }');
    if (!Number.isSafeInteger(by) || by < 1)
      throw new ConfigError('incrementVersion.by', by, 'a whole number from 1 up');
    const to = from + by;
    const places = {
      from: this.#key('incrementVersion', key, from),
      to: this.#key('incrementVersion', key, to),
    };
    const usual = this.#policy('incrementVersion', { ttl: 'forever' });
    return (await this.#counters.inTurn(places.from, () => this.#counters.move(places, usual))) ? to : undefined;
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
    return new ValueCalls(this.#parts, spaceIn(this.#space, readNamespace(name)), this.#counters, this.#warnings);
  }

  /** Purges the namespace that these calls are about. */
  async clear(): Promise<InvalidationReceipt> {
    return await this.#parts.purge([namespaceTag(this.#space.prefix.slice(0, -1))]);
  }

  /** Invalidates what has these keys in the namespace that these calls are about. */
  async invalidate(target: NamespaceTarget): Promise<InvalidationReceipt> {
    return await this.#parts.invalidate(tagsWithin(this.#space.prefix, target));
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
    const { engine, tags } = this.#parts.values.parts;
    return { [tokenBrand]: { of: tags, known: await engine.values.token() } };
  }

  /** How callers are kept apart, where a fresh value answers whatever else the options say; else `undefined`. */
  #copyingOf(options: Duration | ValueOptions<never> | undefined): Copying | undefined {
    if (typeof options === 'object' && options?.version !== undefined) return undefined;
    const copying = copyingOf(options, this.#copying);
    if (copying !== undefined && typeof options === 'object') this.#ttl = options.ttl;
    return copying;
  }

  /** {@link getOrSet} by the text of the key. */
  #find<T>(key: Key, producer: Producer, options: Duration | ValueOptions<T> | undefined): Promise<T> {
    if (typeof producer !== 'function') throw new ConfigError('getOrSet.producer', producer, 'a function');
    const { values } = this.#parts;
    const given = withTtl(options);
    const named = this.#key('getOrSet', key, given.version);
    const copying = copyingOf(options, this.#copying);
    if (copying === undefined) return this.#ask(key, named, producer, given);
    const found = values.find(named, copying);
    if (found === NOTHING_FOUND) return this.#ask(key, named, producer, given);
    if (given.version === undefined) this.#shortcuts = values.shorten(named, key, this.#space.prefix);
    return Promise.resolve(found as T);
  }

  /** Apart from the hit, which would pay for what this has to keep for later. */
  #ask<T>(key: Key, named: ValueKey, producer: Producer, given: ValueOptions<T>): Promise<T> {
    const { values } = this.#parts;
    const uses = values.uses(this.#policy('getOrSet', given, undefined, key));
    return new Promise<T>((resolve, reject) => {
      values.caller(named, producer, uses, { resolve: resolve as (value: unknown) => void, reject }).ask();
    });
  }

  async #look(what: string, keys: readonly Key[], options: KeyOptions, copies = true) {
    checkOptions(what, options, ['version']);
    const named = keys.map((key) => this.#key(what, key, options.version));
    return await this.#parts.values.look(named, copies ? this.#parts.defaults.copying : false);
  }

  async #write<T>(
    what: string,
    entries: readonly (readonly [Key, T])[],
    options?: Duration | SetOptions<T>,
  ): Promise<readonly Written[]> {
    const given = withTtl(options);
    const policy = this.#policy(what, given, SET_OPTIONS, entries[0]?.[0]);
    const since = given.since === undefined ? undefined : tokenOf(what, given.since, this.#parts.values.parts.tags);
    const writes = entries.map(([key, value]) => ({ key: this.#key(what, key, given.version), value, since }));
    return await this.#parts.values.write(writes, policy);
  }

  async #delete(what: string, keys: readonly Key[], options: KeyOptions): Promise<InvalidationReceipt> {
    checkOptions(what, options, ['version']);
    const named = keys.map((key) => this.#key(what, key, options.version));
    const { engine, errors } = this.#parts.values.parts;
    for (const key of named) errors.forget(key);
    const receipt = this.#parts.purge(named.map(({ ownTag }) => ownTag));
    engine.values.drop(named);
    return await receipt;
  }

  #key(what: string, key: unknown, version: unknown): ValueKey {
    // The name of a setting is made up where something is wrong with it, not for each call.
    const read = version === undefined ? undefined : readVersion(`${what}.version`, version);
    return new ValueKey(this.#space, readKey(what, key), read);
  }

  #keys<K extends Key>(what: string, keys: readonly K[], version: unknown): Map<K, ValueKey> {
    return new Map(checkList(what, keys).map((key) => [key, this.#key(what, key, version)]));
  }

  /** @param key - one that it is about, for the warning that nothing says how long it is good */
  #policy(what: string, given: ValueOptions<never>, names?: readonly string[], key?: Key): ValuePolicy {
    return this.#policies.of(what, given, () => {
      const isMade = names === undefined || names === MANY_OPTIONS;
      const unsaid = (): void => {
        if (!isMade || !tracksReads(given, this.#parts.values.parts)) this.#warnings.noTtl(what, key);
      };
      return readValueOptions(what, given, this.#parts.defaults, unsaid, names);
    });
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

/** What is read to make it says how long it is good. */
function tracksReads({ trackReads }: ValueOptions<never>, parts: ValueParts): boolean {
  return trackReads ?? parts.tracksReads;
}
