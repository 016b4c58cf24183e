import { afterAll, beforeAll, describe, it, jest } from '@jest/globals';
import { expectPrecision, expectToBeCaught, expectTruth } from './expectations.js';
import { FleetWorld } from './world.js';

// `npm run test:soak` goes on for a minute with each ORM, and catches each wrong watch.
const orm = 'drizzle';
const SHORT_MS = 1_500;
const READS = 100;
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

describe('two processes that read and write PostgreSQL by Drizzle, over Redis', () => {
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
