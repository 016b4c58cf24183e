import { CacheError } from './errors.js';
import { shownKey } from './printable.js';

/** Why a write was not taken. */
export type WriteRefusal = 'full' | 'value' | 'closed' | 'journal' | 'queue';

const WHY: Readonly<Record<WriteRefusal, string>> = {
  full: 'as many wait for the database as may, and none was saved in time',
  value: 'it has no bytes',
  closed: 'the strategy has been closed',
  journal: 'the journal cannot be written',
  queue: 'the queue does not answer',
};

/**
 * A write was not taken by a strategy that writes behind. It is not acknowledged, and nobody reads it; of a queue that has
 * not answered nobody knows whether it will be saved all the same.
 */
export class WriteRefusedError extends CacheError {
  static readonly code = 'ERR_CACHE_WRITE_REFUSED';
  readonly code = WriteRefusedError.code;
  static override get name(): string {
    return 'WriteRefusedError';
  }
  override readonly name = 'WriteRefusedError';

  /** @param detail - what more there is to say of the reason */
  constructor(
    /** The strategy's. */
    readonly strategy: string,
    /** As it was given to the call. */
    readonly key: string | number,
    readonly reason: WriteRefusal,
    detail = '',
    options?: ErrorOptions,
  ) {
    super(`${strategy}: a write of ${shownKey(key)} was refused: ${WHY[reason]}${detail && ` (${detail})`}`, options);
  }
}
