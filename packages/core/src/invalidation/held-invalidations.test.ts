import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../testing/fake-clock.js';
import { HeldInvalidations } from './held-invalidations.js';
import { ALL_TAG } from './tags.js';

function setup() {
  const clock = new FakeClock();
  const sent: (readonly string[])[] = [];
  const held = new HeldInvalidations((tags, mode) => sent.push([mode, ...tags]), clock);
  return { clock, sent, held };
}

describe('an invalidation with a hold (PROTOCOL 4.6)', () => {
  it('is done again once the time is over, never earlier, and once', () => {
    const { clock, sent, held } = setup();
    held.hold(['a', 'b'], 'soft', 2_000);
    clock.advance(1_999);
    expect(sent).toEqual([]);
    clock.advance(60);
    expect(sent).toEqual([['soft', 'a', 'b']]);
    clock.advance(60_000);
    expect(sent).toHaveLength(1);
  });

  it('goes with others that are due at about the same time, purges with purges', () => {
    const { clock, sent, held } = setup();
    held.hold(['a'], 'soft', 1_010);
    held.hold(['a', 'b'], 'soft', 1_030);
    held.hold(['b'], 'hard', 1_020);
    held.hold(['c'], 'soft', 3_000);
    clock.advance(1_060);
    expect(sent).toEqual([
      ['hard', 'b'],
      ['soft', 'a', 'b'],
    ]);
  });

  it('becomes one of everything where too much waits, and no longer when that is done', () => {
    const { clock, sent, held } = setup();
    const thousand = (i: number): string[] => Array.from({ length: 1_000 }, (_, j) => `${i} ${j}`);
    for (let i = 0; i < 101; i++) held.hold(thousand(i), 'soft', 1_000 + i * 100);
    clock.advance(20_000);
    expect(sent.at(-1)).toEqual(['soft', ALL_TAG]);
    held.hold(thousand(1), 'soft', 1_000);
    clock.advance(2_000);
    expect(sent.at(-1)).toHaveLength(1_001);
  });

  it('is forgotten when the cache is closed', () => {
    const { clock, sent, held } = setup();
    held.hold(['a'], 'soft', 100);
    held.close();
    held.hold(['b'], 'soft', 100);
    clock.advance(1_000);
    expect(sent).toEqual([]);
  });
});
