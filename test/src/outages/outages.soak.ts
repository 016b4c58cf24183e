import { describe, it } from '@jest/globals';
import { memcachedOutages, redisOutages } from './outages.js';
import { survive } from './survive.js';

const LOAD = { requests: 3_000, burst: 1_000, bursts: 10, isTimed: true } as const;

describe('an app of two processes, for long and under more load', () => {
  it.each(redisOutages)('while its Redis fails because it $name', async (outage) => {
    await survive(outage, LOAD);
  });
  it.each(memcachedOutages)('while its Memcached fails because it $name', async (outage) => {
    await survive(outage, LOAD);
  });
});
