import { describe, expect, it } from '@jest/globals';
import { evictionOf, versionOf } from './server-info.js';

const info = (lines: readonly string[]): string => ['# Some', ...lines, ''].join('\r\n');

describe('what a server says of itself', () => {
  it('is its version', () => {
    const lines = ['redis_version:7.2.4', 'server_name:valkey', 'valkey_version:8.1.0', 'maxmemory_policy:allkeys-lru'];
    expect(versionOf(info(lines))).toBe('redis_version:7.2.4');
    expect(versionOf(info(['redis_version:10.0.1-beta']))).toBe('redis_version:10.0.1');
  });

  it.each([
    [[]],
    [['redis_version:']],
    [['redis_version:4.0.0']],
    [['redis_version:6.0.20']],
    [['redis_version:hidden']],
    [['redis_version:99999999999999999999']],
  ])('is not its version where BullMQ would refuse it, or warn: %j', (lines) => {
    expect(versionOf(info(lines))).toBeUndefined();
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
    expect([versionOf(undefined), evictionOf(undefined)]).toEqual([undefined, undefined]);
    expect(evictionOf(info(['redis_version:7.2.4']))).toBeUndefined();
  });
});
