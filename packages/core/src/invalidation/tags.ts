/**
 * Everything that can be invalidated is a tag: there are no tombstones and no member lists.
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
/** The tag of one value: of its key in its namespace and version. */
export const valueTag = (text: string): string => `${OWN}value:${text}`;
/** The tag of a namespace: what was stored with this `keyPrefix`. */
export const namespaceTag = (name: string): string => `${OWN}ns:${name}`;
/** The tag of one path and query, with (`//host/path?query`) or without a host. */
export const urlTag = (url: string): string => `${OWN}url:${url}`;
/** The tag of one path with whatever query. */
export const pathTag = (path: string): string => `${OWN}path:${path}`;
/** The tag of everything below a path prefix, `/users/`. */
export const pathPrefixTag = (prefix: string): string => `${OWN}below:${prefix}`;
/** Begins the tags that stand for the rows of a group: made by the library, carried by what declared the rows. */
const ROWS = `${OWN}rows:`;
/** The tag of each single row of a group, carried where too many rows of it were declared to name them. */
const rowsTag = (group: string): string => ROWS + group;

/** True for a tag that follows from a key: its URL, its path, its namespace. */
export const isKeyTag = (tag: string): boolean => tag.startsWith(OWN) && !tag.startsWith(ROWS);

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

/** True for a tag that the library makes itself. */
export const isOwnTag = (tag: string): boolean => tag.startsWith(OWN);

/** The group that a tag made by {@link coarsenTags} stands for each row of; `undefined` for any other tag. */
export const groupOfRows = (tag: string): string | undefined =>
  tag.startsWith(ROWS) ? tag.slice(ROWS.length) : undefined;

/** The group of a row's tag, `users` of `users#1`; `undefined` for a tag that names no row. */
export function groupOf(tag: string): string | undefined {
  const hash = tag.indexOf('#');
  return hash > 0 ? tag.slice(0, hash) : undefined;
}

/** The tags that invalidating `tag` comes to: one row also reaches what depends on so many rows that it names none. */
export function reachOf(tag: string): readonly string[] {
  const group = groupOf(tag);
  return group === undefined ? [tag] : [tag, rowsTag(group)];
}

/**
 * The tags that depending on `tag` comes to: `users#1` stands for one row, so it also depends on what is written to
 * many rows at once (`users!bulk`) and on rows that appear (`users!ins`).
 */
export function expandTag(tag: string): readonly string[] {
  const group = groupOf(tag);
  return group === undefined ? [tag] : [tag, `${group}!bulk`, `${group}!ins`];
}

/** What goes with tags of tables whose schema somebody does not know: `orders!any`, `orders!away`, some table of this name. */
const OF_ANY_SCHEMA = /!(?:any|away)$/;

/** {@link expandTag} of each, and each once. Rows of one group mostly come together, and share what stands for all of them. */
function expandAll(tags: ReadonlySet<string>): readonly string[] {
  const all = new Set<string>();
  let last: string | undefined;
  for (const tag of tags) {
    all.add(tag);
    const group = groupOf(tag);
    if (group === undefined || group === last) continue;
    all.add(`${group}!bulk`).add(`${group}!ins`);
    last = group;
  }
  return [...all];
}

/** The tags without those that the library has added to them: as they were declared. */
export function declaredOf(tags: readonly string[]): readonly string[] {
  const derived = new Set<string>();
  for (const tag of tags) {
    const group = groupOfRows(tag) ?? groupOf(tag);
    if (group !== undefined) derived.add(`${group}!bulk`).add(`${group}!ins`);
  }
  return tags.filter((tag) => !isOwnTag(tag) && !derived.has(tag) && !OF_ANY_SCHEMA.test(tag));
}

/**
 * At most `limit` tags, each with what it stands for: when there are more, rows coarsen to their group (`users#1` →
 * `users` and any row of it), so that what is stored still depends on everything it read, only less exactly.
 * `undefined` when even the groups are too many.
 */
export function coarsenTags(tags: ReadonlySet<string>, limit: number): readonly string[] | undefined {
  if (tags.size <= limit) return expandAll(tags);
  const coarse = new Map<string, readonly string[]>();
  for (const tag of tags) {
    const group = groupOf(tag);
    if (group !== undefined) coarse.set(group, [group, rowsTag(group), `${group}!bulk`, `${group}!ins`]);
    else if (!coarse.has(tag)) coarse.set(tag, [tag]);
  }
  return coarse.size <= limit ? [...new Set([...coarse.values()].flat())] : undefined;
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
