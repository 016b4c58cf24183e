import { ConfigError } from '../base/errors.js';
import type { EvictionPolicy } from '../ports/eviction-policy.js';
import { FifoPolicy } from './fifo.js';
import { LruPolicy } from './lru.js';

/** What the store that asks for a policy may hold; policies that divide it into parts take their measure from it. */
export interface PolicyLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** Makes an {@link EvictionPolicy} for one store. */
export type PolicyFactory = (limits: PolicyLimits) => EvictionPolicy;

const policies = {
  lru: () => new LruPolicy(),
  fifo: () => new FifoPolicy(),
} satisfies Record<string, PolicyFactory>;

/** An eviction policy that comes with the library. */
export type PolicyName = keyof typeof policies;

/**
 * The named eviction policy, new and empty.
 *
 * @throws {@link ConfigError} for a name that is not one of {@link PolicyName}
 */
export function createPolicy(name: PolicyName, limits: PolicyLimits): EvictionPolicy {
  if (!Object.hasOwn(policies, name)) throw new ConfigError('policy', name, Object.keys(policies).join(', '));
  const create: PolicyFactory = policies[name];
  return create(limits);
}
