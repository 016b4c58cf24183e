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

const urls = { line: 'urls', name: 'urls:1', digest: '1', waits: false, isWithin: false };
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
    const held = await turns.enter(urls, stop.signal, () => lost.push('lost'));
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
    const held = await turns.enter(urls, stop.signal, () => lost.push('lost'));
    Object.assign(store, { isRenewed: false, answer: 'held' });
    clock.advance(700);
    await settled();
    expect(lost).toEqual(['lost']);
    await held?.leave(false);
  });

  it.each(['mine', 'open'] as const)('is not lost where the store has forgotten it, or is away: %s', async (answer) => {
    const { clock, store, stop, turns, lost } = make();
    const held = await turns.enter(urls, stop.signal, () => lost.push('lost'));
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
    expect(await turns.enter(urls, stop.signal, () => {})).toBeUndefined();
    store.answer = 'mine';
    expect(await turns.enter(urls, stop.signal, () => {})).toBeDefined();
  });

  it('comes to who waits, unless he is told to stop', async () => {
    const { clock, store, stop, turns } = make();
    store.answer = 'held';
    const waiting = turns.enter({ ...urls, waits: true }, stop.signal, () => {});
    await settled();
    store.answer = 'mine';
    clock.advance(700);
    const held = await waiting;
    expect(held).toBeDefined();
    const next = turns.enter({ ...urls, waits: true }, stop.signal, () => {});
    stop.abort();
    expect(await next).toBeUndefined();
    await held?.leave(true);
    expect(store.asked).toEqual([true, true]);
  });

  it('is not kept from this process by what it has just done itself', async () => {
    const { clock, store, stop, turns } = make();
    const enter = async (name: string) => await turns.enter({ ...urls, name }, stop.signal, () => {});
    await (await enter('urls:1'))?.leave(true);
    await (await enter('urls:1'))?.leave(false);
    await (await enter('urls:2'))?.leave(true);
    clock.advance('2m');
    await (await enter('urls:1'))?.leave(true);
    expect(store.asked).toEqual([false, true, false, false]);
  });

  it('comes to one after the other in this process, and to none in vain', async () => {
    const { stop, turns } = make();
    const enter = (digest: string) => turns.enter({ ...urls, digest, name: digest }, stop.signal, () => {});
    const first = await enter('1');
    const order: string[] = [];
    const begun = ['2', '3', '1'].map(async (digest) => {
      const held = await enter(digest);
      order.push(digest);
      await held?.leave(true);
      return held;
    });
    await settled();
    // One that waits will do the same.
    expect(await enter('3')).toBeUndefined();
    expect(order).toEqual([]);
    await first?.leave(true);
    expect(await Promise.all(begun)).not.toContain(undefined);
    expect(order).toEqual(['2', '3', '1']);
  });

  it('is never waited for by what is done under it', async () => {
    const { stop, turns } = make();
    const held = await turns.enter(urls, stop.signal, () => {});
    const within = { ...urls, digest: '2', waits: true, isWithin: true };
    expect(await turns.enter(within, stop.signal, () => {})).toBeUndefined();
    await held?.leave(true);
  });
});
