import { checkFunction, checkOptions, parseBytes } from '../config/check.js';
import { readClock } from '../config/clock-option.js';
import { type PolicyOptions, type PolicySettings, readPolicy } from '../config/policy-option.js';
import { readCopying } from '../config/value-options.js';
import type { PolicyFactory, PolicyName } from '../eviction/policies.js';
import type { Clock } from '../ports/clock.js';
import type { EvictionPolicy } from '../ports/eviction-policy.js';
import type { RemovalReason } from '../ports/local-store.js';
import type { Copying } from '../values/copying.js';

/** Options of {@link memoryStore}. */
export interface KeyvMemoryOptions {
  /**
   * Bytes held at most: a number, or `'256mb'`. Counted are keys, values, and 140 bytes for each.
   *
   * @defaultValue `'64mb'`
   */
  readonly maxBytes?: number | string | undefined;
  /**
   * Values held at most, 1 to 8,388,608.
   *
   * @defaultValue one per 256 bytes of `maxBytes`, but 1,024 at least: 262,144 for 64 MB
   */
  readonly maxEntries?: number | undefined;
  /**
   * Which value leaves when it is full: by name, a name with settings, or your own. `'auto'` takes the one that would answer most of what
   * is asked for, and costs 0.1 µs a call more than `'lru'`.
   *
   * @defaultValue `'auto'`
   */
  readonly policy?: PolicyName | PolicyOptions | EvictionPolicy | PolicyFactory | undefined;
  /**
   * Told of each value that left, and why: `'evicted'` for want of room, `'expired'`, `'replaced'` by another of its key, or
   * `'deleted'`. The key is the one Keyv gave, with its namespace in front; the value is what Keyv stored: text, unless Keyv's
   * serialization is off. Called when the store is at rest: it may use it. What it throws becomes a process warning.
   */
  readonly onEvict?: ((key: string, value: unknown, reason: RemovalReason) => void) | undefined;
  /**
   * Bytes a value weighs, in place of what it takes in memory: a number from 0 up. The key's bytes and the 140 are not added. Where it
   * throws, or returns anything else, the value is weighed as usual, with a process warning.
   */
  readonly weigh?: ((key: string, value: unknown) => number) | undefined;
  /**
   * How callers are kept from changing what is stored, where Keyv's serialization is off: `'structured'`, each gets a copy; `'freeze'`,
   * all get the same, frozen; `false`, all get the same, and nobody may change it. With serialization Keyv makes a copy itself.
   *
   * @defaultValue `'structured'`
   */
  readonly clone?: Copying | undefined;
  /** Where time comes from: a `FakeClock` in tests. Keyv itself asks `Date.now()` besides. @defaultValue the machine's clocks */
  readonly clock?: Clock | undefined;
}

/** {@link KeyvMemoryOptions}, read. */
export interface KeyvMemorySettings {
  readonly maxBytes: number;
  readonly maxEntries: number | undefined;
  readonly policy: PolicySettings;
  readonly onEvict: KeyvMemoryOptions['onEvict'];
  readonly weigh: KeyvMemoryOptions['weigh'];
  readonly copying: Copying;
  readonly clock: Clock | undefined;
}

const NAMES = ['maxBytes', 'maxEntries', 'policy', 'onEvict', 'weigh', 'clone', 'clock'] as const;

/** What other caches in memory call these. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  max: 'maxEntries',
  maxSize: 'maxBytes',
  lruSize: 'maxEntries',
  dispose: 'onEvict',
  sizeCalculation: 'weigh',
  useClone: 'clone',
};

/** @throws {@link ConfigError} that names the setting, the value given and what is allowed */
export function readKeyvMemoryOptions(options: KeyvMemoryOptions): KeyvMemorySettings {
  checkOptions('memoryStore', options, NAMES, '', ELSEWHERE);
  const { maxBytes = '64mb', maxEntries, policy = 'auto', onEvict, weigh, clone = 'structured' } = options;
  return {
    maxBytes: parseBytes('memoryStore.maxBytes', maxBytes),
    maxEntries,
    policy: readPolicy('memoryStore.policy', policy),
    onEvict: checkFunction('memoryStore.onEvict', onEvict, 'a function of key, value and reason'),
    weigh: checkFunction('memoryStore.weigh', weigh, 'a function of key and value that returns a number of bytes'),
    copying: readCopying('memoryStore.clone', clone),
    clock: readClock('memoryStore.clock', options.clock),
  };
}
