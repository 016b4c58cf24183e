import { describe, expect, it } from '@jest/globals';
import { Quiet } from './quiet.js';

describe('what is told once a second', () => {
  function world() {
    const clock = { now: 1_000 };
    return { clock, quiet: new Quiet(() => clock.now) };
  }

  it('is told at first, and then with the number of those that were not', () => {
    const { clock, quiet } = world();
    const told = [quiet.admit('a'), quiet.admit('a'), quiet.admit('a')];
    clock.now += 999;
    told.push(quiet.admit('a'));
    clock.now += 1;
    told.push(quiet.admit('a'), quiet.admit('a'));
    expect(told).toEqual([0, undefined, undefined, undefined, 3, undefined]);
  });

  it('is so for each kind, and for all beyond a hundred together', () => {
    const { quiet } = world();
    for (let i = 0; i < 100; i++) expect(quiet.admit(String(i))).toBe(0);
    expect([quiet.admit('x'), quiet.admit('y'), quiet.admit('0')]).toEqual([0, undefined, undefined]);
  });

  it('is not kept back by a clock that was set back', () => {
    const { clock, quiet } = world();
    quiet.admit('a');
    clock.now -= 3_600_000;
    expect(quiet.admit('a')).toBe(0);
  });
});
