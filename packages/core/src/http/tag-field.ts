/**
 * Fields by which caches further out are told the tags of a response: Surrogate-Key (Fastly, Varnish), Cache-Tag
 * (Cloudflare), Cache-Groups (RFC 9875).
 */
export const TAG_FIELDS = ['Surrogate-Key', 'Cache-Tag', 'Cache-Groups'] as const;
/** One of {@link TAG_FIELDS}. */
export type TagField = (typeof TAG_FIELDS)[number];

/** Every cache has to take group names of this length (RFC 9875 §2). */
const LONGEST_GROUP = 32;

/**
 * A tag as it is written in a field, and as the cache that reads it is told to purge it.
 *
 * What the field cannot carry becomes a hash: two tags of one hash are purged together, which costs a miss and is never
 * wrong. Cache-Tag does not tell letter case apart, so there all are hashed.
 */
export function tagMember(field: TagField, tag: string): string {
  if (field === 'Surrogate-Key') return /^[\x21-\x7e]+$/.test(tag) ? tag : hashed(tag);
  if (field === 'Cache-Tag') return hashed(tag);
  return /^[\x20-\x7e]+$/.test(tag) && tag.length <= LONGEST_GROUP ? tag : hashed(tag);
}

/** The value of a field with these members, as {@link tagMember} made them. */
export function formatTagField(field: TagField, members: readonly string[]): string {
  if (field === 'Surrogate-Key') return members.join(' ');
  if (field === 'Cache-Tag') return members.join(',');
  return members.map((member) => `"${member.replace(/["\\]/g, '\\$&')}"`).join(', ');
}

/** 64 bits in lower-case letters and digits: two runs of FNV-1a, each from a start of its own. */
function hashed(tag: string): string {
  return `t${hash(tag, 0x811c9dc5)}${hash(tag, 0x9747b28c)}`;
}

function hash(text: string, start: number): string {
  let value = start;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return ((value ^ (value >>> 16)) >>> 0).toString(36).padStart(7, '0');
}
