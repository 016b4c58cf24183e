import type { Sequence } from './values.js';

/** The sequence as it was before anything was read. */
export class RedisToken {
  constructor(
    readonly sequence: Sequence,
    /** Of a cluster: what was found lies where the tags do, so that a script may touch them together. */
    readonly isBesideTags: boolean,
    /** The node that may have something was away. */
    readonly isBlind = false,
  ) {}
}
