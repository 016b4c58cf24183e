import type { Keyed } from '../engine/keyed.js';
import { ALL_TAG, keyPrefixes, keyPrefixTag, keyTag, namespaceTag, valueTag } from '../invalidation/tags.js';

/** Where a value's key belongs: to a namespace, and to a version of what it means. */
export interface KeySpace {
  /** Its names from the outside in, each ending with a colon; empty for the cache itself. */
  readonly prefix: string;
  /** What `invalidate({ namespace })` may call it: `a:b` and, around that, `a`. */
  readonly namespaces: readonly string[];
  /** What the text of a key in here begins with, behind its version. */
  readonly head: string;
}

/** The cache itself. */
export const ROOT: KeySpace = { prefix: '', namespaces: [], head: ' ' };

/** A namespace in another. `a` in `b` is `b:a`, whether it was named in one go or two. */
export function spaceIn({ prefix: outer }: KeySpace, name: string): KeySpace {
  const prefix = `${outer}${name}:`;
  const namespaces: string[] = [];
  for (let at = prefix.indexOf(':'); at >= 0; at = prefix.indexOf(':', at + 1)) namespaces.push(prefix.slice(0, at));
  return { prefix, namespaces, head: `:${prefix.length}:${prefix} ` };
}

/**
 * The key of a value: any text, in a namespace, of a version: `= user:1`, or `=2:5:cart: 17` with its version, and its namespace
 * behind the length of that. {@link spelledKey} is what events and logs have.
 *
 * No method of a request begins with an equals sign (RFC 9110 §9.1), so that no view's key is one of a value's. Nor are two
 * values': a version is a number, what is in front of the key has its length before it, and the key itself is last.
 */
export class ValueKey implements Keyed {
  readonly text: string;
  readonly #space: KeySpace;
  readonly #own: string;
  #tags: readonly string[] | undefined;

  constructor(space: KeySpace, own: string, version: number | undefined) {
    this.#space = space;
    this.#own = own;
    const text = version === undefined ? `=${space.head}${own}` : `=${version}${space.head}${own}`;
    // Half a surrogate pair has no bytes in UTF-8, so that all of them would be one. No other text begins like this.
    this.text = text.isWellFormed() ? text : `=!${JSON.stringify(text)}`;
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

/** The tags of the key of a value that has this text; `undefined` for any other text. */
export function valueTagsOf(text: string): readonly string[] | undefined {
  if (!text.startsWith('=')) return undefined;
  const plain = text.startsWith('=!') ? (JSON.parse(text.slice(2)) as string) : text;
  const [front = '', version = '', length] = /^=(\d*)(?: |:(\d+):)/.exec(plain) ?? [];
  const end = front.length + Number(length ?? 0);
  const space = length === undefined ? ROOT : spaceIn(ROOT, plain.slice(front.length, end - 1));
  const own = plain.slice(length === undefined ? end : end + 1);
  return new ValueKey(space, own, version === '' ? undefined : Number(version)).tags;
}
