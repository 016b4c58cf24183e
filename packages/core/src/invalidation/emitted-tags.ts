import { formatTagField, type TagField, tagMember } from '../http/tag-field.js';
import { groupOf, groupOfRows, isOwnTag } from './tags.js';

/** How much of a head a field of tags may take. */
export interface TagFieldLimits {
  /** Bytes of its value. */
  readonly maxBytes: number;
  readonly maxTags: number;
}

/** Stands for every tag there is: of a response that has too many to name even by group. */
const ALL = 'all';

/**
 * The value of a field that tells a cache further out the tags of a response, within its limits; `undefined` without tags.
 *
 * Over the limits rows coarsen to their group, those groups first that save most, and at last all of them to `all`:
 * never is one left out, so that whatever {@link purgeKeys} names reaches the response.
 */
export function tagFieldValue(field: TagField, tags: readonly string[], limits: TagFieldLimits): string | undefined {
  const named = new Set(tags);
  for (const tag of tags) {
    const group = groupOfRows(tag);
    if (group !== undefined) coarsen(named, group);
    else if (isOwnTag(tag)) named.delete(tag);
  }
  if (named.size === 0) return undefined;
  for (const group of [undefined, ...groupsBySize(named)]) {
    if (group !== undefined) coarsen(named, group);
    if (named.size > limits.maxTags) continue;
    const value = formatTagField(field, membersOf(field, named));
    if (value.length <= limits.maxBytes) return value;
  }
  return formatTagField(field, [tagMember(field, ALL)]);
}

/**
 * What to purge in a cache further out when a tag has been invalidated: the tag, and what responses with too many tags
 * name in its place.
 *
 * Takes the `tags` of an `invalidated` event. What else was named, a URL, a path, a key, a namespace, such a cache is told by
 * its URL, or to purge everything.
 *
 * @example
 * ```ts
 * purgeKeys('Surrogate-Key', 'city#7'); // ['city#7', 'city', 'all']
 * ```
 */
export function purgeKeys(field: TagField, tag: string): readonly string[] {
  const rows = groupOfRows(tag);
  if (rows === undefined && isOwnTag(tag)) return [];
  const group = rows ?? groupOf(tag) ?? bulkGroupOf(tag);
  const names = [rows === undefined ? tag : undefined, group, ALL].filter((name) => name !== undefined);
  return membersOf(field, new Set(names));
}

function membersOf(field: TagField, tags: ReadonlySet<string>): string[] {
  return [...new Set([...tags].map((tag) => tagMember(field, tag)))];
}

/** Puts the group in the place of its rows, and of the tags that go with them. */
function coarsen(tags: Set<string>, group: string): void {
  for (const tag of [...tags]) {
    if (groupOf(tag) === group || bulkGroupOf(tag) === group || groupOfRows(tag) === group) tags.delete(tag);
  }
  tags.add(group);
}

function groupsBySize(tags: ReadonlySet<string>): readonly string[] {
  const sizes = new Map<string, number>();
  for (const tag of tags) {
    const group = groupOf(tag);
    if (group !== undefined) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  }
  return [...sizes].sort((a, b) => b[1] - a[1]).map(([group]) => group);
}

/** `city` of `city!bulk` and `city!ins`, which stand for many of its rows. */
function bulkGroupOf(tag: string): string | undefined {
  return /^(.+)!(?:bulk|ins)$/s.exec(tag)?.[1];
}
