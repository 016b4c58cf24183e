import { describe, expect, it } from '@jest/globals';
import { ALL_TAG } from '../invalidation/tags.js';
import { FakeClock } from '../testing/fake-clock.js';
import { HeldInvalidations } from './held-invalidations.js';

function setup(answers: boolean[] = []) {
  const clock = new FakeClock();
  const sent: (readonly string[])[] = [];
  const held = new HeldInvalidations(async (tags) => {
    sent.push(tags);
    return answers.shift() ?? true;
  }, clock);
  return { clock, sent, held };
}
const settle = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

describe('an invalidation with a hold (PROTOCOL 4.6)', () => {
  it('is done again once the time is over, never earlier, and once', async () => {
    const { clock, sent, held } = setup();
    held.hold(['a', 'b'], 2_000);
    clock.advance(1_999);
    expect(sent).toEqual([]);
    clock.advance(60);
    expect(sent).toEqual([['a', 'b']]);
    await settle();
    clock.advance(60_000);
    expect(sent).toHaveLength(1);
  });

  it('goes with others that are due at about the same time', () => {
    const { clock, sent, held } = setup();
    held.hold(['a'], 1_010);
    held.hold(['a', 'b'], 1_030);
    held.hold(['c'], 3_000);
    clock.advance(1_060);
    expect(sent).toEqual([['a', 'b']]);
  });

  it('is tried until the store has heard of it', async () => {
    const { clock, sent, held } = setup([false, false, true]);
    held.hold(['a'], 100);
    for (const ms of [100, 250, 500, 1_000, 2_000]) {
      clock.advance(ms + 50);
      await settle();
    }
    expect(sent).toEqual([['a'], ['a'], ['a']]);
  });

  it('becomes one of everything where too much waits', () => {
    const { clock, sent, held } = setup();
    for (let i = 0; i < 101; i++)
      held.hold(
        Array.from({ length: 1_000 }, (_, j) => `${i} ${j}`),
        1_000 + i * 100,
      );
    clock.advance(20_000);
    expect(sent.at(-1)).toEqual([ALL_TAG]);
  });

  it('is forgotten when the store is closed', () => {
    const { clock, sent, held } = setup();
    held.hold(['a'], 100);
    held.close();
    held.hold(['b'], 100);
    clock.advance(1_000);
    expect(sent).toEqual([]);
  });
});
