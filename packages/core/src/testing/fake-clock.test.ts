import { describe, expect, it } from '@jest/globals';
import { FakeClock } from './fake-clock.js';

describe('FakeClock', () => {
  it('stands still until it is advanced', () => {
    const clock = new FakeClock(5_000);
    const monotonic = clock.monotonic();
    expect(clock.now()).toBe(5_000);
    clock.advance(250);
    expect(clock.now()).toBe(5_250);
    expect(clock.monotonic()).toBe(monotonic + 250);
  });

  it('runs due timers in order of time, then in the order they were set, each at its own moment', () => {
    const clock = new FakeClock(0);
    const log: string[] = [];
    for (const [delay, name] of [
      [30, 'c'],
      [10, 'a'],
      [30, 'd'],
      [20, 'b'],
      [41, 'late'],
    ] as const)
      clock.after(delay, () => log.push(`${name}@${clock.now()}`));
    clock.advance(40);
    expect(log).toEqual(['a@10', 'b@20', 'c@30', 'd@30']);
    expect(clock.now()).toBe(40);
    expect(clock.pendingTimers).toBe(1);
    expect(clock.nextTimerIn).toBe(1);
  });

  it('runs timers that timers set, when they fall due within the advance', () => {
    const clock = new FakeClock(0);
    const log: number[] = [];
    const again = (): void => {
      log.push(clock.now());
      clock.after(10, again);
    };
    clock.after(10, again);
    clock.advance(35);
    expect(log).toEqual([10, 20, 30]);
    expect(clock.pendingTimers).toBe(1);
  });

  it('never runs a cancelled timer, even one cancelled by another of the same moment', () => {
    const clock = new FakeClock();
    const log: string[] = [];
    clock.after(10, () => {
      log.push('first');
      second.cancel();
    });
    const second = clock.after(10, () => log.push('second'));
    const done = clock.after(5, () => log.push('zero'));
    clock.advance(20);
    done.cancel();
    expect(log).toEqual(['zero', 'first']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('takes at least 1 ms for a timer, as setTimeout does', () => {
    const clock = new FakeClock();
    let turns = 0;
    const spin = (): void => {
      turns++;
      clock.after(0, spin);
    };
    clock.after(-1, spin);
    clock.advance(0);
    expect(turns).toBe(0);
    clock.advance(3);
    expect(turns).toBe(3);
  });

  it('keeps to whole milliseconds, whatever fractions timers were set by', () => {
    const clock = new FakeClock();
    const monotonic = clock.monotonic();
    const again = (): void => void clock.after(0.1 + Math.PI, again);
    again();
    clock.advance(300_000);
    expect(clock.monotonic()).toBe(monotonic + 300_000);
    expect(clock.nextTimerIn % 1).toBe(0);
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, '-1s', '5 apples', undefined as never])(
    'does not advance by %p',
    async (time) => {
      const clock = new FakeClock(0);
      expect(() => clock.advance(time)).toThrow('FakeClock.advance');
      await expect(clock.advanceAsync(time)).rejects.toThrow('FakeClock.advance');
      expect(clock.now()).toBe(0);
    },
  );

  it('says of a number in quotes that it would be milliseconds', () => {
    expect(() => new FakeClock().advance('5')).toThrow("did you mean 5 or '5ms'?");
  });

  it('keeps no timer for an infinite delay', () => {
    const clock = new FakeClock();
    clock.after(Number.POSITIVE_INFINITY, () => {}).cancel();
    expect(clock.pendingTimers).toBe(0);
    expect(clock.nextTimerIn).toBe(Number.POSITIVE_INFINITY);
  });

  it('lets a timer advance the clock itself', () => {
    const clock = new FakeClock(0);
    clock.after(10, () => clock.advance(100));
    clock.advance(20);
    expect(clock.now()).toBe(110);
  });

  it('counts a forward step of the wall clock as elapsed time, and a step back as none; neither fires a timer', () => {
    const clock = new FakeClock(100_000);
    const monotonic = clock.monotonic();
    let fired = 0;
    clock.after(1_000, () => fired++);
    clock.stepWallClock(60_000);
    expect([clock.now(), clock.monotonic() - monotonic]).toEqual([160_000, 60_000]);
    clock.stepWallClock(-90_000);
    expect([clock.now(), clock.monotonic() - monotonic]).toEqual([70_000, 60_000]);
    expect(fired).toBe(0);
    clock.advance(1_000);
    expect(fired).toBe(1);
  });

  it('advanceAsync lets a promise that one timer resolved set the next', async () => {
    const clock = new FakeClock(0);
    const sleep = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
    const log: number[] = [];
    const work = (async () => {
      await sleep(10);
      log.push(clock.now());
      await sleep(10);
      log.push(clock.now());
    })();
    await clock.advanceAsync(25);
    expect(log).toEqual([10, 20]);
    expect(clock.now()).toBe(25);
    await work;
  });
});
