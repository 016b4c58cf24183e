import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import { createPolicy, type PolicyName } from './policies.js';

const limits = { maxEntries: 64, maxBytes: 1_000 };

describe('createPolicy', () => {
  it.each(['lru', 'lfu', 'fifo', 'mru', 'random', 's3fifo', 'tinylfu', 'sieve', 'gdsf'] as const)(
    'makes %s, new each time',
    (name) => {
      const policy = createPolicy(name, limits);
      expect(policy.name).toBe(name);
      expect(createPolicy(name, limits)).not.toBe(policy);
    },
  );

  it.each(['lfru', 'toString', ''])('throws at start-up for %j and names what is allowed', (name) => {
    expect(() => createPolicy(name as PolicyName, limits)).toThrow(ConfigError);
    expect(() => createPolicy(name as PolicyName, limits)).toThrow(/^policy: '.*lru, lfu, fifo/);
  });
});

describe.each(['lru', 'lfu', 'fifo', 'mru', 'random', 's3fifo', 'tinylfu', 'sieve', 'gdsf'] as const)('%s', (name) => {
  it('is as new after clear', () => {
    const policy = createPolicy(name, limits);
    policy.grow(4);
    for (const slot of [3, 1, 2]) policy.insert(slot, 0, 1);
    policy.hit(3);
    policy.clear();
    expect([...policy.order()]).toEqual([]);
    policy.insert(1, 0, 1);
    expect(policy.victim(1, 0)).toBe(1);
    policy.insert(3, 0, 1);
    expect([...policy.order()].sort()).toEqual([1, 3]);
  });
});
