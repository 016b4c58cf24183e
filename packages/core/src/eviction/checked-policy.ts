import { ignoreRejection } from '../base/answer.js';
import { ConfigError } from '../base/errors.js';
import type { EvictionPolicy } from '../ports/eviction-policy.js';

/** What every policy has beside its name. */
export const POLICY_METHODS = ['grow', 'insert', 'hit', 'remove', 'victim', 'order', 'clear'] as const;
const ALLOWED = `an object with a name and the functions ${POLICY_METHODS.join(', ')}`;

/** Objects that decide in a store already: what one store tells them would confuse the other. */
const taken = new WeakSet<object>();

/**
 * A policy that somebody else has written, for one store.
 *
 * @throws {@link ConfigError} for what is no policy, or decides in another store
 */
export function checkedPolicy(policy: unknown): EvictionPolicy {
  if (typeof policy !== 'object' || policy === null) throw new ConfigError('policy', policy, ALLOWED);
  // Of a factory that is async.
  ignoreRejection(policy);
  const { name } = policy as Partial<EvictionPolicy>;
  if (typeof name !== 'string' || name === '') throw new ConfigError('policy.name', name, ALLOWED);
  for (const method of POLICY_METHODS) {
    const given = (policy as Partial<EvictionPolicy>)[method];
    if (typeof given !== 'function') throw new ConfigError(`policy.${method}`, given, ALLOWED);
  }
  if (taken.has(policy)) {
    const problem = 'decides in another store already';
    throw new ConfigError('policy', policy, 'a function that makes a policy for each store', undefined, problem);
  }
  taken.add(policy);
  return policy as EvictionPolicy;
}
