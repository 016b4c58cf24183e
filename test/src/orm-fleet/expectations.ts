import { expect } from '@jest/globals';
import type { Double } from './doubles.js';
import { measurePrecision } from './precision.js';
import { type Plan, runFleet } from './run.js';
import type { FleetWorld } from './world.js';

/** How long a busy machine is given to find out what is wrong. */
const LONG_ENOUGH_MS = 60_000;

/** No answer that was so at no moment between the request and the answer, and no errors. */
export async function expectTruth(world: FleetWorld, plan: Plan): Promise<void> {
  const { untrue, failures, rejections, reads, writes, hits, refused } = await runFleet(world, plan);
  const { orm, consistency = 'strict', seed } = plan;
  const share = ((hits / reads) * 100).toFixed(0);
  process.stdout.write(
    `${orm}, ${consistency}: ${reads} reads, ${share} % from the store, ${writes} writes (${refused} refused), ${untrue.length} untrue\n`,
  );
  expect({ seed, untrue, failures, rejections }).toEqual({ seed, untrue: [], failures: 0, rejections: [] });
  // What is never stored is always so.
  expect(hits / reads).toBeGreaterThan(0.2);
}

/** A watch that is known to be wrong answers with what is not so. */
export async function expectToBeCaught(world: FleetWorld, plan: Pick<Plan, 'orm'>, double: Double): Promise<void> {
  const { untrue } = await runFleet(world, {
    ...plan,
    double,
    seed: 1,
    durationMs: LONG_ENOUGH_MS,
    // Whatever happens between two steps has the time to happen.
    dwellMs: 20,
    isToFind: true,
  });
  expect(untrue).not.toEqual([]);
}

/**
 * Of nine in ten pages that writes of rows have dropped the row was written, and they show something else since; and none whose
 * row was written is still there.
 */
export async function expectPrecision(world: FleetWorld, { orm }: Pick<Plan, 'orm'>, writes: number): Promise<void> {
  const { dropped, written, changed, stale } = await measurePrecision(world, orm, writes, 1);
  const percent = (count: number): string => `${((count / dropped) * 100).toFixed(1)} %`;
  process.stdout.write(
    `${orm}: ${writes} writes have dropped ${dropped} pages; of ${percent(written)} the row was written, ${percent(changed)} have changed\n`,
  );
  expect(stale).toEqual([]);
  expect(changed).toBeGreaterThan(writes / 5);
  expect(written / dropped).toBeGreaterThanOrEqual(0.9);
  expect(changed / dropped).toBeGreaterThanOrEqual(0.9);
}
