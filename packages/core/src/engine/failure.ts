import type { TagTable } from '../invalidation/tag-table.js';
import type { NestedTag } from './nested-tag.js';
import type { ViewContext } from './view-context.js';

/** Why nothing was made, and what that goes by. */
export interface Failure {
  readonly error: unknown;
  /** The local clock before anything was read. */
  readonly token: number;
  /** Monotonic time before the read was sent that found nothing better, or at which what was used was last found valid. */
  readonly startedAt: number;
  /** What it depends on: the tags of its key, and others as far as they are known. */
  readonly tags: readonly string[];
  /** The tags of what was cached already and was used. */
  readonly nested: readonly NestedTag[];
  /** What was read of a request on the way. */
  readonly inputs?: readonly string[] | undefined;
  /** What was said that holds for all that is made of its having failed, too. */
  readonly refusal?: ViewContext['refusal'];
}

/** Whether nothing that it goes by was invalidated since that was read. */
export function isUntouched({ tags, token, nested }: Failure, table: TagTable): boolean {
  return table.admits(tags, token) && nested.every((part) => table.admits([part.tag], Math.min(token, part.token)));
}
