import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@viewcache/core/testing';
import fc from 'fast-check';
import { ForgetsFillsUnderWay, ForgetsWhatIsUnheard, JoinsWhileCommitting } from './doubles.js';
import {
  type Build,
  BuiltProcess,
  Data,
  type HandlerPlan,
  LAG,
  once,
  ROWS,
  type Scheduler,
  TARGETS,
  World,
} from './harness.js';
import { frameCodec, RetryQueue, TagTable } from './internals.js';
import { type Fault, ModelStore } from './model-store.js';

/*
 * Two processes with one store between them, each command and each reply a step of its own, commands lost and late: the
 * engine's part of PROTOCOL 4.3 to 4.8. The store is a model; each real protocol has races of its own.
 */

const SOAK = process.env['VIEWCACHE_SOAK'] === '1';

type Process = 0 | 1;
interface Plan {
  readonly requests: readonly (HandlerPlan & { readonly process: Process })[];
  readonly writes: readonly {
    readonly row: 'a' | 'b';
    readonly target: number;
    readonly mode: 'soft' | 'hard';
    readonly process: Process;
  }[];
  /** Time passes, so long that neither process may believe its own memory any more. */
  readonly ticks: number;
  readonly faults: readonly (Fault | undefined)[];
  /** Until the end, no invalidation reaches the store. */
  readonly isDeaf: boolean;
}

const process01 = fc.constantFrom<Process>(0, 1);
const plan: fc.Arbitrary<Plan> = fc.record({
  requests: fc.array(
    fc.record({
      process: process01,
      declares: fc.constantFrom('before' as const, 'after' as const),
      outcome: fc.oneof(
        { weight: 12, arbitrary: fc.constant('ok' as const) },
        { weight: 1, arbitrary: fc.constant('aborted' as const) },
      ),
    }),
    { minLength: 2, maxLength: 7 },
  ),
  writes: fc.array(
    fc.record({
      row: fc.constantFrom(...ROWS),
      target: fc.nat(TARGETS - 1),
      mode: fc.constantFrom('soft' as const, 'hard' as const),
      process: process01,
    }),
    { minLength: 1, maxLength: 3 },
  ),
  ticks: fc.nat(2),
  faults: fc.array(fc.option(fc.constantFrom<Fault>('lost', 'unheard'), { nil: undefined }), { maxLength: 12 }),
  isDeaf: fc.constantFrom(false, false, false, true),
});

const asks = { process: 0, declares: 'before', outcome: 'ok' } as const;
/** One process, nothing goes wrong but the order of things: where most defects are found sooner. */
const smallPlan: fc.Arbitrary<Plan> = fc.record({
  requests: fc.integer({ min: 2, max: 3 }).map((n) => Array(n).fill(asks)),
  writes: fc.constant([{ row: 'a', target: 0, mode: 'soft', process: 0 }]),
  ticks: fc.nat(1),
  faults: fc.constant([]),
  isDeaf: fc.constant(false),
});
const deafPlan = smallPlan.map((given) => ({ ...given, isDeaf: true }));
/** One process reads, the other writes, and time passes: what only the lag allows. The first question may get no answer. */
const crossPlan: fc.Arbitrary<Plan> = fc.record({
  requests: fc.integer({ min: 2, max: 4 }).map((n) => Array(n).fill(asks)),
  writes: fc.constant([{ row: 'a', target: 0, mode: 'soft', process: 1 }]),
  ticks: fc.integer({ min: 1, max: 2 }),
  faults: fc.constantFrom<(Fault | undefined)[]>([], [], ['lost'], ['unheard'], [undefined, 'lost']),
  isDeaf: fc.constant(false),
});
const anyPlan = fc.oneof(plan, smallPlan, deafPlan, crossPlan, crossPlan, crossPlan);

/** What is done wrong, where something is. */
interface Wrong extends Omit<Build, 'tags'> {
  readonly tags?: () => TagTable;
  readonly queue?: typeof RetryQueue;
}

function under(scheduler: fc.Scheduler): Scheduler {
  return {
    spawn(label, steps) {
      void (async () => {
        do await scheduler.schedule(Promise.resolve(), label);
        while (steps.next().done !== true);
      })();
    },
  };
}

const race = (wrong: Wrong = {}, given = anyPlan) =>
  fc.asyncProperty(given, fc.scheduler(), async ({ requests, writes, ticks, faults, isDeaf }, fcScheduler) => {
    const scheduler = under(fcScheduler);
    const clock = new FakeClock();
    const data = new Data();
    const store = new ModelStore((label) => fcScheduler.schedule(Promise.resolve(), label));
    const left = [...faults];
    let isQuiet = false;
    store.fault = (command) => {
      if (isQuiet) return undefined;
      return isDeaf && command === 'invalidate' ? 'lost' : left.shift();
    };
    const worlds = [0, 1].map(() => {
      const Queue = wrong.queue ?? RetryQueue;
      const unheard = new Queue((tags, mode) => store.invalidate(tags, mode), clock);
      const shared = { store, codec: frameCodec, unheard };
      const tags = wrong.tags?.() ?? new TagTable();
      return new World(scheduler, new BuiltProcess({ ...wrong, tags, clock, shared }), data);
    });
    for (const [i, request] of requests.entries()) {
      const name = `request ${i} to ${request.process}`;
      scheduler.spawn(
        name,
        once(() => void worlds[request.process]?.request(request, name)),
      );
    }
    for (const [i, { row, target, mode, process }] of writes.entries())
      scheduler.spawn(`writer ${i} in ${process}`, (worlds[process] as World).write(row, target, mode));
    for (let i = 0; i < ticks; i++)
      scheduler.spawn(
        'time passes',
        once(() => clock.advance(LAG + 1)),
      );
    await fcScheduler.waitIdle();

    // Faults are over, and everything that was sent has arrived: the last word.
    isQuiet = true;
    for (let i = 0; i < 3; i++) {
      clock.advance(LAG + 1);
      for (const world of worlds) world.request({ declares: 'after', outcome: 'ok' }, `request ${i} at the end`);
      await fcScheduler.waitIdle();
    }
    expect(worlds.flatMap((world) => world.settle())).toEqual([]);
    // The third quiet request is a hit.
    expect(worlds.map((world) => world.visitors.at(-1)?.how)).toEqual(['hit', 'hit']);
  });

describe('two engines over one store (PROTOCOL 4.3 to 4.8)', () => {
  it('answer nothing older than what was invalidated before, and store again once it is quiet', async () => {
    await fc.assert(
      race(),
      SOAK ? { numRuns: 1e9, interruptAfterTimeLimit: 20_000 } : { numRuns: 1_500, interruptAfterTimeLimit: 1_000 },
    );
  }, 60_000);

  it.each<[string, Wrong, fc.Arbitrary<Plan>]>([
    ['lets requests join while it commits', { engine: JoinsWhileCommitting }, smallPlan],
    ['forgets fills that are under way', { tags: () => new ForgetsFillsUnderWay() }, plan],
    ['forgets what the store has not heard', { queue: ForgetsWhatIsUnheard }, deafPlan],
    ['believes its own memory for ever', { l1MaxLagMs: Number.POSITIVE_INFINITY }, plan],
  ])(
    'finds out an engine that %s',
    async (_what, wrong, given) => {
      const found = await fc.check(race(wrong, given), {
        seed: 1,
        numRuns: 10_000,
        endOnFailure: true,
      });
      expect(String(found.errorInstance)).toMatch(/was invalidated before/);
    },
    60_000,
  );
});
