import { describe, expect, it } from '@jest/globals';
import { evictionOf, versionOf } from './server-info.js';

const info = (lines: readonly string[]): string => ['# Some', ...lines, ''].join('\r\n');

describe('what a server says of itself', () => {
  it('is its version, of Redis and of whatever is like it', () => {
    expect(versionOf(info(['redis_version:7.2.4', 'gcc_version:12.2.0', 'maxmemory_policy:allkeys-lru']))).toBe(
      'redis_version:7.2.4',
    );
    expect(versionOf(info(['redis_version:7.2.4', 'server_name:valkey', 'valkey_version:8.1.0']))).toBe(
      'redis_version:7.2.4\nvalkey_version:8.1.0',
    );
    expect(versionOf(info(['redis_version:7.4.0', 'dragonfly_version:df-v1.27.1']))).toBe(
      'redis_version:7.4.0\ndragonfly_version:df-v1.27.1',
    );
    expect(versionOf(undefined)).toBeUndefined();
    expect(versionOf(info(['os:Linux']))).toBeUndefined();
  });

  it.each([
    ['allkeys-lru', '1048576', 'allkeys-lru'],
    ['volatile-ttl', '1048576', 'volatile-ttl'],
    ['noeviction', '1048576', undefined],
    // It has no bound that it could reach.
    ['allkeys-lru', '0', undefined],
  ])('is whether it may evict: %s with maxmemory %s', (policy, most, expected) => {
    expect(evictionOf(info([`maxmemory:${most}`, `maxmemory_policy:${policy}`]))).toBe(expected);
  });

  it('is nothing where it does not say', () => {
    expect(evictionOf(undefined)).toBeUndefined();
    expect(evictionOf(info(['redis_version:7.2.4']))).toBeUndefined();
  });
});
