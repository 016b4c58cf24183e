import { describe, expect, it } from '@jest/globals';
import type { LeaseAnswer, Leases } from '../ports/leases.js';
import { FakeClock } from '../testing/fake-clock.js';
import { OneAtATime } from './one-at-a-time.js';

/** A store that grants what it is told to. */
class Store implements Leases {
  readonly renewEveryMs = 700;
  readonly asked: (boolean | undefined)[] = [];
  readonly released: string[] = [];
  answer: Exclude<LeaseAnswer['kind'], 'held'> | 'held' = 'mine';
  isRenewed = true;

  async take(_key: string, isPastMark?: boolean): Promise<LeaseAnswer> {
    this.asked.push(isPastMark);
    if (this.answer === 'held') return { kind: 'held', by: 'somebody' };
    if (this.answer !== 'mine') return { kind: this.answer };
    return {
      kind: 'mine',
      lease: { renew: async () => this.isRenewed, release: async (outcome) => void this.released.push(outcome) },
    };
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function make() {
  const clock = new FakeClock();
  const store = new Store();
  const stop = new AbortController();
  return { clock, store, stop, turns: new OneAtATime(store, clock), lost: [] as string[] };
}

describe('the right to warm', () => {
  it('is kept while it is renewed, and given back', async () => {
    const { clock, store, stop, turns, lost } = make();
    const held = await turns.enter('urls', false, stop.signal, () => lost.push('lost'));
    for (let i = 0; i < 5; i++) {
      clock.advance(700);
      await settled();
    }
    expect({ asked: store.asked, lost }).toEqual({ asked: [false], lost: [] });
    await held?.leave(true);
    clock.advance('1m');
    await settled();
    expect(store.released).toEqual(['stored']);
  });

  it('is told to be lost where another one has it', async () => {
    const { clock, store, stop, turns, lost } = make();
    const held = await turns.enter('urls', false, stop.signal, () => lost.push('lost'));
    Object.assign(store, { isRenewed: false, answer: 'held' });
    clock.advance(700);
    await settled();
    expect(lost).toEqual(['lost']);
    await held?.leave(false);
  });

  it.each(['mine', 'open'] as const)('is not lost where the store has forgotten it, or is away: %s', async (answer) => {
    const { clock, store, stop, turns, lost } = make();
    const held = await turns.enter('urls', false, stop.signal, () => lost.push('lost'));
    Object.assign(store, { isRenewed: false, answer });
    for (let i = 0; i < 3; i++) {
      clock.advance(700);
      await settled();
    }
    expect(lost).toEqual([]);
    await held?.leave(false);
  });

  it.each(['held', 'done'] as const)('is nobody else’s: %s', async (answer) => {
    const { store, stop, turns } = make();
    store.answer = answer;
    expect(await turns.enter('urls', false, stop.signal, () => {})).toBeUndefined();
    store.answer = 'mine';
    expect(await turns.enter('urls', false, stop.signal, () => {})).toBeDefined();
  });

  it('comes to who waits, unless he is told to stop', async () => {
    const { clock, store, stop, turns } = make();
    store.answer = 'held';
    const waiting = turns.enter('urls', true, stop.signal, () => {});
    await settled();
    store.answer = 'mine';
    clock.advance(700);
    const held = await waiting;
    expect(held).toBeDefined();
    const next = turns.enter('urls', true, stop.signal, () => {});
    stop.abort();
    expect(await next).toBeUndefined();
    await held?.leave(true);
    expect(store.asked).toEqual([true, true]);
  });
});
