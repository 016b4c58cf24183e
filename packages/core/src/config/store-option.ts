import { ConfigError } from '../base/errors.js';
import { nearest } from '../base/near-miss.js';
import { checkNames, isRecord } from './check.js';
import { isIoredisClient, isKeyvLike, isRedisClient, type KeyvLike, redisClientOf } from './keyv-like.js';
import { MEMCACHED, readMemcached } from './memcached-target.js';
import { CLUSTER, REDIS, REDIS_SCHEMES, readRedis, SENTINEL } from './redis-target.js';
import { type Beside, LOCAL_SETTINGS, type ReadStore, readQuery } from './store-parts.js';
import type { StoreSettings, TlsSettings } from './store-settings.js';
import { maskUrl } from './store-url.js';

/** A store by its URL, with what does not belong into one. */
export interface StoreOptions {
  /** Where it is, as in {@link CacheOptions.store}. */
  readonly url: string;
  /** Wins over the URL's. */
  readonly username?: string | undefined;
  /** Wins over the URL's. Never shown. */
  readonly password?: string | undefined;
  /** The number of the Redis database; not in a cluster. @defaultValue 0 */
  readonly database?: number | undefined;
  /** TLS, also where the URL's scheme does not say so: `true`, or how. */
  readonly tls?: boolean | TlsSettings | undefined;
  /** Each Memcached server's part of the keys, in the order of the URL: whole numbers from 1 up. */
  readonly weights?: readonly number[] | undefined;
  /** Who logs in to the sentinels themselves. */
  readonly sentinelUsername?: string | undefined;
  readonly sentinelPassword?: string | undefined;
}

const STORES =
  `'memory:', 'memory:?maxBytes=256mb&maxEntries=10000&policy=s3fifo', 'null:', 'off:', '${REDIS}' (or rediss, valkey, valkeys), ` +
  `'${CLUSTER}', '${SENTINEL}', '${MEMCACHED}', an object with such a url, a node-redis client, or a Keyv instance or adapter`;

const SCHEMES = ['memory:', 'off:', 'null:', ...REDIS_SCHEMES, 'memcached://', 'memcacheds://'];

/**
 * Reads the `store` option: a URL, an object with one, a client, a Keyv.
 *
 * @throws {@link ConfigError} that names the setting and shows no credential
 */
export function readStoreOption(store: unknown): ReadStore {
  if (typeof store === 'string') return readUrl('store', store, {});
  if (isRedisClient(store)) return { store: { kind: 'redis', target: { form: 'given', client: store } }, settings: {} };
  if (isKeyvLike(store)) return { store: readKeyv(store), settings: {} };
  if (isIoredisClient(store)) {
    throw new ConfigError('store', 'an ioredis client', `the URL that it was made of, or a client of node-redis`);
  }
  if (!isRecord(store) || !('url' in store)) throw new ConfigError('store', store, STORES);
  if (typeof store['url'] !== 'string') throw new ConfigError('store.url', store['url'], STORES);
  const { url, ...beside } = store as Record<string, unknown> & { url: string };
  return readUrl('store.url', url, beside);
}

/** A Keyv is a way to hand in a Redis client: bytes and scripts do not go through Keyv. */
function readKeyv(keyv: KeyvLike): StoreSettings {
  const client = redisClientOf(keyv);
  return client === undefined ? { kind: 'keyv', keyv } : { kind: 'redis', target: { form: 'given', client } };
}

function readUrl(setting: string, url: string, beside: Beside): ReadStore {
  const alone = url.trim();
  if (alone !== url && alone !== '') {
    throw new ConfigError(
      setting,
      maskUrl(alone),
      'the URL alone',
      undefined,
      'has a space or the end of a line around it',
    );
  }
  const local = /^(memory|off|null):(?:\/\/)?(?:\?.*)?$/s.exec(url)?.[1];
  if (local === 'memory' || local === 'off' || local === 'null') {
    checkNames('store', Object.keys(beside), ['url']);
    return { store: { kind: local }, settings: readQuery(url, LOCAL_SETTINGS) };
  }
  const scheme = /^([a-z+]+):\/\//.exec(url)?.[0] ?? '';
  if (REDIS_SCHEMES.includes(scheme)) return readRedis(setting, url, beside);
  if (scheme === 'memcached://' || scheme === 'memcacheds://') return readMemcached(setting, url, beside);
  throw new ConfigError(setting, maskUrl(url), STORES, urlMeant(url));
}

/** What was probably meant: the same with a scheme before it, or with another. */
function urlMeant(url: string): string | undefined {
  if (url.trim() === '') return "'memory:'";
  const port = /^[\w.-]+:(\d{1,5})(?:\/\d*)?$/.exec(url)?.[1] ?? /^https?:\/\/[\w.-]+:(\d{1,5})\/?$/.exec(url)?.[1];
  if (port !== undefined) {
    const server = url.replace(/^https?:\/\//, '').replace(/\/$/, '');
    return port === '11211' ? `'memcached://${server}'` : `'redis://${server}'`;
  }
  const scheme = schemeMeant(url);
  if (scheme !== undefined || !/^[\w-]+(?:\.[\w-]+)*$/.test(url)) return scheme;
  return `'redis://${url}' or 'memcached://${url}'`;
}

/** The scheme that was probably meant, by what stands before the first colon. */
function schemeMeant(url: string): string | undefined {
  const before = url.split(':', 1)[0] ?? '';
  // Every scheme is the beginning of another: compared are those with as many parts.
  const schemes = SCHEMES.filter((scheme) => scheme.includes('+') === before.includes('+'));
  const near = nearest(
    before,
    schemes.map((scheme) => scheme.slice(0, scheme.indexOf(':'))),
  );
  return near === undefined ? undefined : `'${schemes.find((scheme) => scheme.startsWith(`${near}:`))}'`;
}
