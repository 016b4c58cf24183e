import { type Duration, parseDuration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import type { Clock } from '../ports/clock.js';
import { checkCount, checkOneOf, checkOptions, parseBytes } from './check.js';

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
  'maxVariants',
  'clock',
] as const;
const STORES =
  "'memory:', 'memory:?maxBytes=256mb&maxEntries=10000&policy=lru', 'null:', 'off:', or a Keyv instance or adapter";
const URL_SETTINGS = ['maxBytes', 'maxEntries', 'policy'] as const;

/**
 * Reads the options of a cache.
 *
 * @throws {@link ConfigError} that names the setting, the value given and what is allowed
 */
export function readCacheOptions(options: CacheOptions): CacheSettings {
  checkOptions('createCache', options, KNOWN);
  const url =
    typeof options.store === 'string' || options.store === undefined ? readUrl(options.store ?? 'memory:') : {};
  const given = { ...url, ...options };
  return {
    store: readStore(options.store ?? 'memory:'),
    namespace: readNamespace(given.namespace ?? 'viewcache'),
    maxBytes: parseBytes('maxBytes', given.maxBytes ?? '64mb'),
    maxEntries: checkCount('maxEntries', given.maxEntries ?? 100_000, 1),
    policy: checkOneOf('policy', given.policy ?? 'lru', POLICIES),
    deadlineMs: atLeast('deadline', given.deadline ?? '50ms', 1),
    collapseTimeoutMs: atLeast('collapseTimeout', given.collapseTimeout ?? '10s', 1),
    l1MaxLagMs: parseDuration('l1MaxLag', given.l1MaxLag ?? '1s'),
    maxVariants: checkCount('maxVariants', given.maxVariants ?? 32, 1),
    clock: given.clock,
  };
}

function readStore(store: unknown): CacheSettings['store'] {
  if (typeof store === 'string') {
    const scheme = store.split(':', 1)[0];
    if (store.includes(':') && (scheme === 'memory' || scheme === 'off' || scheme === 'null')) return { kind: scheme };
    throw new ConfigError('store', withoutSecrets(store), STORES);
  }
  if (isKeyvLike(store)) return { kind: 'keyv', keyv: store };
  throw new ConfigError('store', store, STORES);
}

function isKeyvLike(store: unknown): store is KeyvLike {
  if (typeof store !== 'object' || store === null) return false;
  return ['get', 'set', 'delete'].every(
    (name) => name in store && typeof store[name as keyof typeof store] === 'function',
  );
}

function readUrl(url: string): Partial<Record<'maxBytes' | 'policy', string> & { maxEntries: number }> {
  const [, query] = url.split('?', 2);
  if (query === undefined) return {};
  const settings: Record<string, string | number> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    checkOneOf(`${url.split(':', 1)[0]}: setting`, name, URL_SETTINGS);
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

function atLeast(setting: string, value: Duration, leastMs: number): number {
  const ms = parseDuration(setting, value);
  if (ms < leastMs) throw new ConfigError(setting, value, `a duration of ${leastMs} ms or more`);
  return ms;
}

/** Credentials of a URL belong in no error message. */
function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//***@');
}
