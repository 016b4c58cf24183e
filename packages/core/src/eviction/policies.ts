import { ConfigError } from '../base/errors.js';
import type { EvictionPolicy, PolicyLimits } from '../ports/eviction-policy.js';
import { AgeingLfuPolicy } from './ageing-lfu.js';
import { AutoPolicy } from './auto.js';
import { FifoPolicy } from './fifo.js';
import { GdsfPolicy } from './gdsf.js';
import { LfuPolicy } from './lfu.js';
import { LruPolicy } from './lru.js';
import { MruPolicy } from './mru.js';
import { RandomPolicy } from './random.js';
import { S3FifoPolicy } from './s3fifo.js';
import { SievePolicy } from './sieve.js';
import { TinyLfuPolicy } from './tinylfu.js';

/** Makes an {@link EvictionPolicy} for one store. */
export type PolicyFactory = (limits: PolicyLimits) => EvictionPolicy;

const policies = {
  auto: (limits) => new AutoPolicy(limits),
  lru: () => new LruPolicy(),
  lfu: () => new LfuPolicy(),
  fifo: () => new FifoPolicy(),
  mru: () => new MruPolicy(),
  random: () => new RandomPolicy(),
  s3fifo: (limits) => new S3FifoPolicy(limits),
  tinylfu: (limits) => new TinyLfuPolicy(limits),
  sieve: () => new SievePolicy(),
  gdsf: () => new GdsfPolicy(),
} satisfies Record<string, PolicyFactory>;

/** An eviction policy that comes with the library. */
export type PolicyName = keyof typeof policies;

/** The names of all of them. */
export const POLICY_NAMES = Object.keys(policies) as readonly PolicyName[];

/**
 * The named eviction policy, new and empty.
 *
 * @throws {@link ConfigError} for a name that is not one of {@link PolicyName}
 */
export function createPolicy(name: PolicyName, limits: PolicyLimits): EvictionPolicy {
  if (!Object.hasOwn(policies, name)) throw new ConfigError('policy', name, POLICY_NAMES.join(', '));
  const create: PolicyFactory = policies[name];
  return create(limits);
}

const CLASSES = [
  AutoPolicy,
  FifoPolicy,
  LfuPolicy,
  AgeingLfuPolicy,
  RandomPolicy,
  S3FifoPolicy,
  TinyLfuPolicy,
  SievePolicy,
  GdsfPolicy,
];

/** Whether a policy is one of the library's, which may be trusted. */
export function isBuiltIn(policy: unknown): boolean {
  return CLASSES.some((each) => policy instanceof each);
}
