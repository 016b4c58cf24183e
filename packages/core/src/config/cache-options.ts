import { type Duration, parseDuration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { nearest } from '../base/near-miss.js';
import type { Consistency } from '../engine/trust.js';
import type { Clock } from '../ports/clock.js';
import { checkCount, checkOneOf, checkOptions, parseBytes, withDefaults } from './check.js';

/** Eviction policies by name. */
export const POLICIES = ['lru', 'fifo'] as const;
/** Decides which stored response leaves a full memory store: least recently used, or first in. */
export type PolicyName = (typeof POLICIES)[number];

/** A Keyv instance or a Keyv adapter, by shape, so that no version of Keyv is named in our types. */
export interface KeyvLike {
  get(key: string): unknown;
  set(key: string, value: unknown, ttl?: number): unknown;
  delete(key: string): unknown;
}

/**
 * How a cache is made. Every setting may be left out.
 *
 * @example
 * ```ts
 * createCache({ store: 'memory:?maxBytes=256mb', policy: 'fifo' });
 * ```
 */
export interface CacheOptions {
  /**
   * Where responses are stored: `'memory:'`, with settings as `'memory:?maxBytes=256mb&policy=fifo'`; `'off:'` (every
   * look-up a bypass); `'null:'` (stores nothing, still collapses); or a Keyv instance or adapter of yours, which is
   * never closed by the cache and has the memory store in front of it.
   *
   * @defaultValue `'memory:'`
   */
  readonly store?: string | KeyvLike;
  /**
   * Separates this cache from others in one shared store: 1 to 64 letters, digits, dots, underscores and hyphens.
   *
   * @defaultValue `'viewcache'`
   */
  readonly namespace?: string;
  /**
   * Bytes the memory store may hold, everything counted: a number, or `'256mb'`.
   *
   * @defaultValue `'64mb'`
   */
  readonly maxBytes?: number | string;
  /**
   * Stored responses the memory store may hold, each variant counted: 1 to 8,388,608.
   *
   * @defaultValue 100000
   */
  readonly maxEntries?: number;
  /** Which stored response leaves a full memory store. `'lru'` costs a note of each use. @defaultValue `'lru'` */
  readonly policy?: PolicyName;
  /**
   * How long a shared store may take over one operation before the request goes on without it: 1 ms or more. What a
   * request may lose to a store that hangs.
   *
   * @defaultValue `'50ms'`
   */
  readonly deadline?: Duration;
  /**
   * How long a request waits for another visitor's handler before it runs its own: 1 ms or more.
   *
   * @defaultValue `'10s'`
   */
  readonly collapseTimeout?: Duration;
  /**
   * How old the knowledge of the memory store may be where another process can write to the shared store. Costs one
   * small question to the store per response and this time.
   *
   * @defaultValue `'1s'`
   */
  readonly l1MaxLag?: Duration;
  /**
   * `'bounded'`: the memory store answers by what this process has heard of, which may lag behind other processes by
   * `l1MaxLag`. `'strict'`: the shared store is asked before each answer; one small command, no body.
   *
   * @defaultValue `'bounded'`
   */
  readonly consistency?: Consistency;
  /**
   * What `invalidate` does where the shared store does not answer: `'queue'` resolves with `durable: false`, `'throw'`
   * rejects with `InvalidationUnheardError`. In both cases it holds in this process, and is sent again and again.
   *
   * @defaultValue `'queue'`
   */
  readonly onInvalidateFailure?: 'queue' | 'throw';
  /** Request fields' variants kept for one URL; further ones are answered and not stored. @defaultValue 32 */
  readonly maxVariants?: number;
  /** The clock, for tests. @defaultValue the machine's */
  readonly clock?: Clock;
}

/** {@link CacheOptions} with nothing left open. */
export interface CacheSettings {
  readonly store: { readonly kind: 'memory' | 'off' | 'null' } | { readonly kind: 'keyv'; readonly keyv: KeyvLike };
  readonly namespace: string;
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly policy: PolicyName;
  readonly deadlineMs: number;
  readonly collapseTimeoutMs: number;
  readonly l1MaxLagMs: number;
  readonly consistency: Consistency;
  readonly onInvalidateFailure: 'queue' | 'throw';
  readonly maxVariants: number;
  readonly clock: Clock | undefined;
}

const KNOWN = [
  'store',
  'namespace',
  'maxBytes',
  'maxEntries',
  'policy',
  'deadline',
  'collapseTimeout',
  'l1MaxLag',
  'consistency',
  'onInvalidateFailure',
  'maxVariants',
  'clock',
] as const;
const STORES =
  "'memory:', 'memory:?maxBytes=256mb&maxEntries=10000&policy=lru', 'null:', 'off:', or a Keyv instance or adapter";
const URL_SETTINGS = ['maxBytes', 'maxEntries', 'policy'] as const;

const DEFAULTS = {
  store: 'memory:',
  namespace: 'viewcache',
  deadline: '50ms',
  collapseTimeout: '10s',
  l1MaxLag: '1s',
  consistency: 'bounded',
  onInvalidateFailure: 'queue',
  maxVariants: 32,
} as const satisfies CacheOptions;
/** Those that the store's URL may set too. */
const LOCAL_DEFAULTS = { maxBytes: '64mb', maxEntries: 100_000, policy: 'lru' } as const satisfies CacheOptions;

/**
 * Reads the options of a cache.
 *
 * @throws {@link ConfigError} that names the setting, the value given and what is allowed
 */
export function readCacheOptions(options: CacheOptions): CacheSettings {
  checkOptions('createCache', options, KNOWN);
  const given = withDefaults(DEFAULTS, options);
  const store = readStore(given.store);
  const { maxBytes, maxEntries, policy } = withDefaults(
    { ...LOCAL_DEFAULTS, ...(typeof given.store === 'string' ? readUrl(given.store) : {}) },
    options,
  );
  return {
    store,
    namespace: readNamespace(given.namespace),
    maxBytes: parseBytes('maxBytes', maxBytes),
    maxEntries: checkCount('maxEntries', maxEntries, 1),
    policy: checkOneOf('policy', policy, POLICIES),
    deadlineMs: atLeast('deadline', given.deadline, 1),
    collapseTimeoutMs: atLeast('collapseTimeout', given.collapseTimeout, 1),
    l1MaxLagMs: parseDuration('l1MaxLag', given.l1MaxLag),
    consistency: checkOneOf('consistency', given.consistency, ['bounded', 'strict']),
    onInvalidateFailure: checkOneOf('onInvalidateFailure', given.onInvalidateFailure, ['queue', 'throw']),
    maxVariants: checkCount('maxVariants', given.maxVariants, 1),
    clock: readClock(options.clock),
  };
}

function readStore(store: unknown): CacheSettings['store'] {
  if (typeof store === 'string') {
    const kind = /^(memory|off|null):(?:\/\/)?(?:\?.*)?$/.exec(store)?.[1];
    if (kind === 'memory' || kind === 'off' || kind === 'null') return { kind };
    const adapter = ADAPTERS.find(([scheme]) => scheme.test(store));
    if (adapter !== undefined) throw new ConfigError('store', withoutSecrets(store), keyvOf(adapter[1], adapter[2]));
    const near = nearest(store, ['memory:', 'off:', 'null:']);
    throw new ConfigError('store', withoutSecrets(store), STORES, near === undefined ? undefined : `'${near}'`);
  }
  if (isKeyvLike(store)) return { kind: 'keyv', keyv: store };
  throw new ConfigError('store', store, STORES);
}

/** There are no drivers of our own yet; Keyv has some. */
const ADAPTERS = [
  [/^rediss?:/i, '@keyv/redis', 'KeyvRedis'],
  [/^valkeys?:/i, '@keyv/valkey', 'KeyvValkey'],
  [/^memcached?:/i, '@keyv/memcache', 'KeyvMemcache'],
] as const;

function keyvOf(library: string, adapter: string): string {
  return `a Keyv with ${library}, createCache({ store: new Keyv({ store: new ${adapter}(url) }) }): see docs/guides/stores.md`;
}

function isKeyvLike(store: unknown): store is KeyvLike {
  if (typeof store !== 'object' || store === null) return false;
  return ['get', 'set', 'delete'].every(
    (name) => name in store && typeof store[name as keyof typeof store] === 'function',
  );
}

function readUrl(url: string): Record<string, string | number> {
  const settings: Record<string, string | number> = {};
  for (const [name, value] of new URLSearchParams(url.slice(url.indexOf(':') + 1).replace(/^\/\//, ''))) {
    checkOneOf(`${url.split(':', 1)[0]}: setting`, name, URL_SETTINGS);
    if (name in settings) throw new ConfigError(name, value, 'it once');
    settings[name] = name === 'maxEntries' ? Number(value) : value;
  }
  return settings;
}

function readNamespace(namespace: unknown): string {
  const allowed = 'a name of 1 to 64 characters: letters, digits, dot, underscore, hyphen';
  if (typeof namespace !== 'string' || !/^[\w.-]{1,64}$/.test(namespace))
    throw new ConfigError('namespace', namespace, allowed);
  return namespace;
}

function readClock(clock: unknown): Clock | undefined {
  if (clock === undefined) return undefined;
  const isClock =
    typeof clock === 'object' &&
    clock !== null &&
    ['now', 'monotonic', 'after'].every((name) => typeof (clock as Record<string, unknown>)[name] === 'function');
  if (!isClock) throw new ConfigError('clock', clock, 'a clock with now(), monotonic() and after()');
  return clock as Clock;
}

function atLeast(setting: string, value: Duration, leastMs: number): number {
  const ms = parseDuration(setting, value);
  if (ms < leastMs) throw new ConfigError(setting, value, `a duration of ${leastMs} ms or more`);
  return ms;
}

/** Credentials of a URL belong in no error message, nor half a password that has an `@` or a `/` in it. */
function withoutSecrets(url: string): string {
  return url.replace(/\/\/.*@/s, '//***@');
}
