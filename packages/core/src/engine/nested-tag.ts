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
