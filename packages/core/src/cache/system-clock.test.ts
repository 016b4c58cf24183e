import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { SystemClock } from './system-clock.js';

/** A machine whose two clocks the test moves. */
function machine() {
  const at = { wall: 1_767_000_000_000, steady: 5_000.25 };
  const clock = new SystemClock({ wall: () => Math.floor(at.wall), steady: () => at.steady });
  const start = clock.monotonic();
  return {
    clock,
    run(ms: number) {
      at.wall += ms;
      at.steady += ms;
    },
    suspend(ms: number) {
      at.wall += ms;
    },
    stepWall(ms: number) {
      at.wall += ms;
    },
    elapsed: () => clock.monotonic() - start,
  };
}

describe('SystemClock.monotonic (elapsed = the larger of steady and wall)', () => {
  it('follows the steady clock', () => {
    const { run, elapsed } = machine();
    run(1234);
    expect(elapsed()).toBeCloseTo(1234, 0);
  });

  it('counts time for which the machine was suspended and the steady clock stood still', () => {
    const { run, suspend, elapsed } = machine();
    run(10);
    elapsed();
    suspend(3_600_000);
    run(10);
    expect(Math.abs(elapsed() - 3_600_020)).toBeLessThanOrEqual(5);
  });

  it('never goes back when the wall clock is set back, and counts a suspension after that in full', () => {
    const { run, suspend, stepWall, elapsed } = machine();
    run(1_000);
    const before = elapsed();
    stepWall(-7_200_000);
    expect(elapsed()).toBeGreaterThanOrEqual(before);
    run(1_000);
    expect(Math.abs(elapsed() - 2_000)).toBeLessThanOrEqual(1);
    suspend(1_800_000);
    expect(Math.abs(elapsed() - 1_802_000)).toBeLessThanOrEqual(5);
  });

  it('does not gain on the steady clock by rounding, however often and unevenly it is read', () => {
    const { run, elapsed } = machine();
    let total = 0;
    for (let i = 0; i < 200_000; i++) {
      const ms = ((i * 7) % 11) / 5 + 0.01;
      run(ms);
      total += ms;
      elapsed();
    }
    expect(Math.abs(elapsed() - total)).toBeLessThanOrEqual(6);
  });

  it('counts a wall clock that slowly runs ahead, so that many small suspensions are not lost', () => {
    const { run, suspend, elapsed } = machine();
    for (let i = 0; i < 1_000; i++) {
      run(10);
      suspend(2);
      elapsed();
    }
    expect(Math.abs(elapsed() - 12_000)).toBeLessThanOrEqual(6);
  });

  it('reads the real machine: never back, and about as fast as the wall clock', () => {
    const clock = new SystemClock();
    const [mono, wall] = [clock.monotonic(), clock.now()];
    let last = mono;
    while (clock.now() < wall + 20) {
      const next = clock.monotonic();
      expect(next).toBeGreaterThanOrEqual(last);
      last = next;
    }
    expect(Math.abs(clock.monotonic() - mono - (clock.now() - wall))).toBeLessThan(10);
  });
});

describe('SystemClock.after', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('chains delays that are longer than setTimeout can take', () => {
    jest.useFakeTimers();
    const month = 31 * 86_400_000;
    const run = jest.fn();
    new SystemClock().after(month, run);
    jest.advanceTimersByTime(month - 1);
    expect(run).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('takes a timer back, in every link of a chain', () => {
    jest.useFakeTimers();
    const run = jest.fn();
    const clock = new SystemClock();
    const short = clock.after(10, run);
    const long = clock.after(2 ** 32, run);
    short.cancel();
    jest.advanceTimersByTime(2 ** 31 + 5);
    long.cancel();
    long.cancel();
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(2 ** 33);
    expect(run).not.toHaveBeenCalled();
  });

  it('sets no timer for an infinite delay', () => {
    jest.useFakeTimers();
    new SystemClock().after(Number.POSITIVE_INFINITY, () => {}).cancel();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('runs what is to wait for nothing once others had their turn, and takes it back', async () => {
    const clock = new SystemClock();
    const order: string[] = [];
    clock.after(0, () => order.push('waits for nothing'));
    clock.after(-1, () => order.push('never runs')).cancel();
    order.push('this turn');
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual(['this turn', 'waits for nothing']);
  });

  it('does not keep the process alive', () => {
    const timeout = jest.spyOn(globalThis, 'setTimeout');
    const timer = new SystemClock().after(60_000, () => {});
    const handle = timeout.mock.results[0]?.value as NodeJS.Timeout | undefined;
    expect(handle?.hasRef()).toBe(false);
    timer.cancel();
    timeout.mockRestore();
  });

  it('runs outside the request that set it', async () => {
    const request = new AsyncLocalStorage<string>();
    const seen = await request.run(
      'a request',
      () =>
        new Promise((resolve) => {
          // The timer alone would not keep the test running.
          const alive = setInterval(() => {}, 1_000);
          new SystemClock().after(1, () => {
            clearInterval(alive);
            resolve(request.getStore());
          });
        }),
    );
    expect(seen).toBeUndefined();
  });
});

describe('SystemClock.recent', () => {
  afterEach(() => void jest.useRealTimers());

  it('is what monotonic said, until a millisecond is over and the loop has turned', () => {
    jest.useFakeTimers();
    const { clock, run } = machine();
    for (let turn = 0; turn < 3; turn++) {
      const read = clock.recent();
      expect(read).toBe(clock.monotonic());
      run(500);
      expect(clock.recent()).toBe(read);
      jest.advanceTimersByTime(1);
      expect(clock.recent()).toBeCloseTo(read + 500, 0);
      jest.advanceTimersByTime(1);
    }
  });

  it('goes on in a turn that does not end, too', () => {
    jest.useFakeTimers();
    const { clock, run } = machine();
    const read = clock.recent();
    run(500);
    for (let i = 0; i < 40; i++) clock.recent();
    expect(clock.recent()).toBeCloseTo(read + 500, 0);
  });

  it('never goes back behind what monotonic has said meanwhile', () => {
    jest.useFakeTimers();
    const { clock, run } = machine();
    clock.recent();
    run(500);
    const read = clock.monotonic();
    expect(clock.recent()).toBe(read);
  });

  it('keeps no context of a request alive', () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const set = jest.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void) => {
      seen.push(storage.getStore());
      return { unref: () => ({ refresh: run }) };
    }) as unknown as typeof setTimeout);
    storage.run('request', () => new SystemClock().recent());
    set.mockRestore();
    expect(seen).toEqual([undefined]);
  });
});
