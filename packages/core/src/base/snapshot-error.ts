import { CacheError } from './errors.js';

/** A snapshot could not be written; `cause` says why. What was in its place before is there still. */
export class SnapshotError extends CacheError {
  static readonly code = 'ERR_CACHE_SNAPSHOT';
  readonly code = SnapshotError.code;
  static override get name(): string {
    return 'SnapshotError';
  }
  override readonly name = 'SnapshotError';

  constructor(
    readonly path: string,
    cause: unknown,
  ) {
    super(`the snapshot ${path} was not written: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
