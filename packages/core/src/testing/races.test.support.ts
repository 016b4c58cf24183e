import { expect, it } from '@jest/globals';
import fc from 'fast-check';

/** The races go on for longer than a test may. */
export const SOAK = process.env['VIEWCACHE_SOAK'] === '1';

/** A property is asked for no fewer cases, however little time there is. */
const BATCH = 10;

/** How long a property is tried. */
export interface Patience {
  readonly ms: number;
  /** Where the time is longer than that takes. */
  readonly most?: number;
  /** In the soak tests, without a limit to the number. */
  readonly soakMs: number;
}

/**
 * Tries a property until the time is over, and some cases at least. fast-check's own limit fails where not one case fits in,
 * as on a machine with other work, and lets the case under way run on beside the next test.
 */
export async function assertFor<T>(
  { ms, most = Number.POSITIVE_INFINITY, soakMs }: Patience,
  property: fc.IAsyncProperty<T>,
  parameters: fc.Parameters<T> = {},
): Promise<void> {
  const end = performance.now() + (SOAK ? soakMs : ms);
  let cases = 0;
  do {
    await fc.assert(property, { ...parameters, numRuns: BATCH });
    cases += BATCH;
  } while (performance.now() < end && (SOAK || cases < most));
}

/** Goes on with the next command only when everything that the last one set free has been done. */
export const oneByOne: fc.Arbitrary<fc.Scheduler> = fc.scheduler({
  act: async (run) => {
    await run();
    await new Promise((resolve) => setImmediate(resolve));
  },
});

/**
 * Fails unless the races find something stale: for a double that is wrong.
 *
 * @param seed - one that finds it soon as the code is now; after a change of the code it may take some thousand schedules
 */
export async function expectStale<T>(seed: number, property: fc.IAsyncProperty<T>): Promise<void> {
  const found = await fc.check(property, { seed, numRuns: 10_000, endOnFailure: true });
  expect(String(found.errorInstance)).toContain('stale');
}

/** A race that is told what is wrong in it. */
type Race<Plan, Wrong> = (s: fc.Scheduler, plan: Plan, wrong: Wrong) => Promise<void>;

/**
 * Defines tests that the races find each of these doubles, and nothing where nothing is wrong.
 *
 * @param plans - small ones, in which there is enough to go wrong
 * @param wrongs - what is wrong, a seed that finds it soon, and the double
 */
export function itFindsOut<Plan, Wrong extends object>(
  race: Race<Plan, Partial<Wrong>>,
  plans: fc.Arbitrary<Plan>,
  wrongs: readonly (readonly [what: string, seed: number, wrong: Wrong])[],
): void {
  const racing = (wrong: Partial<Wrong>) => fc.asyncProperty(oneByOne, plans, (s, plan) => race(s, plan, wrong));

  it.each(wrongs)('find out when %s', (_, seed, wrong) => expectStale(seed, racing(wrong)));

  it('find nothing in the small plans when nothing is wrong', async () => {
    await assertFor({ ms: 200, soakMs: 30_000 }, racing({}), { endOnFailure: true });
  }, 120_000);
}
