import { describe, expect, it } from '@jest/globals';
import { storeIdentity } from './store-identity.js';
import { readStoreOption } from './store-option.js';

const identity = (store: unknown) => storeIdentity(readStoreOption(store).store);
const keyv = { get: () => undefined, set: () => true, delete: () => true };

describe('the identity of a store', () => {
  it.each<[unknown, unknown]>([
    ['redis://h', 'valkey://H:6379/0'],
    ['redis://h', { url: 'rediss://me:pw@h?maxBytes=1mb' }],
    ['redis+cluster://a:7000,b', 'rediss+cluster://me:pw@b:6379,a:7000'],
    ['redis+sentinel://a,b/m', 'redis+sentinel://b:26379,a/m/0'],
    ['memcached://a,b', 'memcached://b:11211,a?weights=1,2'],
    [keyv, keyv],
  ])('is one for %j and %j', (one, other) => {
    expect(identity(one)).toBeDefined();
    expect(identity(one)).toBe(identity(other));
  });

  it.each<[unknown, unknown]>([
    ['redis://h', 'redis://h/1'],
    ['redis://h', 'redis://h:6380'],
    ['redis://h', 'memcached://h:6379'],
    ['redis://h', 'redis+cluster://h'],
    ['redis+sentinel://a/m', 'redis+sentinel://a/n'],
    ['redis+sentinel://a/m', 'redis+sentinel://a/m/1'],
    ['memcached://a', 'memcached://a,b'],
    [keyv, { ...keyv }],
  ])('is another for %j than for %j', (one, other) => {
    expect(identity(one)).not.toBe(identity(other));
  });

  it('shows no credential', () => {
    expect(identity('redis://me:hunter2@h')).not.toContain('hunter2');
  });

  it.each(['memory:', 'off:', 'null:'])('is none for %s, which nobody shares', (store) => {
    expect(identity(store)).toBeUndefined();
  });
});
