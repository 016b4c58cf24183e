import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import { checkedPolicy } from './checked-policy.js';
import { LruPolicy } from './lru.js';

const methods = { grow() {}, insert() {}, hit() {}, remove() {}, victim: () => 0, order: () => [], clear() {} };
const sound = { name: 'mine', ...methods };

describe('checkedPolicy', () => {
  it('takes an object with all that a policy has, its own or its class’s', () => {
    expect(checkedPolicy(sound)).toBe(sound);
    const lru = new LruPolicy();
    expect(checkedPolicy(lru)).toBe(lru);
  });

  it.each([
    ['policy', undefined],
    ['policy', 'lru'],
    ['policy.name', { ...sound, name: '' }],
    ['policy.victim', { ...sound, victim: undefined }],
    ['policy.order', { ...sound, order: 1 }],
  ])('refuses, naming %s, what is none: %p', (setting, policy) => {
    expect(() => checkedPolicy(policy)).toThrow(ConfigError);
    expect(() => checkedPolicy(policy)).toThrow(new RegExp(`^${setting}: .*grow, insert`));
  });

  it('refuses an object that decides in another store', () => {
    const policy = { ...sound };
    checkedPolicy(policy);
    expect(() => checkedPolicy(policy)).toThrow('decides in another store already; use a function');
  });
});
