import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { MemcachedServer } from '../servers/memcached.js';
import { RedisServer } from '../servers/redis.js';
import { expectExactFleet, expectToBeCaught } from './expectations.js';
import { loseKeysAndTime, loseMemory } from './faults.js';
import { type Mode, modesOf } from './plans.js';

// `npm run test:soak` goes on for longer, in each mode and over more stores, and catches each wrong protocol.
const SHORT_MS = 700;
/** So often that a store loses some keys, all of them, and some again in so short a time. */
const EVERY_MS = 60;

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

describe('four processes whose clocks are half an hour apart answer nothing that is older than it may be', () => {
  it('over a Redis that loses keys, and everything', async () => {
    const [strict] = modesOf(redis.url) as [Mode];
    await expectExactFleet(strict, SHORT_MS, { fault: { everyMs: EVERY_MS, strike: loseKeysAndTime(redis) } });
  });

  it('over two Memcached servers that lose keys', async () => {
    const [strict] = modesOf(`memcached://${memcached.map(({ port }) => `127.0.0.1:${port}`).join(',')}`) as [Mode];
    await expectExactFleet(strict, SHORT_MS, { fault: { everyMs: EVERY_MS, strike: loseMemory(memcached) } });
  });
});

it('a fleet catches a protocol that is known to be wrong: versions at save', async () => {
  await expectToBeCaught('versions at save', redis, SHORT_MS);
});
