import { describe, expect, it } from '@jest/globals';
import {
  type CacheOptions,
  type CompressOptions,
  createCache,
  type EmitCacheControl,
  type IncrementOptions,
  type InvalidateOptions,
  type MemoOptions,
  memoized,
  type SetOptions,
  type StoreOptions,
  type TlsSettings,
  type ValueOptions,
} from '@viewcache/core';
import { type CachePageOptions, cachePage } from '@viewcache/express';

/** Every option of a kind, so that the compiler asks for one that is new. */
type Unsaid<Options> = { [Name in keyof Required<Options>]: undefined };

const value: Unsaid<ValueOptions> = {
  ttl: undefined,
  tags: undefined,
  trackReads: undefined,
  maxTags: undefined,
  maxValueBytes: undefined,
  version: undefined,
  storeIf: undefined,
  isStale: undefined,
  forceRefresh: undefined,
  cacheErrors: undefined,
  clone: undefined,
  name: undefined,
  staleWhileRevalidate: undefined,
  staleIfError: undefined,
  refreshTimeout: undefined,
  maxRefreshes: undefined,
  earlyRefresh: undefined,
  jitter: undefined,
  softTimeout: undefined,
  hardTimeout: undefined,
};

const memo: Unsaid<MemoOptions> = {
  ...value,
  maxSize: undefined,
  when: undefined,
  key: undefined,
  ignore: undefined,
  instances: undefined,
  instanceKey: undefined,
  sourceCheck: undefined,
};

const page: Unsaid<Omit<CachePageOptions, 'ttl'>> = {
  key: undefined,
  keyPrefix: undefined,
  vary: undefined,
  tags: undefined,
  when: undefined,
  storeIf: undefined,
  statuses: undefined,
  heuristicFreshness: undefined,
  revalidateFor: undefined,
  methods: undefined,
  maxBodyBytes: undefined,
  maxTags: undefined,
  stripCookies: undefined,
  storeCookies: undefined,
  honourRequest: undefined,
  placeholders: undefined,
  contentCodings: undefined,
  ignoreQuery: undefined,
  targets: undefined,
  inputs: undefined,
  watch: undefined,
  cacheStatus: undefined,
  serverTiming: undefined,
  emitCacheControl: undefined,
  emitTags: undefined,
  trackReads: undefined,
  staleWhileRevalidate: undefined,
  staleIfError: undefined,
  revalidate: undefined,
  refreshTimeout: undefined,
  maxRefreshes: undefined,
  earlyRefresh: undefined,
  jitter: undefined,
  softTimeout: undefined,
  hardTimeout: undefined,
  cache: undefined,
  beforeMiddleware: undefined,
};

const whole: Unsaid<Omit<CacheOptions, 'secret'>> = {
  store: undefined,
  namespace: undefined,
  version: undefined,
  compress: undefined,
  maxBytes: undefined,
  maxEntries: undefined,
  policy: undefined,
  deadline: undefined,
  collapseTimeout: undefined,
  l1MaxLag: undefined,
  consistency: undefined,
  onInvalidateFailure: undefined,
  ttl: undefined,
  clone: undefined,
  maxValueBytes: undefined,
  maxVariants: undefined,
  trackReads: undefined,
  rewarm: undefined,
  clock: undefined,
};

const written: Unsaid<SetOptions> = {
  ttl: undefined,
  tags: undefined,
  maxTags: undefined,
  maxValueBytes: undefined,
  version: undefined,
  staleWhileRevalidate: undefined,
  staleIfError: undefined,
  jitter: undefined,
  clone: undefined,
  name: undefined,
  since: undefined,
};

const counted: Unsaid<IncrementOptions> = { initial: undefined, ttl: undefined, tags: undefined, version: undefined };
const how: Unsaid<InvalidateOptions> = { confirm: undefined, hold: undefined, rewarm: undefined };
const emitted: Unsaid<EmitCacheControl> = { browser: undefined, shared: undefined, targets: undefined };
const compressed: Unsaid<CompressOptions> = { threshold: undefined, coding: undefined };
const tls: Unsaid<TlsSettings> = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  pfx: undefined,
  passphrase: undefined,
  servername: undefined,
  rejectUnauthorized: undefined,
  minVersion: undefined,
  ciphers: undefined,
};
const reached: Unsaid<Omit<StoreOptions, 'url'>> = {
  username: undefined,
  password: undefined,
  database: undefined,
  tls: undefined,
  weights: undefined,
  sentinelUsername: undefined,
  sentinelPassword: undefined,
};

describe('options that are undefined', () => {
  it('are options that were left out, of values', async () => {
    const cache = createCache({ ...whole, ttl: 60 });
    expect(await cache.getOrSet('k', () => 1, value)).toBe(1);
    expect(await cache.getOrSetMany([7], () => [{ id: 7 }], { ...value, by: 'id' })).toEqual(new Map([[7, { id: 7 }]]));
    expect([await cache.set('k', 2, written), await cache.get('k', { version: undefined })]).toEqual([true, 2]);
    const { since: _, ...added } = written;
    expect([await cache.add('l', 1, added), await cache.increment('n', counted)]).toEqual([true, 1]);
    expect((await cache.invalidate({ key: 'k' }, how)).durable).toBe(true);
    const fn = cache.memoize(async (id: number) => id, { ...memo, name: 'undefined-options' });
    expect([await fn(7), await fn(7), fn.cacheInfo().hits]).toEqual([7, 7, 1]);
    class Users {
      @memoized({ ...memo, cache: undefined, ttl: 60 }) find(id: number): number {
        return id;
      }
    }
    expect(new Users().find(7)).toBe(7);
  });

  it('are options that were left out, of pages and of stores', async () => {
    for (const more of [{}, { emitCacheControl: emitted }]) {
      expect(cachePage({ ttl: 60, ...page, ...more })).toBeInstanceOf(Function);
    }
    const { weights: _weights, sentinelUsername: _name, sentinelPassword: _password, ...redis } = reached;
    const stores: readonly StoreOptions[] = [
      { url: 'rediss://127.0.0.1:1', ...redis },
      { url: 'rediss://127.0.0.1:1', ...redis, tls },
      { url: 'memcached://127.0.0.1:1', weights: undefined },
    ];
    for (const store of stores) await createCache({ compress: compressed, store }).close();
  });

  it('but no secret: the environment may lack it', () => {
    // @ts-expect-error what is missing is not left out
    const options: CacheOptions = { secret: undefined };
    expect(options).toEqual({ secret: undefined });
  });
});
