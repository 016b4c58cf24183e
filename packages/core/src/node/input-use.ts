import type { ReadBy } from './inner-layers.js';

/** An input outside the key that was read, and by whom. */
export interface Use {
  readonly input: string;
  readonly by: ReadBy;
  /** The text of the key of a value whose producer has read it. */
  readonly value?: string | undefined;
  /** A loader inside has put it there, after the key was made. */
  readonly isLeft?: boolean;
  /** The `key` option read it as well, and returned nothing although there is one. */
  readonly isForgotten?: boolean;
}
