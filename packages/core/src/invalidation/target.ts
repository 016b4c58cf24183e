import { ConfigError } from '../base/errors.js';
import { nearest } from '../base/near-miss.js';
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
 * await cache.invalidate({ key: ['user:1', 'user:2'] });       // values, and what a `key` option returned
 * await cache.invalidate({ keys: 'user:123:*' });              // the same by prefix
 * ```
 */
export type InvalidationTarget =
  | Only<{ readonly tags: string | readonly string[] }>
  | Only<{ readonly key: Key | readonly Key[] }>
  | Only<{ readonly keys: string | readonly string[] }>
  | Only<{ readonly url: string; readonly queries?: 'same' | 'all' }>
  | Only<{ readonly path: string }>
  | Only<{ readonly namespace: string }>
  | Only<{ readonly all: true }>;

/** What of a namespace is to be invalidated, by the keys that things have in there; name one of the two. */
export type NamespaceTarget =
  | { readonly key: Key | readonly Key[]; readonly keys?: never }
  | { readonly keys: string | readonly string[]; readonly key?: never };

type Key = string | number;

const NAMES = ['tags', 'key', 'keys', 'url', 'path', 'namespace', 'all'] as const;

/** A target of one kind: an object that names another one too is no target, and does not compile. */
type Only<T> = T & { readonly [Name in Exclude<(typeof NAMES)[number] | 'queries', keyof T>]?: never };

/** How a cache reads URLs, so that an invalidated URL means the same target as a requested one. */
export interface UrlReading {
  isIgnored(name: string): boolean;
}

/** {@link tagsOf} in each of the ways in which the views of a cache read URLs. */
export function tagsInAll(target: InvalidationTarget, readings: Iterable<UrlReading['isIgnored']>): readonly string[] {
  return [...new Set([...readings].flatMap((isIgnored) => tagsOf(target, { isIgnored })))];
}

const KINDS = `exactly one of ${NAMES.join(', ')}`;

/**
 * The tags that an invalidation comes to.
 *
 * @throws {@link ConfigError} for a target that names nothing, two things, or something that cannot be a tag
 */
export function tagsOf(target: InvalidationTarget, reading: UrlReading): readonly string[] {
  const given: Readonly<Record<string, unknown>> = target;
  if (typeof target === 'string' || Array.isArray(target))
    throw new ConfigError('invalidate', target, KINDS, '{ tags: … }');
  if (typeof target !== 'object' || target === null) throw new ConfigError('invalidate', target, KINDS);
  // A name whose value is undefined counts: what was meant to be named there is not known.
  const [name = '', ...others] = Object.keys(given).filter((each) => each !== 'queries');
  if (name === '' || others.length > 0) throw new ConfigError('invalidate', target, KINDS);
  const value = given[name];
  switch (name as (typeof NAMES)[number]) {
    case 'tags':
      return userTags(value);
    case 'key':
    case 'keys':
      return keyTags(name, value, '');
    case 'url':
      return urlTags(text(name, value), given['queries'] ?? 'same', reading);
    case 'path':
      return pathTags(text(name, value));
    case 'namespace':
      return [namespaceTag(text(name, value))];
    case 'all':
      if (value !== true) throw new ConfigError('invalidate.all', value, 'true, or another target');
      return [ALL_TAG];
  }
  throw new ConfigError(`invalidate.${name}`, value, KINDS, nearest(name, NAMES));
}

/**
 * {@link tagsOf} of what is in a namespace.
 *
 * @param prefix - the namespace, with a colon behind it
 * @throws {@link ConfigError} as that does
 */
export function tagsWithin(prefix: string, target: NamespaceTarget): readonly string[] {
  const [name, ...others] = typeof target === 'object' && target !== null ? Object.keys(target) : [];
  if ((name !== 'key' && name !== 'keys') || others.length > 0)
    throw new ConfigError('invalidate', target, 'exactly one of key, keys');
  return keyTags(name, target[name], prefix);
}

function keyTags(name: string, value: unknown, prefix: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw new ConfigError(`invalidate.${name}`, value, 'one of them, or a list with at least one');
  const tagOf = (each: unknown): string =>
    name === 'keys'
      ? keyPrefixTag(keyPrefix(prefix + text(name, each)))
      : keyTag(prefix + (Number.isFinite(each) ? String(each) : text(name, each)));
  return [...new Set(list.map(tagOf))];
}

/**
 * Refuses what is no target before anything is invalidated by it.
 *
 * @param setting - what it was given as, for errors
 * @throws {@link ConfigError} as {@link tagsOf}
 */
export function checkTarget(setting: string, target: object): void {
  try {
    tagsOf(target as InvalidationTarget, { isIgnored: () => false });
  } catch (error) {
    if (error instanceof ConfigError) throw error.named(error.setting.replace(/^invalidate/, setting));
    throw error;
  }
}

function userTags(tags: unknown): readonly string[] {
  const list = typeof tags === 'string' ? [tags] : tags;
  if (!Array.isArray(list) || list.length === 0)
    throw new ConfigError('invalidate.tags', tags, 'a tag or a list of tags');
  for (const tag of list) {
    if (!isTag(tag))
      throw new ConfigError('invalidate.tags', tag, 'strings of 1 to 256 characters without control characters');
  }
  return [...new Set(list.flatMap(reachOf))];
}

function keyPrefix(pattern: string): string {
  const allowed = `a prefix that ends in ':*' with at most ${PATH_DEPTH} segments, such as 'user:123:*'`;
  const prefix = pattern.slice(0, -1);
  if (!pattern.endsWith(':*') || prefix.includes('*')) throw new ConfigError('invalidate.keys', pattern, allowed);
  if (prefix.split(':').length - 1 > PATH_DEPTH) throw new ConfigError('invalidate.keys', pattern, allowed);
  return prefix;
}

function urlTags(url: string, queries: unknown, reading: UrlReading): readonly string[] {
  // A star is a character of URLs; at the end of a path it is more likely meant as one of `path`.
  if (url.endsWith('/*')) throw new ConfigError('invalidate.url', url, `path: '${url}' for everything below it`);
  if (queries !== 'same' && queries !== 'all') throw new ConfigError('invalidate.queries', queries, "'same' or 'all'");
  const allowed = "a path such as '/users/1?page=2' or an absolute http(s) URL";
  const [whole = ''] = url.split('#', 1);
  const absolute = /^https?:\/\/([^/?]+)(.*)/is.exec(whole);
  if (absolute === null && !whole.startsWith('/')) throw new ConfigError('invalidate.url', url, allowed);
  const authority = absolute?.[1] === undefined ? '' : `//${absolute[1].toLowerCase()}`;
  const target = absolute === null ? whole : absolute[2] || '/';
  const [path = '/', query = ''] = split(target.startsWith('/') ? target : `/${target}`);
  if (queries === 'all') return [pathTag(authority + path), urlTag(authority + path)];
  const normal = normalizeQuery(query, reading.isIgnored);
  return [urlTag(authority + path + (normal === '' ? '' : `?${normal}`))];
}

function pathTags(pattern: string): readonly string[] {
  const allowed = `a path such as '/users/1', or a prefix of at most ${PATH_DEPTH} segments such as '/users/*'`;
  if (!pattern.startsWith('/') || /[?#]/.test(pattern)) throw new ConfigError('invalidate.path', pattern, allowed);
  if (!pattern.includes('*')) return [pathTag(pattern), urlTag(pattern)];
  const prefix = pattern.slice(0, -1);
  if (!pattern.endsWith('/*') || prefix.includes('*')) throw new ConfigError('invalidate.path', pattern, allowed);
  if (prefix.split('/').length - 2 > PATH_DEPTH) throw new ConfigError('invalidate.path', pattern, allowed);
  const itself = prefix.slice(0, -1);
  return itself === '' ? [pathPrefixTag(prefix)] : [pathPrefixTag(prefix), pathTag(itself), urlTag(itself)];
}

function split(target: string): [path: string, query: string] {
  const mark = target.indexOf('?');
  return mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
}

function text(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '')
    throw new ConfigError(`invalidate.${name}`, value, 'a string that is not empty');
  return value;
}
