import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { MemcachedServer } from '../servers/memcached.js';
import { RedisServer } from '../servers/redis.js';
import { expectExactFleet, expectToBeCaught } from './expectations.js';
import { loseMemory } from './faults.js';
import { type Mode, modesOf } from './plans.js';

// `npm run test:soak` goes on for longer, in each mode.
const SHORT_MS = 1_000;
const EVERY_MS = 60;
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
    await expectExactFleet(bounded, SHORT_MS, values);
  });

  it('over two Memcached servers that lose keys', async () => {
    const [strict] = modesOf(memcachedUrl()) as [Mode];
    const fault = { everyMs: EVERY_MS, strike: loseMemory(memcached) };
    await expectExactFleet(strict, SHORT_MS, { ...values, fault });
  });
});

it('a fleet of values catches a protocol that is known to be wrong: versions at save', async () => {
  await expectToBeCaught('versions at save', redis, SHORT_MS, values);
});
