import { describe, expect, it } from '@jest/globals';
import type { Leases } from '../ports/leases.js';
import { COMMITTED, MISS, world } from './engine-shared.test.support.js';

describe('one handler run across processes (PROTOCOL 4.12)', () => {
  /** One lease, and what becomes of it. */
  function leased() {
    const given = world();
    const outcomes: string[] = [];
    const lease = { renew: async () => true, release: async (outcome: string) => void outcomes.push(outcome) };
    const answers: Awaited<ReturnType<Leases['take']>>[] = [];
    given.store.leases = { renewEveryMs: 500, take: async () => answers.shift() ?? { kind: 'mine', lease } };
    return { ...given, outcomes, answers };
  }

  it.each<[string, (given: ReturnType<typeof leased>) => Promise<void> | void, string]>([
    [
      'stored',
      async ({ come, store }) => {
        const leader = come();
        await store.answer(MISS);
        leader.complete('one');
        await store.answer(COMMITTED);
      },
      'stored',
    ],
    [
      'refused by the store',
      async ({ come, store }) => {
        const leader = come();
        await store.answer(MISS);
        leader.complete('one');
        await store.answer({ kind: 'refused' });
      },
      'open',
    ],
    [
      'not to be stored',
      async ({ come, store }) => {
        const leader = come();
        await store.answer(MISS);
        leader.leads?.refuse('set-cookie', '/r');
      },
      'open',
    ],
    [
      'broken off',
      async ({ come, store }) => {
        const leader = come();
        await store.answer(MISS);
        leader.leads?.refuse('aborted', '/r');
      },
      'unused',
    ],
    [
      'led by a visitor who has gone',
      async ({ come, store }) => {
        const leader = come();
        leader.isGone = true;
        await store.answer(MISS);
      },
      'unused',
    ],
  ])('is given back when the response is %s', async (_what, run, outcome) => {
    const given = leased();
    await run(given);
    expect(given.outcomes).toEqual([outcome]);
  });

  it('answers whoever waits for another process with what that has stored', async () => {
    const { come, store, stored, answers, clock } = leased();
    answers.push({ kind: 'held', by: 'x' });
    const [leader, waiter] = [come(), come()];
    await store.answer(MISS);
    await clock.advanceAsync(10);
    await store.answer(stored('theirs'));
    expect([leader.log, waiter.log]).toEqual([['hit theirs'], ['collapsed theirs']]);
  });

  it('leads with a token taken after it has waited', async () => {
    const { come, store, answers, clock, tags } = leased();
    answers.push({ kind: 'held', by: 'x' });
    const leader = come();
    await store.answer(MISS);
    tags.invalidate(['t'], 'soft');
    await clock.advanceAsync(10);
    await store.answer(MISS);
    leader.complete('one');
    await store.answer(COMMITTED);
    expect(come().log).toEqual(['hit one']);
  });

  describe('what is stale where a mark says that something was stored a moment ago', () => {
    const SWR = { whileRevalidateMs: 300_000, ifErrorMs: 0, revalidatableMs: 0 };

    async function found(ageMs = 70_000) {
      const given = leased();
      const { come, store, stored, answers, clock } = given;
      answers.push({ kind: 'done' });
      const leader = Object.assign(come(), { takesStale: () => true });
      const old = stored('old', { storedAt: clock.now() - ageMs, lifetimeMs: 1_000, stale: SWR });
      await store.answer(old);
      return { ...given, leader, old };
    }

    it('is looked for again, and answers where it is new', async () => {
      const { leader, store, stored, outcomes } = await found();
      await store.answer(stored('theirs'));
      expect([leader.log, outcomes]).toEqual([['hit theirs'], ['stored']]);
    });

    it('is made new under a lease where it is the same', async () => {
      const { leader, store, old, outcomes } = await found();
      await store.answer(old);
      expect(leader.log).toEqual(['led stale']);
      expect(leader.leads).toMatchObject({ isElsewhere: false, stale: { validity: 'valid' } });
      leader.complete('new');
      await store.answer(COMMITTED);
      expect(outcomes).toEqual(['stored']);
    });

    it('is left alone where it may be that', async () => {
      const { leader, store } = await found(2_500);
      expect(leader.leads).toMatchObject({ isElsewhere: true });
      expect(store.asked).toEqual(['begin']);
    });

    it('is left to others where it is another one', async () => {
      const { leader, store, stored, clock, outcomes } = await found();
      await store.answer(stored('newer', { storedAt: clock.now() - 65_000, lifetimeMs: 1_000, stale: SWR }));
      expect(leader.leads).toMatchObject({ isElsewhere: true, stale: { validity: 'valid' } });
      expect(outcomes).toEqual(['stored']);
    });
  });
});
