import { ConfigError } from '../base/errors.js';
import { normalizeQuery } from '../base/query.js';
import {
  ALL_TAG,
  isTag,
  keyPrefixTag,
  keyTag,
  namespaceTag,
  PATH_DEPTH,
  pathPrefixTag,
  pathTag,
  reachOf,
  urlTag,
} from './tags.js';

/**
 * What to invalidate; name exactly one. Cost depends on what is named, never on how much is stored.
 *
 * @example
 * ```ts
 * await cache.invalidate({ tags: ['users#1'] });
 * await cache.invalidate({ url: '/users/1' });                 // all variants, this query (here: none)
 * await cache.invalidate({ url: '/users', queries: 'all' });   // whatever the query
 * await cache.invalidate({ path: '/users/*' });                // /users and everything below it
 * await cache.invalidate({ keys: 'user:123:*' });              // what a `key` option returned, by prefix
 * ```
 */
export type InvalidationTarget =
  | { readonly tags: string | readonly string[] }
  | { readonly key: string | number }
  | { readonly keys: string }
  | { readonly url: string; readonly queries?: 'same' | 'all' }
  | { readonly path: string }
  | { readonly namespace: string }
  | { readonly all: true };

/** How a cache reads URLs, so that an invalidated URL means the same target as a requested one. */
export interface UrlReading {
  isIgnored(name: string): boolean;
}

const KINDS = 'exactly one of tags, key, keys, url, path, namespace, all';

/**
 * The tags that an invalidation comes to.
 *
 * @throws {@link ConfigError} for a target that names nothing, two things, or something that cannot be a tag
 */
export function tagsOf(target: InvalidationTarget, reading: UrlReading): readonly string[] {
  if (typeof target !== 'object' || target === null) throw new ConfigError('invalidate', target, KINDS);
  const named = Object.keys(target).filter((name) => name !== 'queries');
  if (named.length !== 1) throw new ConfigError('invalidate', target, KINDS);
  if ('tags' in target) return userTags(target.tags);
  if ('key' in target) return [keyTag(typeof target.key === 'number' ? String(target.key) : text('key', target.key))];
  if ('keys' in target) return [keyPrefixTag(keyPrefix(target.keys))];
  if ('url' in target) return urlTags(text('url', target.url), target.queries ?? 'same', reading);
  if ('path' in target) return pathTags(text('path', target.path));
  if ('namespace' in target) return [namespaceTag(text('namespace', target.namespace))];
  if ('all' in target && target.all === true) return [ALL_TAG];
  throw new ConfigError('invalidate', target, KINDS);
}

function userTags(tags: string | readonly string[]): readonly string[] {
  const list = typeof tags === 'string' ? [tags] : tags;
  if (!Array.isArray(list) || list.length === 0) throw new ConfigError('tags', tags, 'a tag or a list of tags');
  for (const tag of list) {
    if (!isTag(tag)) throw new ConfigError('tags', tag, 'strings of 1 to 256 characters without control characters');
  }
  return [...new Set(list.flatMap(reachOf))];
}

function keyPrefix(pattern: string): string {
  const allowed = `a prefix that ends in ':*' with at most ${PATH_DEPTH} segments, such as 'user:123:*'`;
  const prefix = text('keys', pattern).slice(0, -1);
  if (!pattern.endsWith(':*') || prefix.includes('*')) throw new ConfigError('keys', pattern, allowed);
  if (prefix.split(':').length - 1 > PATH_DEPTH) throw new ConfigError('keys', pattern, allowed);
  return prefix;
}

function urlTags(url: string, queries: 'same' | 'all', reading: UrlReading): readonly string[] {
  // A star is a character of URLs; at the end of a path it is more likely meant as one of `path`.
  if (url.endsWith('/*')) throw new ConfigError('url', url, `path: '${url}' for everything below it`);
  if (queries !== 'same' && queries !== 'all') throw new ConfigError('queries', queries, "'same' or 'all'");
  const allowed = "a path such as '/users/1?page=2' or an absolute http(s) URL";
  const [whole = ''] = url.split('#', 1);
  const absolute = /^https?:\/\/([^/?]+)(.*)/is.exec(whole);
  if (absolute === null && !whole.startsWith('/')) throw new ConfigError('url', url, allowed);
  const authority = absolute?.[1] === undefined ? '' : `//${absolute[1].toLowerCase()}`;
  const target = absolute === null ? whole : absolute[2] || '/';
  const [path = '/', query = ''] = split(target.startsWith('/') ? target : `/${target}`);
  if (queries === 'all') return [pathTag(authority + path), urlTag(authority + path)];
  const normal = normalizeQuery(query, reading.isIgnored);
  return [urlTag(authority + path + (normal === '' ? '' : `?${normal}`))];
}

function pathTags(pattern: string): readonly string[] {
  const allowed = `a path such as '/users/1', or a prefix of at most ${PATH_DEPTH} segments such as '/users/*'`;
  if (!pattern.startsWith('/') || /[?#]/.test(pattern)) throw new ConfigError('path', pattern, allowed);
  if (!pattern.includes('*')) return [pathTag(pattern), urlTag(pattern)];
  const prefix = pattern.slice(0, -1);
  if (!pattern.endsWith('/*') || prefix.includes('*')) throw new ConfigError('path', pattern, allowed);
  if (prefix.split('/').length - 2 > PATH_DEPTH) throw new ConfigError('path', pattern, allowed);
  const itself = prefix.slice(0, -1);
  return itself === '' ? [pathPrefixTag(prefix)] : [pathPrefixTag(prefix), pathTag(itself), urlTag(itself)];
}

function split(target: string): [path: string, query: string] {
  const mark = target.indexOf('?');
  return mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
}

function text(setting: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new ConfigError(setting, value, 'a string that is not empty');
  return value;
}
