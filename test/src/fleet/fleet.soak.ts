import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { MemcachedServer } from '../servers/memcached.js';
import { RedisServer, startCluster } from '../servers/redis.js';
import { DOUBLES } from './doubles.js';
import { expectExact, expectToBeCaught } from './expectations.js';
import { loseKeys, loseKeysAndTime, loseMemory } from './faults.js';
import { type Mode, modesOf, runMode } from './plans.js';

/** For ten thousand reads and more. */
const LONG_MS = 20_000;

let redis: RedisServer;
let cluster: Awaited<ReturnType<typeof startCluster>>;
let memcached: readonly MemcachedServer[];

beforeAll(async () => {
  redis = await RedisServer.start();
  cluster = await startCluster();
  memcached = [await MemcachedServer.start(), await MemcachedServer.start()];
});

afterAll(async () => {
  await redis.stop();
  await cluster.stop();
  for (const server of memcached) await server.kill();
});

const hosts = (servers: readonly { readonly port: number }[]) =>
  servers.map(({ port }) => `127.0.0.1:${port}`).join(',');

const stores: [name: string, url: () => string][] = [
  ['Redis', () => redis.url],
  ['Redis Cluster', () => `redis+cluster://${hosts(cluster.nodes)}`],
  ['Memcached', () => `memcached://${hosts(memcached)}`],
];

const READERS = { readers: 12, handlerMs: 4 };

describe.each(stores)('four processes over %s', (name, url) => {
  it.each([0, 1, 2])('answer nothing that is older than it may be (mode %s)', async (index) => {
    const mode = modesOf(url())[index] as Mode;
    expectAndSay(name, await runMode(mode, LONG_MS, READERS), mode);
  });
});

describe('four processes while the store loses', () => {
  it.each([0, 1, 2])(
    'keys, everything, and what it was told since its last snapshot: Redis (mode %s)',
    async (index) => {
      const mode = modesOf(redis.url)[index] as Mode;
      const fault = { everyMs: 150, strike: loseKeysAndTime(redis) };
      expectAndSay('Redis, losing', await runMode(mode, LONG_MS, { ...READERS, fault }), mode);
    },
  );

  it.each([0, 1, 2])('keys, and everything: Memcached (mode %s)', async (index) => {
    const mode = modesOf(`memcached://${hosts(memcached)}`)[index] as Mode;
    const fault = { everyMs: 150, strike: loseMemory(memcached) };
    expectAndSay('Memcached, losing', await runMode(mode, LONG_MS, { ...READERS, fault }), mode);
  });

  it('keys, and everything: a plain Keyv', async () => {
    const [mode] = modesOf('memory:') as [Mode];
    const fault = { everyMs: 150, strike: loseKeys(redis) };
    const more = { ...READERS, fault, plainKeyv: redis.url, writesPerSecond: 50 };
    expectAndSay('a plain Keyv, losing', await runMode(mode, LONG_MS, more), mode);
  });
});

describe.each(stores)(
  'four processes that write values, and use them within each other and in pages, over %s',
  (name, url) => {
    const values = { ...READERS, program: 'values-member' } as const;

    it.each([0, 1, 2])('answer nothing that is older than it may be (mode %s)', async (index) => {
      const mode = modesOf(url())[index] as Mode;
      expectAndSay(`values, ${name}`, await runMode(mode, LONG_MS, values), mode);
    });
  },
);

describe('four processes that write values while the store loses', () => {
  const values = { ...READERS, program: 'values-member' } as const;

  it.each([0, 1, 2])('keys, everything, and what it was told: Redis (mode %s)', async (index) => {
    const mode = modesOf(redis.url)[index] as Mode;
    const fault = { everyMs: 150, strike: loseKeysAndTime(redis) };
    expectAndSay('values, Redis, losing', await runMode(mode, LONG_MS, { ...values, fault }), mode);
  });

  it.each([0, 1, 2])('keys, and everything: Memcached (mode %s)', async (index) => {
    const mode = modesOf(`memcached://${hosts(memcached)}`)[index] as Mode;
    const fault = { everyMs: 150, strike: loseMemory(memcached) };
    expectAndSay('values, Memcached, losing', await runMode(mode, LONG_MS, { ...values, fault }), mode);
  });
});

describe('a fleet catches the protocols that are known to be wrong', () => {
  it.each(DOUBLES)('%s', async (name) => {
    await expectToBeCaught(name, redis, 2_000);
  });
});

/** Prints what came of it, too. */
function expectAndSay(store: string, verdict: Awaited<ReturnType<typeof runMode>>, mode: Mode): void {
  process.stdout.write(`${store}: ${verdict.summary}\n`);
  expectExact(verdict, mode);
}
