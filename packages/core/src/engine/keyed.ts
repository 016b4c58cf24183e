/**
 * The key of something that is stored, as far as the engine has to know it: a target URI, or a value's name.
 *
 * Two keys are one iff their texts are, and no text of a view's key is one of a value's.
 */
export interface Keyed {
  readonly text: string;
  /** The tags that all of this key carries: all, its namespace, itself, and whatever stands above it. */
  readonly tags: readonly string[];
}
