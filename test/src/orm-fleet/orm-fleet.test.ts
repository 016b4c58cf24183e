import { afterAll, beforeAll, describe, it, jest } from '@jest/globals';
import { expectPrecision, expectToBeCaught, expectTruth } from './expectations.js';
import { ORMS } from './orders.js';
import { FleetWorld } from './world.js';

// `npm run test:soak` goes on for a minute each, and catches each wrong watch.
const SHORT_MS = 3_000;
const READS = 300;
const WRITES = 40;

// A busy machine takes long to start so many processes.
jest.setTimeout(180_000);

let world: FleetWorld;
beforeAll(async () => {
  world = await FleetWorld.start();
});
afterAll(async () => {
  await world.stop();
});

describe.each(ORMS)('two processes that read and write PostgreSQL by %s, over Redis', (orm) => {
  it('answer what is so, whatever is written', async () => {
    await expectTruth(world, { orm, durationMs: SHORT_MS, atLeast: READS, seed: Date.now() % 1_000_000 });
  });

  it('drop a page of one row where that was written, and hardly otherwise', async () => {
    await expectPrecision(world, { orm }, WRITES);
  });

  it('are caught where they deliver before the commit', async () => {
    await expectToBeCaught(world, { orm }, 'before the commit');
  });
});
