import { CacheError } from './errors.js';

/** What was asked of a store. */
export type StoreOperation = 'getMany' | 'set' | 'deleteMany' | 'increment' | 'script' | 'lease' | 'connect' | 'close';

/** A store call passed its deadline; what becomes of it is not known. The request was answered by the producer. */
export class StoreTimeoutError extends CacheError {
  static readonly code = 'ERR_CACHE_STORE_TIMEOUT';
  readonly code = StoreTimeoutError.code;
  static override get name(): string {
    return 'StoreTimeoutError';
  }
  override readonly name = 'StoreTimeoutError';

  constructor(
    readonly store: string,
    readonly operation: StoreOperation,
    readonly deadlineMs: number,
  ) {
    super(`${store}.${operation} took longer than ${deadlineMs} ms`);
  }
}

/** A store call threw, rejected, or answered with something that no store may answer; `cause` says what. */
export class StoreFailedError extends CacheError {
  static readonly code = 'ERR_CACHE_STORE_FAILED';
  readonly code = StoreFailedError.code;
  static override get name(): string {
    return 'StoreFailedError';
  }
  override readonly name = 'StoreFailedError';

  constructor(
    readonly store: string,
    readonly operation: StoreOperation,
    cause: unknown,
  ) {
    super(`${store}.${operation} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** The store failed several times running and is left alone for a while: nothing was asked of it. */
export class StoreOpenError extends CacheError {
  static readonly code = 'ERR_CACHE_STORE_OPEN';
  readonly code = StoreOpenError.code;
  static override get name(): string {
    return 'StoreOpenError';
  }
  override readonly name = 'StoreOpenError';

  constructor(
    readonly store: string,
    readonly operation: StoreOperation,
  ) {
    super(`${store}.${operation} was not tried: the store has been failing`);
  }
}

/** So many store calls are still under way that no more is begun: nothing was asked of it. */
export class StoreBusyError extends CacheError {
  static readonly code = 'ERR_CACHE_STORE_BUSY';
  readonly code = StoreBusyError.code;
  static override get name(): string {
    return 'StoreBusyError';
  }
  override readonly name = 'StoreBusyError';

  constructor(
    readonly store: string,
    readonly operation: StoreOperation,
    readonly outstanding: number,
  ) {
    super(`${store}.${operation} was not tried: ${outstanding} operations are still under way`);
  }
}

/**
 * The shared store, or the primary process of a cluster's workers, has not acknowledged an invalidation, and
 * `onInvalidateFailure` is `'throw'`. It holds in this process, and is sent again until it has been heard.
 */
export class InvalidationUnheardError extends CacheError {
  static readonly code = 'ERR_CACHE_INVALIDATION_UNHEARD';
  readonly code = InvalidationUnheardError.code;
  static override get name(): string {
    return 'InvalidationUnheardError';
  }
  override readonly name = 'InvalidationUnheardError';

  /**
   * @param tags - as they were named
   * @param targets - what was named otherwise: `url: /cities/7`
   * @param value - of a batch, what its work returned: it has been done
   */
  constructor(
    readonly tags: readonly string[],
    readonly targets: readonly string[] = [],
    readonly value?: unknown,
  ) {
    const [first = '', ...others] = [...tags, ...targets];
    super(
      `other processes may not have heard that ${others.length === 0 ? `${first} is` : `${first} and others are`} invalid`,
    );
  }
}

/** Why a guarded store has no answer. */
export type StoreError = StoreTimeoutError | StoreFailedError | StoreOpenError | StoreBusyError;
