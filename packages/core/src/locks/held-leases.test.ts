import { describe, expect, it } from '@jest/globals';
import type { LeaseAnswer, Leases } from '../ports/leases.js';
import { HeldLeases } from './held-leases.js';

/** Leases of a store that answers when the test lets it, and what became of them. */
function world() {
  const log: string[] = [];
  let answer = (): void => {};
  const leases: Leases = {
    renewEveryMs: 700,
    take: (key) =>
      new Promise<LeaseAnswer>((resolve) => {
        const release = async (outcome: string): Promise<void> => void log.push(`${key} ${outcome}`);
        answer = () => resolve({ kind: 'mine', lease: { renew: async () => true, release } });
      }),
  };
  const held = new HeldLeases(leases);
  const take = async (key: string): Promise<LeaseAnswer> => {
    const taken = held.take(key);
    answer();
    return await taken;
  };
  return { log, held, take, answer: () => answer() };
}

describe('the leases of a store that is closed', () => {
  it('are given back, each once', async () => {
    const { log, held, take } = world();
    const [one, other] = [await take('one'), await take('other')];
    if (one.kind !== 'mine' || other.kind !== 'mine') throw new Error('no lease');
    await one.lease.release('stored');
    await held.close();
    await other.lease.release('open');
    expect(log).toEqual(['one stored', 'other unused']);
  });

  it('are so too where they were asked for, and come only now', async () => {
    const { log, held, answer } = world();
    const taken = held.take('late');
    const closed = held.close();
    answer();
    await Promise.all([taken, closed]);
    expect(log).toEqual(['late unused']);
  });

  it('are asked for no more', async () => {
    const { held } = world();
    await held.close();
    expect(await held.take('k')).toEqual({ kind: 'open' });
  });
});
