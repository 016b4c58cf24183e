import { describe, expect, it } from '@jest/globals';
import type { LeaseAnswer, Leases } from '../ports/leases.js';
import { FakeClock } from '../testing/fake-clock.js';
import { Turn, waitForTurn } from './turn.js';

const HELD = (by: string): LeaseAnswer => ({ kind: 'held', by });

/** Leases whose every answer the test gives. */
function world(...answers: LeaseAnswer[]) {
  const clock = new FakeClock();
  const log: string[] = [];
  const renewals: boolean[] = [];
  const lease = {
    renew: async () => {
      log.push('renew');
      return renewals.shift() ?? true;
    },
    release: async (outcome: string) => void log.push(outcome),
  };
  const leases: Leases = {
    renewEveryMs: 500,
    take: async () => answers.shift() ?? { kind: 'mine', lease },
  };
  const stored: { value: string | undefined } = { value: undefined };
  let mayWait = true;
  const wait = () =>
    waitForTurn(
      leases,
      'k',
      clock,
      10_000,
      async () => {
        log.push('look');
        return stored.value;
      },
      () => mayWait,
    );
  return {
    clock,
    log,
    lease,
    renewals,
    stored,
    wait,
    giveUp: () => {
      mayWait = false;
    },
  };
}

describe('a turn to run a handler for all processes (PROTOCOL 4.12)', () => {
  it('is had at once where nobody has it', async () => {
    const { wait, log, clock } = world();
    const answer = await wait();
    expect([answer.kind, log]).toEqual(['lead', []]);
    if (answer.kind === 'lead') answer.turn?.end('stored');
    expect([log, clock.pendingTimers]).toEqual([['stored'], 0]);
  });

  it('is not needed where what was made last could not be stored', async () => {
    const { wait } = world({ kind: 'open' });
    expect(await wait()).toEqual({ kind: 'lead', turn: undefined });
  });

  it('is spared by what the holder stores meanwhile', async () => {
    const { wait, clock, stored } = world(HELD('a'), HELD('a'));
    const answer = wait();
    await clock.advanceAsync(10);
    stored.value = 'page';
    await clock.advanceAsync(20);
    expect(await answer).toEqual({ kind: 'found', found: 'page' });
  });

  it('reads what has just been stored before it runs anything', async () => {
    const { wait, stored } = world({ kind: 'done' });
    stored.value = 'page';
    expect(await wait()).toEqual({ kind: 'found', found: 'page' });
  });

  it('does not wait for a second holder', async () => {
    const { wait, clock } = world(HELD('a'), HELD('b'));
    const answer = wait();
    await clock.advanceAsync(10);
    expect(await answer).toEqual({ kind: 'lead', turn: undefined });
  });

  it('passes to who waits when its holder has crashed', async () => {
    const { wait, clock } = world(HELD('a'), HELD('a'));
    const answer = wait();
    await clock.advanceAsync(30);
    const got = await answer;
    expect(got.kind === 'lead' && got.turn !== undefined).toBe(true);
    if (got.kind === 'lead') got.turn?.end('stored');
  });

  it('is not waited for once nobody needs the answer', async () => {
    const { wait, clock, giveUp } = world(HELD('a'), HELD('a'));
    const answer = wait();
    giveUp();
    await clock.advanceAsync(10);
    expect(await answer).toEqual({ kind: 'lead', turn: undefined });
  });

  it('is renewed until it ends, and ends once', async () => {
    const { lease, clock, log } = world();
    const turn = new Turn(lease, clock, 500, 10_000);
    await clock.advanceAsync(1_000);
    turn.end('open');
    turn.end('stored');
    await clock.advanceAsync(1_000);
    expect([log, clock.pendingTimers]).toEqual([['renew', 'renew', 'open'], 0]);
  });

  it('is not renewed for longer than anybody waits for a handler', async () => {
    const { lease, clock, log } = world();
    const turn = new Turn(lease, clock, 500, 2_000);
    await clock.advanceAsync(60_000);
    turn.end('stored');
    expect([log, clock.pendingTimers]).toEqual([['renew', 'renew', 'renew', 'stored'], 0]);
  });

  it('is not renewed any more when it has been lost', async () => {
    const { lease, clock, log, renewals } = world();
    renewals.push(false);
    const turn = new Turn(lease, clock, 500, 10_000);
    await clock.advanceAsync(2_000);
    turn.end('stored');
    expect(log).toEqual(['renew', 'stored']);
  });
});
