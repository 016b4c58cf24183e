import type { LocalItem } from './local-item.js';

/** A tag of something cached that was used on the way, and when the data behind that was read (PROTOCOL 4.9). */
export interface NestedTag {
  readonly tag: string;
  /** The local clock before it was. */
  readonly token: number;
  /**
   * What the shared store knew of the tag then; empty where it was not asked. `undefined` for what was read after the
   * whole was begun, whose own token is good for it, too.
   */
  readonly stamp: string | undefined;
}

/** A tag that was read after the whole was begun, by whose token it counts. */
export function asOfNow(tag: string): NestedTag {
  return { tag, token: Number.POSITIVE_INFINITY, stamp: undefined };
}

/**
 * The tags of what is stored, each with when what it stands for was read: for what is made of it.
 *
 * @param own - those of its key
 */
export function nestedIn({ stored, declared, token }: LocalItem, own: readonly string[]): readonly NestedTag[] {
  if (stored.tags.length > 0) return stored.tags.map(({ tag, stamp }) => ({ tag, stamp, token }));
  return [...own, ...declared].map((tag) => ({ tag, stamp: '', token }));
}
