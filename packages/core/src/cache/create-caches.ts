import { ConfigError } from '../base/errors.js';
import { type CacheOptions, type CacheSettings, readCacheOptions } from '../config/cache-options.js';
import { storeIdentity } from '../config/store-identity.js';
import { maskUrl } from '../config/store-url.js';
import type { Cache } from './cache.js';
import { openCache } from './create-cache.js';
import { checkDriver } from './driver-package.js';
import { isCache } from './runtime.js';

/** Several caches by name, as {@link createCaches} makes them. */
export type Caches<Name extends string = string> = { readonly [N in Name]: Cache } & {
  /**
   * Closes those that were made here; what was handed in is its owner's.
   *
   * @example
   * ```ts
   * afterAll(() => caches.close());
   * ```
   */
  close(): Promise<void>;
};

const DEFAULT = 'default';
const NAMES = 'names of 1 to 32 characters: letters, digits, dot, underscore, hyphen';

/**
 * Makes several caches, each with a name: one for pages in Redis, say, and one for what is small and in memory.
 *
 * Each has a namespace of its own, `viewcache.<name>` unless it says otherwise, so that several can share one store; that of
 * `default` is `viewcache`, as if it stood alone. In an option's place a cache that was made already may stand. Nothing is
 * opened if one of them is wrong. None becomes the process's default by its name: {@link setDefaultCache} says which.
 *
 * @throws {@link ConfigError} that names the cache and its setting, such as `caches.pages.maxBytes`
 *
 * @example
 * ```ts
 * const caches = createCaches({ default: { store: 'redis://localhost' }, pages: { maxBytes: '256mb' } });
 * setDefaultCache(caches.default);
 * app.use('/pages', cachePage({ ttl: '5m', cache: caches.pages }));
 * ```
 */
export function createCaches<const Name extends string>(
  options: Readonly<Record<Name, CacheOptions | Cache>>,
): Caches<Name> {
  if (Object.prototype.toString.call(options) !== '[object Object]') throw refused(options);
  const read = Object.entries<CacheOptions | Cache>(options).map(
    ([name, given]) => [name, readNamed(name, given)] as const,
  );
  checkNamespaces(read);
  const own: Cache[] = [];
  const caches = read.map(([name, named]) => {
    if (named.cache !== undefined) return [name, named.cache] as const;
    try {
      own.push(openCache(named.settings));
    } catch (error) {
      // Some of what is wrong only a driver knows.
      void Promise.all(own.map((cache) => cache.close()));
      throw error;
    }
    return [name, own.at(-1) as Cache] as const;
  });
  const close = async (): Promise<void> => {
    await Promise.all(own.map((cache) => cache.close()));
  };
  // Not among the names: who goes through them finds caches only.
  return Object.defineProperty(Object.fromEntries(caches), 'close', { value: close }) as Caches<Name>;
}

/** Two of one object that share a store are kept apart by their namespaces, or it is a slip. */
function checkNamespaces(read: readonly (readonly [name: string, named: Named])[]): void {
  const seen: { readonly name: string; readonly identity: string | object; readonly namespace: string }[] = [];
  for (const [name, { settings }] of read) {
    const identity = settings === undefined ? undefined : storeIdentity(settings.store);
    if (settings === undefined || identity === undefined) continue;
    const { namespace } = settings;
    const twin = seen.find((other) => other.identity === identity && other.namespace === namespace);
    if (twin !== undefined)
      throw new ConfigError(
        `caches.${name}.namespace`,
        namespace,
        `another one, or one cache: caches.${twin.name} has the same store and namespace`,
      );
    seen.push({ name, identity, namespace });
  }
}

function refused(options: unknown): ConfigError {
  const allowed = 'an object with options, or a cache, for each name';
  if (typeof options !== 'string') return new ConfigError('createCaches', options, allowed);
  const shown = maskUrl(options);
  return new ConfigError('createCaches', shown, allowed, `{ default: { store: '${shown}' } }`);
}

type Named =
  | { readonly cache: Cache; readonly settings?: undefined }
  | { readonly cache?: undefined; readonly settings: CacheSettings };

function readNamed(name: string, given: CacheOptions | Cache): Named {
  if (name === 'close') throw new ConfigError('caches.close', name, 'another name: close() closes all of them');
  if (!/^[\w.-]{1,32}$/.test(name) || name === '__proto__') throw new ConfigError('createCaches', name, NAMES);
  if (isCache(given)) return { cache: given };
  try {
    const settings = readCacheOptions(given as CacheOptions, name === DEFAULT ? undefined : `viewcache.${name}`);
    checkDriver(settings.store);
    return { settings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const setting = error.setting.replace(/^createCache(?:\.|$)/, '');
    const path = setting === '' ? `caches.${name}` : `caches.${name}.${setting}`;
    throw error.named(path);
  }
}
