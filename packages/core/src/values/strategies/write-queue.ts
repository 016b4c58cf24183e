/** What a value is found by. */
export type WriteKey = string | number;

/** A write that is acknowledged, and not yet in the database. */
export interface PendingWrite {
  readonly key: WriteKey;
  /** Grows with each write of a queue, also when the process has begun anew: of two of one key the larger one is the later one. */
  readonly version: number;
  /** The value; `undefined` for a deletion. */
  readonly bytes: Buffer | undefined;
}

/** What came of a write: nothing where the database has taken it. */
export interface SaveFailure {
  readonly error: unknown;
  /** The error is of this write, and of no other that was sent with it. */
  readonly isOwn: boolean;
}

/** A write that the database has been given, and has not answered in time: it may still be carried out. */
export interface LateSave {
  readonly error: unknown;
  /** What comes of it, if ever anything does. Never rejects. */
  readonly late: Promise<SaveFailure | undefined>;
}

/** What has come of a write, as far as anybody knows. */
export type SaveOutcome = SaveFailure | LateSave | undefined;

export function isLate(outcome: SaveOutcome): outcome is LateSave {
  return outcome !== undefined && 'late' in outcome;
}

/**
 * Brings writes to the database; the outcomes are in their order. Never rejects. No two of one key are given to it at a time, nor
 * one while another of its key is late.
 */
export type Save = (writes: readonly PendingWrite[]) => Promise<readonly SaveOutcome[]>;

/** Where writes wait for the database. */
export interface WriteQueue {
  /**
   * Resolves when the write is acknowledged: it will be in the database.
   *
   * @throws `WriteRefusedError` (by rejection): it will not
   */
  put(key: WriteKey, bytes: Buffer | undefined): Promise<void>;
  /** What was written last of a key and is not in the database yet. */
  find(key: WriteKey): PendingWrite | undefined | Promise<PendingWrite | undefined>;
  /** Resolves when what is pending now is in the database, or given up. */
  flush(): Promise<void>;
  /** Takes no more, and waits for what is pending, but not for ever. */
  close(): Promise<void>;
  /** Writes that this process knows to be pending. */
  readonly size: number;
}
