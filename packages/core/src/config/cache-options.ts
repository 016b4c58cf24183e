import { type Duration, parseDuration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import type { Consistency } from '../engine/trust.js';
import type { PolicyFactory, PolicyName } from '../eviction/policies.js';
import type { Clock } from '../ports/clock.js';
import type { EvictionPolicy } from '../ports/eviction-policy.js';
import type { Copying } from '../values/copying.js';
import { checkCount, checkOneOf, checkOptions, checkStrings, parseBytes, withDefaults } from './check.js';
import { readClock } from './clock-option.js';
import { type Compression, type CompressOptions, readCompression } from './compression.js';
import { isIoredisClient, isKeyvLike, isRedisClient, type KeyvLike, type RedisClientLike } from './keyv-like.js';
import { readForever } from './lifetimes.js';
import { type PolicyOptions, type PolicySettings, readPolicy } from './policy-option.js';
import { readStoreOption, type StoreOptions } from './store-option.js';
import { readSecrets } from './store-secrets.js';
import type { StoreSettings } from './store-settings.js';
import { maskUrl } from './store-url.js';
import { readTrackReads } from './track-reads.js';
import type { ValueDefaults } from './value-option-types.js';
import { readCopying } from './value-options.js';
import { readBodyLimit } from './view-option-checks.js';

/**
 * How a cache is made. Every setting may be left out.
 *
 * @example
 * ```ts
 * createCache({ store: 'memory:?maxBytes=256mb', policy: 's3fifo' });
 * ```
 */
export interface CacheOptions {
  /**
   * Where responses are stored: `'memory:'`, with settings as `'memory:?maxBytes=256mb&policy=s3fifo'`; Redis or Valkey
   * (`'redis://user:password@host:6379/0'`, `rediss:`, `valkey:`, `valkeys:`, `'redis+cluster://a:7000,b:7001'`,
   * `'redis+sentinel://a,b/mymaster'`); `'memcached://a:11211,b:11211'`; `'off:'` (every look-up a bypass); `'null:'`
   * (stores nothing, still collapses); an object with such a `url` and what does not belong into one; or a node-redis
   * client, a Keyv instance or an adapter of yours, which is never closed by the cache. A shared store has the memory
   * store in front of it.
   *
   * @defaultValue `'memory:'`
   */
  readonly store?: string | StoreOptions | KeyvLike | RedisClientLike | undefined;
  /**
   * Separates this cache from others in one shared store: 1 to 64 letters, digits, dots, underscores and hyphens.
   *
   * @defaultValue `'viewcache'`
   */
  readonly namespace?: string | undefined;
  /**
   * The name of a release: what one stored in a shared store is found by no other, and an invalidation by one is heard
   * by all. 1 to 64 visible ASCII characters.
   *
   * @defaultValue none: what an earlier release stored answers
   */
  readonly version?: string | undefined;
  /**
   * Signs what is written to a shared store, so that who can write to it can forge no response: 16 characters or more. In
   * a list the first signs and all are accepted. Costs some microseconds for each response that is read or written there.
   *
   * @defaultValue none: what bears the right checksum is believed
   */
  // Not undefined: what the environment should have had, and has not, is no secret that was left out on purpose.
  readonly secret?: string | readonly string[];
  /**
   * Whether larger bodies are compressed for a shared store: from which size, and by which coding. Costs time on a miss,
   * and on a hit that memory does not have, off the main thread.
   *
   * @defaultValue `{ threshold: '4kb', coding: 'gzip' }`
   */
  readonly compress?: boolean | CompressOptions | undefined;
  /**
   * Bytes the memory store may hold, everything counted: a number, or `'256mb'`.
   *
   * @defaultValue `'64mb'`
   */
  readonly maxBytes?: number | string | undefined;
  /**
   * Stored responses the memory store may hold, each variant counted: 1 to 8,388,608.
   *
   * @defaultValue 100000
   */
  readonly maxEntries?: number | undefined;
  /**
   * Which stored response leaves a full memory store: `'auto'` tries several on a sample of the requests and takes the best;
   * `'lru'`, `'lfu'`, `'fifo'`, `'mru'`, `'random'`, `'s3fifo'`, `'tinylfu'`, `'sieve'` and `'gdsf'` are fixed, and some have settings
   * ({@link PolicyOptions}); or one of yours ({@link EvictionPolicy}), or a function that makes it. Where yours throws or answers
   * nonsense, `lru` decides from then on.
   *
   * @defaultValue `'auto'`
   */
  readonly policy?: PolicyName | PolicyOptions | EvictionPolicy | PolicyFactory | undefined;
  /**
   * How long a shared store may take over one operation before the request goes on without it: 1 ms or more. What a
   * request may lose to a store that hangs.
   *
   * @defaultValue `'50ms'`
   */
  readonly deadline?: Duration | undefined;
  /**
   * How long a request waits for another visitor's handler before it runs its own: 1 ms or more.
   *
   * @defaultValue `'10s'`
   */
  readonly collapseTimeout?: Duration | undefined;
  /**
   * How old the knowledge of the memory store may be where another process can write to the shared store. Costs one
   * small question to the store per response and this time.
   *
   * @defaultValue `'1s'`
   */
  readonly l1MaxLag?: Duration | undefined;
  /**
   * `'bounded'`: the memory store answers by what this process has heard of, which may lag behind other processes by
   * `l1MaxLag`. `'strict'`: the shared store is asked before each answer; one small command, no body.
   *
   * @defaultValue `'bounded'`
   */
  readonly consistency?: Consistency | undefined;
  /**
   * What `invalidate` does where the shared store does not answer: `'queue'` resolves with `durable: false`, `'throw'`
   * rejects with `InvalidationUnheardError`. In both cases it holds in this process, and is sent again and again.
   *
   * @defaultValue `'queue'`
   */
  readonly onInvalidateFailure?: 'queue' | 'throw' | undefined;
  /**
   * How long a value is fresh that is stored without a ttl of its own: seconds, `'5m'`, or `'forever'`. Responses have theirs from
   * their view.
   *
   * @defaultValue none: `'forever'` for a value with tags, and else 5 minutes, with a warning
   */
  readonly ttl?: Duration | undefined;
  /**
   * How callers are kept from changing each other's value: `'structured'`, each gets a copy; `'freeze'`, all get the same,
   * frozen; `false`, all get the same, and nobody may change it.
   *
   * @defaultValue `'structured'`
   */
  readonly clone?: Copying | undefined;
  /**
   * Bytes of one value for a shared store, before they are compressed; a larger one is not stored: it would hold up all
   * that goes by the same connection. In memory alone `maxBytes` is the limit.
   *
   * @defaultValue `'1mb'`
   */
  readonly maxValueBytes?: number | string | undefined;
  /**
   * Whether what is read of watched data sources becomes the tags of what is made for this cache, where a view, value or
   * memoized function says nothing of its own.
   *
   * @defaultValue as soon as a data source is watched for this cache
   */
  readonly trackReads?: boolean | undefined;
  /**
   * Tags of which every invalidation in this process, writes of watched data sources included, is followed by a warming: the
   * views that it drops are asked for again, as `invalidate(…, { rewarm: true })` does. `'cities'` stands for its rows, too.
   *
   * @defaultValue `[]`
   */
  readonly rewarm?: readonly string[] | undefined;
  /** Request fields' variants kept for one URL; further ones are answered and not stored. @defaultValue 32 */
  readonly maxVariants?: number | undefined;
  /** The clock, for tests. @defaultValue the machine's */
  readonly clock?: Clock | undefined;
}

/** {@link CacheOptions} with nothing left open. */
export interface CacheSettings {
  readonly store: StoreSettings;
  readonly namespace: string;
  /** Empty where there is none. */
  readonly version: string;
  readonly secrets: readonly string[];
  readonly compression: Compression | undefined;
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly policy: PolicySettings;
  readonly deadlineMs: number;
  readonly collapseTimeoutMs: number;
  readonly l1MaxLagMs: number;
  readonly consistency: Consistency;
  readonly onInvalidateFailure: 'queue' | 'throw';
  readonly maxVariants: number;
  readonly values: ValueDefaults;
  /** `undefined`: where a data source is watched. */
  readonly trackReads: boolean | undefined;
  readonly rewarm: readonly string[];
  readonly clock: Clock | undefined;
}

/** The names of {@link CacheOptions}; an adapter adds its own. */
export const CACHE_OPTIONS = [
  'store',
  'namespace',
  'version',
  'secret',
  'compress',
  'maxBytes',
  'maxEntries',
  'policy',
  'deadline',
  'collapseTimeout',
  'l1MaxLag',
  'consistency',
  'onInvalidateFailure',
  'maxVariants',
  'ttl',
  'clone',
  'maxValueBytes',
  'trackReads',
  'rewarm',
  'clock',
] as const;

const DEFAULTS = {
  store: 'memory:',
  namespace: 'viewcache',
  version: undefined,
  compress: true,
  maxBytes: '64mb',
  maxEntries: 100_000,
  policy: 'auto',
  deadline: '50ms',
  collapseTimeout: '10s',
  l1MaxLag: '1s',
  consistency: 'bounded',
  onInvalidateFailure: 'queue',
  maxVariants: 32,
  clone: 'structured',
  maxValueBytes: '1mb',
} as const satisfies CacheOptions;

/** What other caches in memory call these. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  max: 'maxEntries',
  maxSize: 'maxBytes',
  maxAge: 'ttl',
  stdTTL: 'ttl',
};

/**
 * Reads the options of a cache.
 *
 * @param namespace - what it is called where neither option nor URL says
 * @throws {@link ConfigError} that names the setting, the value given and what is allowed
 */
export function readCacheOptions(options: CacheOptions, namespace: string = DEFAULTS.namespace): CacheSettings {
  checkNoStore(options);
  checkOptions('createCache', options, CACHE_OPTIONS, '', ELSEWHERE);
  const { store, settings } = readStoreOption(options.store === undefined ? DEFAULTS.store : options.store);
  // An option wins over the same setting in the URL.
  const given = withDefaults({ ...DEFAULTS, namespace, ...settings }, options);
  return {
    store,
    namespace: readNamespace(given.namespace),
    version: given.version === undefined ? '' : readVersion(given.version),
    secrets: readSecrets(options.secret),
    compression: readCompression(given.compress),
    maxBytes: parseBytes('maxBytes', given.maxBytes),
    maxEntries: checkCount('maxEntries', given.maxEntries, 1),
    policy: readPolicy('policy', given.policy),
    deadlineMs: atLeast('deadline', given.deadline, 1),
    collapseTimeoutMs: atLeast('collapseTimeout', given.collapseTimeout, 1),
    l1MaxLagMs: parseDuration('l1MaxLag', given.l1MaxLag),
    consistency: checkOneOf('consistency', given.consistency, ['bounded', 'strict']),
    onInvalidateFailure: checkOneOf('onInvalidateFailure', given.onInvalidateFailure, ['queue', 'throw']),
    maxVariants: checkCount('maxVariants', given.maxVariants, 1),
    values: {
      lifetimeMs: options.ttl === undefined ? undefined : readForever('ttl', options.ttl),
      copying: readCopying('clone', given.clone),
      maxBytes: readBodyLimit('maxValueBytes', given.maxValueBytes),
    },
    trackReads: readTrackReads('trackReads', options.trackReads),
    rewarm: options.rewarm === undefined ? [] : checkStrings('rewarm', options.rewarm, 'tags'),
    clock: readClock('clock', options.clock),
  };
}

/** Refuses a store where the object with the store belongs, and shows no credential of it. */
function checkNoStore(options: unknown): void {
  const allowed = 'an object with the store in it';
  if (typeof options === 'string') {
    const shown = maskUrl(options);
    throw new ConfigError('createCache', shown, allowed, `{ store: '${shown}' }`);
  }
  if (isRedisClient(options) || isIoredisClient(options) || isKeyvLike(options))
    throw new ConfigError('createCache', options, allowed, '{ store: … }', 'is a store, and no options');
}

function readNamespace(namespace: unknown): string {
  const allowed = 'a name of 1 to 64 characters: letters, digits, dot, underscore, hyphen';
  if (typeof namespace !== 'string' || !/^[\w.-]{1,64}$/.test(namespace))
    throw new ConfigError('namespace', namespace, allowed);
  return namespace;
}

function readVersion(version: unknown): string {
  if (typeof version !== 'string' || !/^[!-~]{1,64}$/.test(version))
    throw new ConfigError('version', version, 'the name of a release: 1 to 64 visible ASCII characters');
  return version;
}

function atLeast(setting: string, value: Duration, leastMs: number): number {
  const ms = parseDuration(setting, value);
  if (ms < leastMs) throw new ConfigError(setting, value, `a duration of ${leastMs} ms or more`);
  return ms;
}
