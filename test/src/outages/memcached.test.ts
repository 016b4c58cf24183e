import { describe, it } from '@jest/globals';
import { memcachedOutages } from './outages.js';
import { survive } from './survive.js';

describe('an app of two processes, while its Memcached fails', () => {
  it.each(memcachedOutages)('because it $name: answers every request, and is exact', async (outage) => {
    await survive(outage, { requests: 120, burst: 300, bursts: 1 });
  });
});
