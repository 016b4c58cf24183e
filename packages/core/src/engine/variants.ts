/** The request's fields, as far as the engine asks for them: lower-case name in, combined value out. */
export interface RequestFields {
  /** `undefined` when the request has no such field, which is not the same as an empty one. */
  get(name: string): string | undefined;
}

interface KnownTarget {
  /** Lower case, sorted; they only ever grow. */
  names: readonly string[];
  /** The variants in L1. */
  readonly texts: Set<string>;
}

/** Targets without a variant in L1 whose selecting headers are remembered all the same. */
const REMEMBERED = 10_000;
/** … and their characters: the client chooses how long a target is. */
const REMEMBERED_CHARACTERS = 2_000_000;

/**
 * Remembers which request fields select among the variants of a target URI (RFC 9111 §4.1), and how many variants
 * there are.
 *
 * The names are the union of what the target's responses have named: a variant stored under fewer names is simply no
 * longer found, and never served to a request it was not selected by. They outlive the variants.
 */
export class VariantIndex {
  readonly #targets = new Map<string, KnownTarget>();
  readonly #idle = new Set<string>();
  readonly #variantLimit: number;
  #idleCharacters = 0;

  constructor(variantLimit: number) {
    this.#variantLimit = variantLimit;
  }

  /** How many targets are known to have selecting headers; 0 lets a hit skip the look-up. */
  get size(): number {
    return this.#targets.size;
  }

  clear(): void {
    this.#targets.clear();
    this.#idle.clear();
    this.#idleCharacters = 0;
  }

  /** The selecting headers known for a target, with those the policy itself names. */
  names(target: string, policyNames: readonly string[]): readonly string[] {
    const known = this.#targets.get(target)?.names;
    if (known === undefined || known.length === 0) return policyNames;
    return policyNames.length === 0 ? known : union(known, policyNames);
  }

  /** Adds names that a response has turned out to be selected by; returns all of them. */
  learn(target: string, names: readonly string[]): readonly string[] {
    if (names.length === 0) return this.#targets.get(target)?.names ?? names;
    const known = this.#targets.get(target);
    if (known === undefined) {
      this.#targets.set(target, { names: union([], names), texts: new Set() });
      this.#rest(target);
      return this.#targets.get(target)?.names ?? names;
    }
    known.names = union(known.names, names);
    return known.names;
  }

  /**
   * Counts a variant in, and out the one that has to leave for it where the target has as many as it may have: the
   * oldest that has not answered since it was last asked about.
   *
   * Whoever invents values of a selecting header drives out what others have invented so, and not what visitors use; and
   * no URL is shut out of the cache.
   *
   * @param hasAnswered - says whether a variant has answered since it was last asked about
   * @returns the variant to remove from L1
   */
  admit(target: string, text: string, hasAnswered: (text: string) => boolean): string | undefined {
    const known = this.#targets.get(target);
    if (known === undefined) return undefined;
    const { texts } = known;
    const leaves = texts.has(text) || texts.size < this.#variantLimit ? undefined : leastUsed(texts, hasAnswered);
    if (leaves !== undefined) texts.delete(leaves);
    texts.add(text);
    this.#wake(target);
    return leaves;
  }

  /** The variants of a target in L1 by the part of their key text that is a selecting header's. */
  byValue(target: string, name: string): ReadonlyMap<string, readonly string[]> {
    const values = new Map<string, string[]>();
    for (const text of this.#targets.get(target)?.texts ?? []) {
      const part = partOf(text, target, name);
      const texts = values.get(part);
      if (texts === undefined) values.set(part, [text]);
      else texts.push(text);
    }
    return values;
  }

  /** Whether a target has as many variants as it may. */
  isFull(target: string): boolean {
    return (this.#targets.get(target)?.texts.size ?? 0) >= this.#variantLimit;
  }

  /** A variant has left L1. */
  forget(target: string, text: string): void {
    const known = this.#targets.get(target);
    if (known?.texts.delete(text) && known.texts.size === 0) this.#rest(target);
  }

  #wake(target: string): void {
    if (this.#idle.delete(target)) this.#idleCharacters -= target.length;
  }

  #rest(target: string): void {
    this.#wake(target);
    this.#idle.add(target);
    this.#idleCharacters += target.length;
    while (this.#idle.size > REMEMBERED || this.#idleCharacters > REMEMBERED_CHARACTERS) {
      const [oldest] = this.#idle;
      if (oldest === undefined) return;
      this.#wake(oldest);
      this.#targets.delete(oldest);
    }
  }
}

/** Second chance: what has answered goes to the end of the line, and the first that has not is found. */
function leastUsed(texts: Set<string>, hasAnswered: (text: string) => boolean): string | undefined {
  for (const text of [...texts]) {
    if (!hasAnswered(text)) return text;
    texts.delete(text);
    texts.add(text);
  }
  const [first] = texts;
  return first;
}

/**
 * The key of one variant: the target's key and the values of its selecting headers.
 *
 * @param normalize - makes values that select the same variant the same text (RFC 9111 §4.1)
 */
export function variantText(
  target: string,
  names: readonly string[],
  fields: RequestFields,
  normalize: (name: string, value: string) => string | undefined,
): string {
  if (names.length === 0) return target;
  let text = target;
  for (const name of names) {
    const value = fields.get(name);
    const normal = value === undefined ? undefined : normalize(name, value);
    if (normal === undefined) {
      text += `\n~${name}`;
    } else {
      text += `\n~${name}=${normal.length}:${normal}`;
    }
  }
  return text;
}

/** What {@link variantText} has made of one header: no value has a line break in it. */
function partOf(text: string, target: string, name: string): string {
  const start = text.indexOf(`\n~${name}`, target.length);
  const after = text[start + name.length + 2];
  if (start < 0 || (after !== undefined && after !== '=' && after !== '\n')) return '';
  const end = text.indexOf('\n', start + 1);
  return end < 0 ? text.slice(start) : text.slice(start, end);
}

function union(some: readonly string[], more: readonly string[]): readonly string[] {
  return [...new Set([...some, ...more])].sort();
}
