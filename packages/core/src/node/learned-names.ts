/** Names that are learned of each kind: only those which a request lacks cost anything. */
const LEARNED = 128;

let hasToldOfMany = false;

/** Remembers a name; says so, once, where there are too many to watch them all. */
export function learn<N extends string | symbol>(names: Set<N>, name: N): void {
  if (names.has(name)) return;
  if (names.size < LEARNED) {
    names.add(name);
  } else if (!hasToldOfMany) {
    hasToldOfMany = true;
    process.emitWarning(
      `viewcache: middleware in front of the cache has set more than ${LEARNED} different properties, ${String(name)} among them. Where a request lacks one of the others, asking for it is not noticed.\n  why: docs/guides/input-guard.md#properties`,
      'ViewcacheWarning',
    );
  }
}
