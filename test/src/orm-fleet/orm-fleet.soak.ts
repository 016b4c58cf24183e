import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { DOUBLES } from './doubles.js';
import { expectPrecision, expectToBeCaught, expectTruth } from './expectations.js';
import { ORMS } from './orders.js';
import { FleetWorld } from './world.js';

const LONG_MS = 60_000;

let world: FleetWorld;
beforeAll(async () => {
  world = await FleetWorld.start();
});
afterAll(async () => {
  await world.stop();
});

describe.each(ORMS)('two processes that read and write PostgreSQL by %s, over Redis', (orm) => {
  it.each(['strict', 'bounded'] as const)('answer what is so, whatever is written (%s)', async (consistency) => {
    await expectTruth(world, { orm, consistency, durationMs: LONG_MS, seed: Date.now() % 1_000_000 });
  });

  it('drop a page of one row where that was written, and hardly otherwise', async () => {
    await expectPrecision(world, { orm }, 1_000);
  });

  it.each(DOUBLES)('are caught with a watch that is known to be wrong: %s', async (double) => {
    await expectToBeCaught(world, { orm }, double);
  });
});
