import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { under, type Write, write } from './by-chance.js';
import {
  AsksAgainOneByOne,
  DeletesOnly,
  GivesToWhoeverWaits,
  SendsEverybodyAlone,
  TakesTokenAtDeclaration,
  TakesTokenLate,
} from './doubles.js';
import { explore } from './explorer.js';
import {
  type Build,
  BuiltProcess,
  type Declares,
  type HandlerPlan,
  type Outcome,
  once,
  type Scheduler,
  TARGETS,
  targetsOf,
  World,
} from './harness.js';
import { assertFor, SOAK } from './internals.js';

/*
 * Handlers that read, writers that commit and invalidate, visitors who come at any moment, and those who wait for one
 * another: no answer may be older than the invalidations that had resolved when its visitor came.
 */

/** What one run is about; a scheduler decides on the order. */
interface Plan {
  readonly requests: readonly HandlerPlan[];
  readonly writes: readonly Write[];
}

const handler: fc.Arbitrary<HandlerPlan> = fc.record({
  declares: fc.constantFrom('before', 'after', 'option'),
  outcome: fc.oneof(
    { weight: 8, arbitrary: fc.constant('ok' as const) },
    { weight: 1, arbitrary: fc.constant('uncacheable' as const) },
    { weight: 1, arbitrary: fc.constant('aborted' as const) },
  ),
});
const plan: fc.Arbitrary<Plan> = fc.record({
  requests: fc.array(handler, { minLength: 2, maxLength: 6 }),
  writes: fc.array(fc.record(write), { minLength: 1, maxLength: 4 }),
});

function populate(scheduler: Scheduler, { requests, writes }: Plan, build: Build): World {
  const process = new BuiltProcess(build);
  const { tags, local } = process;
  if (tags instanceof DeletesOnly) tags.onDelete = () => local.clear();
  const world = new World(scheduler, process);
  for (const [i, request] of requests.entries())
    scheduler.spawn(
      `request ${i}`,
      once(() => void world.request(request, `request ${i}`)),
    );
  for (const [i, { row, target, mode }] of writes.entries())
    scheduler.spawn(`writer ${i}`, world.write(row, target, mode));
  return world;
}

const race = (build: () => Build) =>
  fc.asyncProperty(plan, fc.scheduler(), async (given, scheduler) => {
    const world = populate(under(scheduler), given, build());
    await scheduler.waitIdle();
    expect(world.settle()).toEqual([]);
  });

const right = (): Build => ({});
const wrong: readonly (readonly [what: string, build: () => Build, fault: RegExp])[] = [
  ['takes the token when it stores', () => ({ engine: TakesTokenLate }), /was invalidated before/],
  [
    'takes the token of a tag when it is declared',
    () => ({ engine: TakesTokenAtDeclaration }),
    /was invalidated before/,
  ],
  ['gives those who wait whatever the leader got', () => ({ engine: GivesToWhoeverWaits }), /collapsed of/],
  ['lets those who may not take it ask again one by one', () => ({ engine: AsksAgainOneByOne }), /waited for 3/],
  ['lets those who may not take it run all at once', () => ({ engine: SendsEverybodyAlone }), /the handler ran/],
  ['only deletes what is invalidated', () => ({ tags: new DeletesOnly() }), /was invalidated before/],
];

describe('the engine in memory (PROTOCOL 4.4, 4.13), by a scheduler', () => {
  it('answers and stores nothing older than what was invalidated before, in thousands of interleavings', async () => {
    await assertFor({ ms: 1_200, most: 3_000, soakMs: 20_000 }, race(right));
  });

  it.each(wrong)(
    'finds out an engine that %s',
    async (_what, build) => {
      const found = await fc.check(race(build), {
        numRuns: 10_000,
        seed: 1,
        endOnFailure: true,
      });
      expect(found.failed).toBe(true);
      expect(found.counterexample).not.toBeNull();
    },
    60_000,
  );
});

describe('the engine in memory, in every interleaving there is', () => {
  const asks = (declares: Declares, outcome: Outcome = 'ok'): HandlerPlan => ({ declares, outcome });
  const writes = (target: number, mode: 'soft' | 'hard' = 'soft') => ({ row: 'a' as const, target, mode });
  const all = (requests: readonly HandlerPlan[], invalidations: Plan['writes'], build = right) =>
    explore((scheduler) => {
      const world = populate(scheduler, { requests, writes: invalidations }, build());
      return () => world.settle();
    });

  it('of two requests and two writers', async () => {
    const { violation, interleavings } = await all([asks('after'), asks('before')], [writes(0), writes(5, 'hard')]);
    expect(violation).toBeUndefined();
    expect(interleavings).toBeGreaterThan(10_000);
  });

  it('of three requests and a writer, by whatever it names what it changed', async () => {
    for (let target = 0; target < TARGETS; target++) {
      const mode = target % 2 === 0 ? 'soft' : 'hard';
      const { violation } = await all([asks('after'), asks('option')], [writes(target, mode)]);
      expect([targetsOf('a')[target], violation]).toEqual([targetsOf('a')[target], undefined]);
    }
    expect((await all([asks('after'), asks('before'), asks('option')], [writes(0)])).violation).toBeUndefined();
  });

  it('of a leader whose client goes, and of one whose response cannot be stored', async () => {
    for (const outcome of ['aborted', 'uncacheable'] as const) {
      const others = outcome === 'aborted' ? [asks('after'), asks('after')] : [asks('after')];
      const { violation } = await all([asks('after', outcome), ...others], [writes(0)]);
      expect([outcome, violation]).toEqual([outcome, undefined]);
    }
  });

  it.each(wrong)('finds out an engine that %s', async (_what, build, fault) => {
    const { violation } = await all(Array(4).fill(asks('after')), [writes(0), writes(0)], build);
    expect(violation).toMatch(fault);
  });

  if (SOAK) {
    it('of three requests and two writers', async () => {
      const requests = [asks('after'), asks('before'), asks('option')];
      const { violation, interleavings } = await all(requests, [writes(0), writes(8, 'hard')]);
      expect(violation).toBeUndefined();
      expect(interleavings).toBeGreaterThan(250_000);
    }, 120_000);
  }
});
