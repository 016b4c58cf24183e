import type { ThroughSettings } from '../config/through-options.js';
import type { CacheToken, Key, SetOptions } from '../config/value-call-options.js';
import { SET_OPTIONS } from '../config/value-call-options.js';
import type { ValueOptions } from '../config/value-option-types.js';
import type { ViewContext } from '../engine/view-context.js';
import { hold } from '../values/copies.js';
import type { ValueCalls } from './value-calls.js';

/** What a strategy asks of a cache: the values of its namespace, kept as its options say. */
export class StrategySpace {
  readonly #calls: ValueCalls;
  readonly #tagsOf: ThroughSettings['tagsOf'];
  readonly #made: ValueOptions<unknown>;
  readonly #written: SetOptions<unknown>;
  /** A load has said of its value what nobody says of one that is written. */
  #loadsSayMore = false;

  /** @param calls - of the namespace */
  constructor(calls: ValueCalls, { kept, tagsOf }: ThroughSettings) {
    this.#calls = calls;
    this.#tagsOf = tagsOf;
    this.#made = kept;
    this.#written = Object.fromEntries(Object.entries(kept).filter(([name]) => SET_OPTIONS.includes(name)));
  }

  get(key: Key, make: () => unknown): Promise<unknown> {
    return this.#calls.getOrSet(key, make, this.#with(key, this.#made));
  }

  /** {@link get} of many: what is stored in one round trip. */
  async getMany(keys: readonly Key[], make: (key: Key) => unknown): Promise<readonly unknown[]> {
    return await Promise.all(this.#calls.together(() => keys.map((key) => this.get(key, () => make(key)))));
  }

  /** Notes what was said of a value while it was loaded. */
  hasLoaded(said: ViewContext | undefined): void {
    if (said === undefined || this.#loadsSayMore) return;
    this.#loadsSayMore = said.tags.size > 0 || said.nested.length > 0 || said.lifetimeMs !== undefined;
  }

  /**
   * Whether a value that is written may be stored: not where one that is loaded would depend on more than `tags` say, as on the
   * rows that it is read from. Nobody who writes those would find it.
   */
  get mayStoreWritten(): boolean {
    return !(this.#loadsSayMore || (this.#made.trackReads ?? this.#calls.tracksReads));
  }

  /** What the cache knows now, before these are written to the database; `undefined` where they are not stored anyway. */
  async token(keys: readonly Key[]): Promise<CacheToken | undefined> {
    return this.mayStoreWritten ? await this.#calls.tokenOfWrite(keys) : undefined;
  }

  /**
   * Makes the cache agree with what the database has taken: stores it where it may be, unless its key was written or invalidated
   * since the token was taken. Then, and elsewhere, whatever is stored of it is invalid: nobody knows which of two the
   * database has taken last (PROTOCOL 4.11).
   *
   * What says that there is nothing is not stored: who reads it from the database is told the same by any process.
   */
  async agree(written: readonly (readonly [Key, unknown])[], since: CacheToken | undefined): Promise<void> {
    if (since === undefined || !this.mayStoreWritten) {
      await this.drop(written.map(([key]) => key));
      return;
    }
    const put = ([key, value]: readonly [Key, unknown]): Promise<unknown> => {
      if (value === undefined || value === null) return this.drop([key]);
      return this.#calls.set(key, value, { ...this.#with(key, this.#written), since });
    };
    await Promise.all(written.map(put));
  }

  /**
   * A copy of a value, which its owner may change while it is on its way; itself where it is not kept as a copy either, or cannot
   * be.
   */
  copyOf(value: unknown): unknown {
    if ((this.#made.clone ?? this.#calls.copying) === false) return value;
    const kept = hold(value, 'structured');
    return kept.kind === 'held' ? kept.held.value : value;
  }

  async drop(keys: readonly Key[]): Promise<void> {
    await this.#calls.deleteMany(keys);
  }

  #with<O extends SetOptions<unknown>>(key: Key, options: O): O {
    const tagsOf = this.#tagsOf;
    return tagsOf === undefined ? options : { ...options, tags: (value: unknown) => tagsOf(value, key) };
  }
}
