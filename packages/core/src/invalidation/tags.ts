/**
 * Everything that can be invalidated is a tag: there are no tombstones and no member lists (DESIGN §7).
 *
 * Tags the library makes itself begin with NUL, which no tag of a user may contain, so the two never meet.
 */
const OWN = '\0';

/** The tag that every stored response of a cache carries. */
export const ALL_TAG = `${OWN}all`;

/** A path prefix reaches this many segments deep; below that, name a tag. */
export const PATH_DEPTH = 4;

/** Longer tags are not useful to a person and cost every store a key. */
const LONGEST_TAG = 256;

/** The tag of a view's or value's own key, as the `key` option returned it. */
export const keyTag = (key: string): string => `${OWN}key:${key}`;
/** The tag of all keys that begin with these colon-separated segments: `user:123:*`. */
export const keyPrefixTag = (prefix: string): string => `${OWN}keys:${prefix}`;
/** The tag of a namespace: what was stored with this `keyPrefix`. */
export const namespaceTag = (name: string): string => `${OWN}ns:${name}`;
/** The tag of one path and query, with (`//host/path?query`) or without a host. */
export const urlTag = (url: string): string => `${OWN}url:${url}`;
/** The tag of one path with whatever query. */
export const pathTag = (path: string): string => `${OWN}path:${path}`;
/** The tag of everything below a path prefix, `/users/`. */
export const pathPrefixTag = (prefix: string): string => `${OWN}below:${prefix}`;

/** True for a string that may be a tag: not empty, at most 256 characters, no control characters. */
export function isTag(tag: unknown): tag is string {
  return typeof tag === 'string' && tag.length > 0 && tag.length <= LONGEST_TAG && !hasControl(tag);
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

/**
 * The tags that depending on `tag` comes to: `users#1` stands for one row, so it also depends on what is written to
 * many rows at once (`users!bulk`) and on rows that appear (`users!ins`).
 */
export function expandTag(tag: string): readonly string[] {
  const hash = tag.indexOf('#');
  if (hash <= 0) return [tag];
  const group = tag.slice(0, hash);
  return [tag, `${group}!bulk`, `${group}!ins`];
}

/**
 * At most `limit` tags: when there are more, rows coarsen to their group (`users#1` → `users`), so that what is stored
 * still depends on everything it read, only less exactly. `undefined` when even the groups are too many.
 */
export function coarsenTags(tags: ReadonlySet<string>, limit: number): readonly string[] | undefined {
  if (tags.size <= limit) return [...tags].flatMap(expandTag);
  const groups = new Set<string>();
  for (const tag of tags) {
    const hash = tag.indexOf('#');
    groups.add(hash > 0 ? tag.slice(0, hash) : tag);
  }
  return groups.size <= limit ? [...groups] : undefined;
}

/** The prefixes of a path that can be invalidated: `/a/b/c` → `/`, `/a/`, `/a/b/`, to {@link PATH_DEPTH}. */
export function pathPrefixes(path: string): readonly string[] {
  const prefixes = ['/'];
  let slash = path.indexOf('/', 1);
  while (slash > 0 && prefixes.length <= PATH_DEPTH) {
    prefixes.push(path.slice(0, slash + 1));
    slash = path.indexOf('/', slash + 1);
  }
  return prefixes;
}

/** The prefixes of a key by its colons: `user:123:page` → `user:`, `user:123:`, to {@link PATH_DEPTH}. */
export function keyPrefixes(key: string): readonly string[] {
  const prefixes: string[] = [];
  let colon = key.indexOf(':');
  while (colon >= 0 && prefixes.length < PATH_DEPTH) {
    prefixes.push(key.slice(0, colon + 1));
    colon = key.indexOf(':', colon + 1);
  }
  return prefixes;
}
