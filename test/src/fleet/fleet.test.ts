import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MemcachedServer } from '../servers/memcached.js';
import { RedisServer } from '../servers/redis.js';
import { DOUBLES } from './doubles.js';
import { loseKeys, loseMemory } from './faults.js';
import { runFleet } from './fleet.js';
import { type Mode, modesOf, runMode } from './plans.js';

// Long enough for a thousand reads or so; `npm run test:soak` goes on for longer, and on more stores.
const SHORT_MS = 2_000;

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

/** Nothing older than it may be, no errors, and hits in between. */
function expectExact(verdict: Awaited<ReturnType<typeof runMode>>, { mayLagMs }: Mode): void {
  const { rejections, failures, reads } = verdict;
  const tooOld = verdict.lagsMs.filter((lag) => lag > mayLagMs);
  expect({ tooOld, rejections, failures }).toEqual({ tooOld: [], rejections: [], failures: 0 });
  expect(reads).toBeGreaterThan(20);
}

describe('four processes whose clocks are half an hour apart, over Redis', () => {
  it.each([0, 1, 2])('answer nothing that is older than it may be (mode %s)', async (index) => {
    const mode = modesOf(redis.url)[index] as Mode;
    expectExact(await runMode(mode, SHORT_MS), mode);
  });

  it('do so while the server loses keys, everything, and its memory since the last snapshot', async () => {
    const [mode] = modesOf(redis.url) as [Mode];
    const fault = { everyMs: 150, strike: loseKeys(redis) };
    expectExact(await runMode(mode, SHORT_MS, { fault }), mode);
  });
});

describe('four processes over two Memcached servers', () => {
  const url = () => `memcached://${memcached.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;

  it.each([0, 1, 2])('answer nothing that is older than it may be (mode %s)', async (index) => {
    const mode = modesOf(url())[index] as Mode;
    expectExact(await runMode(mode, SHORT_MS), mode);
  });

  it('do so while the servers lose keys', async () => {
    const [mode] = modesOf(url()) as [Mode];
    const fault = { everyMs: 150, strike: loseMemory(memcached) };
    expectExact(await runMode(mode, SHORT_MS, { fault }), mode);
  });
});

it('four processes over a plain Keyv answer nothing that is older than it may be', async () => {
  const [mode] = modesOf('memory:') as [Mode];
  expectExact(await runMode(mode, SHORT_MS, { plainKeyv: redis.url, writesPerSecond: 50 }), mode);
});

describe('a fleet catches the protocols that are known to be wrong', () => {
  it.each(DOUBLES)('%s', async (name) => {
    const fault = { everyMs: 500, strike: snapshots(redis) };
    const plan = {
      cache: { l1MaxLag: '100ms', consistency: 'strict', deadline: '1s' } as const,
      durationMs: SHORT_MS,
      double: { name, redisPort: redis.port },
      // This one is caught by a server that comes back with what it had saved, and by nothing else.
      ...(name === 'server time' ? { fault } : {}),
    };
    // Which interleavings come is chance, and a busy machine brings few.
    let stale = 0;
    for (let run = 0; run < 10 && stale === 0; run++) stale = (await runFleet(plan)).stale;
    expect(stale).toBeGreaterThan(0);
  });
});

/** Saves, goes on, and comes back with what was saved. */
function snapshots(server: RedisServer): (turn: number) => Promise<unknown> {
  return (turn) => (turn % 2 === 0 ? server.command('SAVE') : server.restart());
}
