import type { Keyed } from '../engine/keyed.js';
import { ALL_TAG, keyPrefixes, keyPrefixTag, keyTag, namespaceTag, valueTag } from '../invalidation/tags.js';

/** Where a value's key belongs: to a namespace, and to a version of what it means. */
export interface KeySpace {
  /** Its names from the outside in, each ending with a colon; empty for the cache itself. */
  readonly prefix: string;
  readonly namespaces: readonly string[];
}

/**
 * The key of a value: any text, in a namespace, of a version.
 *
 * No view's key begins with a line feed, so the two never meet. Nor do two values': a version is a number, what is in front
 * of a key has its length before it, and the key itself is last.
 */
export class ValueKey implements Keyed {
  readonly text: string;
  readonly #space: KeySpace;
  readonly #own: string;
  #tags: readonly string[] | undefined;

  constructor(space: KeySpace, own: string, version: number | undefined) {
    this.#space = space;
    this.#own = own;
    const within = space.prefix === '' ? '' : `${space.prefix.length}:${space.prefix}`;
    this.text = `\n=${version ?? ''}\n${within}\n${own}`;
  }

  /** The tag of this very value, by which it is written, deleted and counted up: of one version, in one namespace. */
  get ownTag(): string {
    return valueTag(this.text);
  }

  get tags(): readonly string[] {
    if (this.#tags !== undefined) return this.#tags;
    const named = this.#space.prefix + this.#own;
    this.#tags = [
      ALL_TAG,
      this.ownTag,
      keyTag(named),
      ...keyPrefixes(named).map(keyPrefixTag),
      ...this.#space.namespaces.map(namespaceTag),
    ];
    return this.#tags;
  }
}
