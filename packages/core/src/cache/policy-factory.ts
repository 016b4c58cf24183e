import type { PolicySettings } from '../config/policy-option.js';
import { AgeingLfuPolicy } from '../eviction/ageing-lfu.js';
import { AutoPolicy } from '../eviction/auto.js';
import { checkedPolicy } from '../eviction/checked-policy.js';
import { createPolicy, type PolicyFactory } from '../eviction/policies.js';
import { RandomPolicy } from '../eviction/random.js';
import { TinyLfuPolicy } from '../eviction/tinylfu.js';
import type { Clock } from '../ports/clock.js';
import type { EvictionPolicy, PolicyLimits } from '../ports/eviction-policy.js';
import { OwnPolicy } from '../stores/own-policy.js';
import type { EvictionWatch } from '../telemetry/eviction-watch.js';

/**
 * Makes the policy of a cache's memory store, and has it watched.
 *
 * @returns a function that throws a {@link ConfigError} where the user's own is none
 */
export function policyFactory(settings: PolicySettings, clock: Clock, watch: EvictionWatch): PolicyFactory {
  return (limits) => {
    const policy = makePolicy(settings, limits, clock, watch);
    watch.watch(policy);
    return policy;
  };
}

function makePolicy(
  settings: PolicySettings,
  limits: PolicyLimits,
  clock: Clock,
  watch: EvictionWatch,
): EvictionPolicy {
  if ('own' in settings) return ownPolicy(settings.own, limits, watch);
  const { name, ageing, minAgeMs, window } = settings;
  if (name === 'auto')
    return new AutoPolicy(limits, { onSwitch: (change) => watch.switched({ ...change, reason: 'hit-ratio' }) });
  if (name === 'lfu' && ageing) return new AgeingLfuPolicy();
  if (name === 'random') return new RandomPolicy({ minAgeMs, now: () => clock.monotonic() });
  if (name === 'tinylfu') return new TinyLfuPolicy(limits, { window });
  return createPolicy(name, limits);
}

function ownPolicy(own: EvictionPolicy | PolicyFactory, limits: PolicyLimits, watch: EvictionWatch): EvictionPolicy {
  const policy = checkedPolicy(typeof own === 'function' ? own(limits) : own);
  return new OwnPolicy(policy, (error) =>
    watch.switched({ from: policy.name, to: 'lru', reason: 'failed', hitRatios: {}, error }),
  );
}
