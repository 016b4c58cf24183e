import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import { POLICY_NAMES } from '../eviction/policies.js';
import { readPolicy } from './policy-option.js';

const read = (policy: unknown) => readPolicy('policy', policy);
const plain = { ageing: false, minAgeMs: 0, window: undefined };

describe('the policy option', () => {
  it.each(POLICY_NAMES)('takes %s by name, and as an object', (name) => {
    expect(read(name)).toEqual({ ...plain, name });
    expect(read({ name })).toEqual({ ...plain, name });
  });

  it.each([
    [{ name: 'lfu', ageing: true }, { ageing: true }],
    [{ name: 'random', minAge: '30s' }, { minAgeMs: 30_000 }],
    [{ name: 'tinylfu', window: 0.2 }, { window: 0.2 }],
  ])('reads the settings of %j', (policy, expected) => {
    expect(read(policy)).toEqual({ ...plain, name: policy.name, ...expected });
  });

  it('takes a policy of the user’s own, and a function that makes one', () => {
    const own = { name: 'mine', victim: () => 0 };
    expect(read(own)).toEqual({ own });
    const make = () => own;
    expect(read(make)).toEqual({ own: make });
  });

  it.each([
    ['policy', 'LRU', "did you mean 'lru'"],
    ['policy', 7, "'auto', 'lru'"],
    ['policy', null, 'a policy of yours'],
    ['policy.name', { name: 'best' }, "'auto', 'lru'"],
    ['policy.name', {}, "'auto', 'lru'"],
    ['policy.aging', { name: 'lfu', aging: true }, 'did you mean ageing'],
    ['policy.ageing', { name: 'lru', ageing: true }, "is nothing that 'lru' has; use it with 'lfu'"],
    ['policy.ageing', { name: 'lfu', ageing: 1 }, 'true or false'],
    ['policy.minAge', { name: 'random', minAge: -1 }, 'seconds'],
    ['policy.window', { name: 'tinylfu', window: 1 }, 'above 0 and below 1'],
    ['policy.window', { name: 'tinylfu', window: '1%' }, 'above 0 and below 1'],
  ])('refuses, naming %s: %j', (setting, policy, allowed) => {
    expect(() => read(policy)).toThrow(ConfigError);
    expect(() => read(policy)).toThrow(new RegExp(`^${setting}: .*${allowed}`, 's'));
  });
});
