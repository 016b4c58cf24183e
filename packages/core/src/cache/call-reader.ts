import { type Key, MANY_OPTIONS, readKey } from '../config/value-call-options.js';
import type { ValueOptions } from '../config/value-option-types.js';
import { readValueOptions, readVersion } from '../config/value-options.js';
import { type KeySpace, ValueKey } from '../values/value-key.js';
import type { ValuePolicy } from '../values/value-policy.js';
import { KnownPolicies } from './known-policies.js';
import type { MemoizeParts } from './memoize.js';
import { checkList } from './value-arguments.js';
import type { ValueWarnings } from './value-warnings.js';

/** Reads the keys and the options of calls about the values of one namespace. */
export class CallReader {
  readonly #parts: MemoizeParts;
  readonly #space: KeySpace;
  readonly #policies = new KnownPolicies();
  readonly #warnings: ValueWarnings;

  constructor(parts: MemoizeParts, space: KeySpace, warnings: ValueWarnings) {
    this.#parts = parts;
    this.#space = space;
    this.#warnings = warnings;
  }

  /** @throws {@link ConfigError} for what is no key, or no version */
  key(what: string, key: unknown, version: unknown): ValueKey {
    // The name of a setting is made up where something is wrong with it, not for each call.
    const read = version === undefined ? undefined : readVersion(`${what}.version`, version);
    return new ValueKey(this.#space, readKey(what, key), read);
  }

  /** {@link key} for each of a list, once however often it is named. */
  keys<K extends Key>(what: string, keys: readonly K[], version: unknown): Map<K, ValueKey> {
    return new Map(checkList(what, keys).map((key) => [key, this.key(what, key, version)]));
  }

  /**
   * @param key - one that it is about, for the warning that nothing says how long it is good
   * @throws {@link ConfigError} for options that are wrong
   */
  policy(what: string, given: ValueOptions<never>, names?: readonly string[], key?: Key): ValuePolicy {
    return this.#policies.of(what, given, () => {
      const isMade = names === undefined || names === MANY_OPTIONS;
      const unsaid = (): void => {
        if (!isMade || !this.#tracksReads(given)) this.#warnings.noTtl(what, key);
      };
      return readValueOptions(what, given, this.#parts.defaults, unsaid, names);
    });
  }

  /** Whether what is read to make it says how long it is good. */
  #tracksReads({ trackReads }: ValueOptions<never>): boolean {
    return trackReads ?? this.#parts.values.parts.tracksReads;
  }
}
