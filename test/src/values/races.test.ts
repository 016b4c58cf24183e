import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import fc from 'fast-check';
import { openCache } from '../../../packages/core/dist/cache/create-cache.js';
import { readCacheOptions } from '../../../packages/core/dist/config/cache-options.js';
import { frameCodec, RetryQueue } from '../races/internals.js';
import { ModelStore } from '../races/model-store.js';

/*
 * Producers, writes, deletions and invalidations of one row, in every order. The row is numbered by its writes; what a call
 * answers that began after a write had resolved is never from before it.
 */

type Step =
  | { readonly kind: 'ask' | 'nested' | 'get' | 'many' | 'forced'; readonly process: number }
  | { readonly kind: 'set' | 'since' | 'delete' | 'invalidate' | 'purge' | 'key'; readonly process: number };

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(
    'ask',
    'ask',
    'nested',
    'get',
    'many',
    'forced',
    'set',
    'since',
    'delete',
    'invalidate',
    'purge',
    'key',
  ),
  process: fc.nat(1),
}) as fc.Arbitrary<Step>;
const steps = fc.array(step, { minLength: 3, maxLength: 10 });

/** Does the steps against caches of one store, whatever order things happen in, and looks at each answer. */
async function race(plan: readonly Step[], scheduler: fc.Scheduler, caches: readonly ReturnType<typeof createCache>[]) {
  // A plain set counts as of now: of two writers the one that sets may be the slower one, and `since` is for that.
  const isSet = plan.some(({ kind }) => kind === 'set');
  let row = 0;
  /** The newest row of which a write has resolved. */
  let settled = 0;
  const turn = async (label: string): Promise<void> => {
    await scheduler.schedule(Promise.resolve(), label);
  };
  const read = async (): Promise<number> => {
    await turn('asks the database');
    const found = row;
    await turn('has its answer');
    return found;
  };
  const options = { ttl: 60, tags: ['row'] };
  const doStep = async ({ kind, process }: Step): Promise<void> => {
    await turn(`begins to ${kind}`);
    const cache = caches[process % caches.length] as ReturnType<typeof createCache>;
    const atLeast = settled;
    let answer: number | undefined;
    if (kind === 'ask') answer = await cache.getOrSet('k', read, options);
    else if (kind === 'forced') answer = await cache.getOrSet('k', read, { ...options, forceRefresh: true });
    else if (kind === 'nested') answer = await cache.getOrSet('outer', () => cache.getOrSet('k', read, options), 60);
    else if (kind === 'get') answer = await cache.get<number>('k');
    else if (kind === 'many') {
      const loaded = await cache.getOrSetMany(['k'], async () => ({ k: await read() }), options);
      answer = loaded.get('k');
    } else if (kind === 'since') {
      const token = await cache.token();
      const found = await read();
      await cache.set('k', found, { ...options, since: token });
    } else {
      const mine = kind === 'set' || !isSet ? ++row : row;
      await turn('has committed');
      if (kind === 'set') await cache.set('k', mine, options);
      else if (kind === 'delete') await cache.delete('k');
      else if (kind === 'invalidate') await cache.invalidate({ tags: 'row' });
      else if (kind === 'key') await cache.invalidate({ key: 'k' });
      else await cache.purge({ tags: 'row' });
      settled = Math.max(settled, mine);
    }
    if (answer !== undefined) expect(answer).toBeGreaterThanOrEqual(atLeast);
  };
  await scheduler.waitFor(Promise.all(plan.map(doStep)));
  for (const cache of caches) {
    const found = await scheduler.waitFor(cache.getOrSet('k', read, options));
    expect(found).toBeGreaterThanOrEqual(settled);
  }
}

/** One at most sets. */
const plans = steps.map((plan) => {
  let sets = 0;
  return plan.filter(({ kind }) => !(kind === 'set' && ++sets > 1));
});

describe('a write that has resolved', () => {
  it('is never answered past, in memory', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.scheduler(), async (plan, scheduler) => {
        await race(plan, scheduler, [createCache({ clock: new FakeClock() })]);
      }),
      { numRuns: 400, interruptAfterTimeLimit: 2_500 },
    );
  });

  it('is never answered past by two processes over one store, that ask it first', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.scheduler(), async (plan, scheduler) => {
        const clock = new FakeClock();
        const store = new ModelStore((label) => scheduler.schedule(Promise.resolve(), label));
        const open = () =>
          openCache(readCacheOptions({ clock, consistency: 'strict' }), () => ({
            store,
            codec: frameCodec(),
            unheard: new RetryQueue((tags, mode) => store.invalidate(tags, mode), clock),
          }));
        await race(plan, scheduler, [open(), open()]);
      }),
      { numRuns: 300, interruptAfterTimeLimit: 3_000 },
    );
  });
});
