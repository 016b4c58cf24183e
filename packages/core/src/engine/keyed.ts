/**
 * The key of something that is stored, as far as the engine has to know it: a target URI, or a value's name.
 *
 * Two keys are one iff their texts are, and no text of a view's key is one of a value's.
 */
export interface Keyed {
  readonly text: string;
  /** The tags that all of this key carries: all, its namespace, itself, and whatever stands above it. */
  readonly tags: readonly string[];
  /** Who counts what memory holds of this key; absent where nobody does. */
  readonly counter?: Counter | undefined;
}

/** What memory holds, as far as whoever counts it has to know it. */
export interface Held {
  /** Its key, where somebody counts what is held of that. */
  readonly counted: Counted | undefined;
}

/** A key of which somebody counts what is held. */
export interface Counted extends Keyed {
  readonly counter: Counter;
}

/** Told of all that enters memory under its keys, whoever brings it in, and of all that leaves. */
export interface Counter {
  entered(held: Held, key: Counted): void;
  left(held: Held, key: Counted): void;
}
