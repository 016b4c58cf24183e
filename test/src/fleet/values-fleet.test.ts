import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { MemcachedServer } from '../servers/memcached.js';
import { RedisServer } from '../servers/redis.js';
import { expectExactFleet, expectToBeCaught } from './expectations.js';
import { loseKeysAndTime, loseMemory } from './faults.js';
import { type Mode, modesOf } from './plans.js';

// `npm run test:soak` goes on for longer, in each mode.
const SHORT_MS = 2_000;
const EVERY_MS = 60;
/** Most of them wait for a producer, or for a lease: fewer than of pages. */
const READS = 100;
const values = { program: 'values-member', readers: 6 } as const;

let redis: RedisServer;
let memcached: readonly MemcachedServer[];

beforeAll(async () => {
  redis = await RedisServer.start();
  memcached = [await MemcachedServer.start(), await MemcachedServer.start()];
});

afterAll(async () => {
  await redis.stop();
  for (const server of memcached) await server.kill();
});

const memcachedUrl = (): string => `memcached://${memcached.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;

describe('four processes that set, delete and invalidate values, and use them within each other and in pages', () => {
  it('answer nothing that is older than it may be, over Redis', async () => {
    const [, bounded] = modesOf(redis.url) as [Mode, Mode];
    await expectExactFleet(bounded, SHORT_MS, values, READS);
  });

  it('over a Redis that loses keys, and everything', async () => {
    const [strict] = modesOf(redis.url) as [Mode];
    const fault = { everyMs: EVERY_MS, strike: loseKeysAndTime(redis) };
    await expectExactFleet(strict, SHORT_MS, { ...values, fault }, READS);
  });

  it('over two Memcached servers that lose keys', async () => {
    const [strict] = modesOf(memcachedUrl()) as [Mode];
    const fault = { everyMs: EVERY_MS, strike: loseMemory(memcached) };
    await expectExactFleet(strict, SHORT_MS, { ...values, fault }, READS);
  });
});

it('a fleet of values catches a protocol that is known to be wrong: versions at save', async () => {
  await expectToBeCaught('versions at save', redis, SHORT_MS, values);
});
