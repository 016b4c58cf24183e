/**
 * A 32-bit hash of a key, for eviction policies that count or sample.
 *
 * FNV-1a with MurmurHash3's final mix, so that any bits of it may be used. Not for anything an adversary may not collide:
 * two keys of one hash only share a counter, and a place in an index is not chosen by it alone. The same in every process, which the
 * ring of Memcached servers needs.
 */
export function hashKey(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
