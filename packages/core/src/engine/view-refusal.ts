/**
 * Why what was read may be kept by nobody: `uncommitted-read`, the transaction has written, and shows what nobody else sees;
 * `older-snapshot`, it began before what is being made, and may not show what was written and invalidated in between.
 */
export type ReadRefusal = 'uncommitted-read' | 'older-snapshot';

/** Why a view may not be stored, by what it has said, used or read. */
export type ViewRefusal = 'view' | 'tag' | 'too-many-tags' | 'ttl' | 'vary-star' | 'stale-part' | ReadRefusal;
