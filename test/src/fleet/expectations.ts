import { expect } from '@jest/globals';
import type { RedisServer } from '../servers/redis.js';
import type { DOUBLES } from './doubles.js';
import { type Plan, runFleet } from './fleet.js';
import type { Verdict } from './judge.js';
import { type Mode, runMode } from './plans.js';

/** Nothing older than it may be, and no errors. */
export function expectExact({ lagsMs, rejections, failures }: Verdict, { mayLagMs }: Mode): void {
  const tooOld = lagsMs.filter((lag) => lag > mayLagMs);
  expect({ tooOld, rejections, failures }).toEqual({ tooOld: [], rejections: [], failures: 0 });
}

/** Runs a fleet for so long. On a busy machine that is few requests: the soak is where they are many. */
export async function expectExactFleet(mode: Mode, durationMs: number, more: Partial<Plan> = {}): Promise<void> {
  const verdict = await runMode(mode, durationMs, more);
  expectExact(verdict, mode);
  expect(verdict.reads).toBeGreaterThan(0);
}

/** Runs fleets with a wrong protocol until one of them answers with something that is too old. */
export async function expectToBeCaught(
  name: (typeof DOUBLES)[number],
  redis: RedisServer,
  durationMs: number,
  more: Partial<Plan> = {},
): Promise<void> {
  const plan: Plan = {
    ...more,
    cache: { l1MaxLag: '100ms', consistency: 'strict', deadline: '1s' },
    durationMs,
    double: { name, redisPort: redis.port },
    // This one is caught by a server that comes back with what it had saved, and by nothing else.
    ...(name === 'server time' ? { fault: { everyMs: 500, strike: snapshots(redis) } } : {}),
  };
  // Which interleavings come is chance, and a busy machine brings few.
  let stale = 0;
  for (let run = 0; run < 10 && stale === 0; run++) stale = (await runFleet(plan)).stale;
  expect(stale).toBeGreaterThan(0);
}

/** Saves, goes on, and comes back with what was saved. */
function snapshots(server: RedisServer): (turn: number) => Promise<unknown> {
  return (turn) => (turn % 2 === 0 ? server.command('SAVE') : server.restart());
}
