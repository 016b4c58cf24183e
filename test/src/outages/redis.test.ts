import { describe, it, jest } from '@jest/globals';
import { redisOutages } from './outages.js';
import { survive } from './survive.js';

// Each of them waits for its store for most of the time, and a busy machine for all of them.
jest.setTimeout(480_000);

describe('an app of two processes, while its Redis fails', () => {
  it.concurrent.each(redisOutages)('because it $name: answers every request, and is exact', async (outage) => {
    await survive(outage, { requests: 120, burst: 300, bursts: 1 });
  });
});
