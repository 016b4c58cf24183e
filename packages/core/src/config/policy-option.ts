import { type Duration, parseDuration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { POLICY_METHODS } from '../eviction/checked-policy.js';
import { POLICY_NAMES, type PolicyFactory, type PolicyName } from '../eviction/policies.js';
import type { EvictionPolicy } from '../ports/eviction-policy.js';
import { checkBoolean, checkOneOf, checkOptions, isRecord, listed } from './check.js';

/**
 * A policy that comes with the library, and what may be said of it.
 *
 * @example
 * ```ts
 * createCache({ policy: { name: 'lfu', ageing: true } });
 * ```
 */
export interface PolicyOptions {
  readonly name: PolicyName;
  /** Of `'lfu'`: whether uses of long ago count less than those of late. @defaultValue `false` */
  readonly ageing?: boolean | undefined;
  /**
   * Of `'random'`: how long a stored response is spared after it was stored, while something older is to be found.
   *
   * @defaultValue 0
   */
  readonly minAge?: Duration | undefined;
  /**
   * Of `'tinylfu'`: the share of the store in which newcomers live, above 0 and below 1.
   *
   * @defaultValue found by trying, from 0.01
   */
  readonly window?: number | undefined;
}

/** A policy, read. */
export type PolicySettings =
  | {
      readonly name: PolicyName;
      readonly ageing: boolean;
      readonly minAgeMs: number;
      readonly window: number | undefined;
    }
  | { readonly own: EvictionPolicy | PolicyFactory };

/** Which policy reads which setting. */
const READERS = { ageing: 'lfu', minAge: 'random', window: 'tinylfu' } as const;

const OR_ELSE = ', an object with such a name and its settings, a policy of yours, or a function that makes one';

/**
 * Reads the `policy` option: a name, a name with settings, somebody's own.
 *
 * @throws {@link ConfigError} that names the setting, the value given and what is allowed
 */
export function readPolicy(setting: string, policy: unknown): PolicySettings {
  if (typeof policy === 'function') return { own: policy as PolicyFactory };
  // What it lacks is found out when it is to decide, and named.
  if (typeof policy === 'object' && policy !== null && POLICY_METHODS.some((method) => method in policy))
    return { own: policy as EvictionPolicy };
  if (!isRecord(policy)) return named(checkOneOf(setting, policy, POLICY_NAMES, OR_ELSE));
  checkOptions(setting, policy, ['name', ...Object.keys(READERS)]);
  const { ageing, minAge, window } = policy;
  const name = checkOneOf(`${setting}.name`, policy['name'], POLICY_NAMES);
  for (const [option, reader] of Object.entries(READERS)) {
    if (policy[option] === undefined || name === reader) continue;
    const problem = `is nothing that '${name}' has`;
    throw new ConfigError(`${setting}.${option}`, policy[option], `it with ${listed([reader])}`, undefined, problem);
  }
  return {
    name,
    ageing: ageing === undefined ? false : checkBoolean(`${setting}.ageing`, ageing),
    minAgeMs: minAge === undefined ? 0 : parseDuration(`${setting}.minAge`, minAge as Duration),
    window: window === undefined ? undefined : readWindow(`${setting}.window`, window),
  };
}

function named(name: PolicyName): PolicySettings {
  return { name, ageing: false, minAgeMs: 0, window: undefined };
}

function readWindow(setting: string, window: unknown): number {
  if (typeof window !== 'number' || !(window > 0 && window < 1))
    throw new ConfigError(setting, window, 'a number above 0 and below 1');
  return window;
}
