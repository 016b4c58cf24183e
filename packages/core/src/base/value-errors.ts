import { CacheError } from './errors.js';
import { shownKey } from './printable.js';
import { spelledKey } from './spelled-key.js';

/** What counts: the name of the call. */
export type CountingCall = 'increment' | 'decrement';

/** Something that is no number was to be counted up or down. What is stored stays as it is. */
export class NotANumberError extends CacheError {
  static readonly code = 'ERR_CACHE_NOT_A_NUMBER';
  readonly code = NotANumberError.code;
  static override get name(): string {
    return 'NotANumberError';
  }
  override readonly name = 'NotANumberError';

  constructor(
    readonly call: CountingCall,
    /** As it was given to the call. */
    readonly key: string | number,
    /** What kind of thing is stored. */
    readonly found: string,
  ) {
    super(`${call}: ${found} is stored under ${shownKey(key)}, which is no finite number`);
  }
}

/**
 * A call that answers with what the store has made of it, a sum or who was the first, has no answer: the store did not
 * answer, or others were faster time and again.
 */
export class ValueUnavailableError extends CacheError {
  static readonly code = 'ERR_CACHE_VALUE_UNAVAILABLE';
  readonly code = ValueUnavailableError.code;
  static override get name(): string {
    return 'ValueUnavailableError';
  }
  override readonly name = 'ValueUnavailableError';

  constructor(
    readonly call: CountingCall | 'add',
    /** As it was given to the call. */
    readonly key: string | number,
    readonly reason: 'store' | 'contention' | 'value',
  ) {
    super(`${call} of ${shownKey(key)}: ${WHY[reason]}`);
  }
}

const WHY = {
  store: 'the store does not answer',
  contention: 'others wrote the value time and again',
  value: 'what it was given cannot be stored, or not for that long',
} as const;

const LONGEST = 200;

/**
 * A producer took longer than `hardTimeout`, and nothing stored could answer in its stead. It goes on, and what it makes
 * is stored.
 */
export class ValueTimeoutError extends CacheError {
  static readonly code = 'ERR_CACHE_VALUE_TIMEOUT';
  readonly code = ValueTimeoutError.code;
  static override get name(): string {
    return 'ValueTimeoutError';
  }
  override readonly name = 'ValueTimeoutError';

  /** As events have it, at most 200 characters of it. */
  readonly key: string;

  /** @param key - as it is stored */
  constructor(
    key: string,
    /** What the value is counted under. */
    readonly route: string,
    readonly timeoutMs: number,
  ) {
    const spelled = spelledKey(key);
    const shown = spelled.length > LONGEST ? `${spelled.slice(0, LONGEST - 1)}…` : spelled;
    super(`${shown}: the producer took longer than ${timeoutMs} ms`);
    this.key = shown;
  }
}

/** A call that loads values by key, and what it is given to do so: `through` and its `loadMany`. */
export interface LoadingCall {
  readonly call: 'getOrSetMany' | 'through';
  readonly load: 'loadMissing' | 'loadMany';
}

/**
 * What `loadMissing` of `getOrSetMany`, or `loadMany` of `through`, has returned does not say which value belongs to which key: a list without `by`, for
 * one, as a database returns rows in an order of its own. Nothing of it was stored.
 */
export class LoadMissingError extends CacheError {
  static readonly code = 'ERR_CACHE_LOAD_MISSING';
  readonly code = LoadMissingError.code;
  static override get name(): string {
    return 'LoadMissingError';
  }
  override readonly name = 'LoadMissingError';

  constructor(
    /** What it has returned. */
    readonly returned: string,
    /** What it is to do instead. */
    readonly advice: string,
    /** Whose call it was: its `name`, if it has one, and a key of those that were missing. */
    readonly call: string,
    asked: LoadingCall = { call: 'getOrSetMany', load: 'loadMissing' },
  ) {
    super(`${asked.call} of ${call}: ${asked.load} returned ${returned}; ${advice}`);
  }
}
