import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../testing/fake-clock.js';
import { Flight, type Visitor, type Waiter } from './flight.js';

function waiter(name: string, joinedAt: number, isGone = false): Waiter {
  return { visitor: { name, isGone } as unknown as Visitor, joinedAt, isEarly: false };
}
const namesOf = (waiters: readonly Waiter[]) =>
  waiters.map(({ visitor }) => (visitor as unknown as { name: string }).name);

describe('Flight.watch', () => {
  it('lets each visitor go when it has waited its time, with one timer for all', () => {
    const clock = new FakeClock();
    const flight = new Flight('k');
    const late: string[][] = [];
    const join = (name: string) => {
      flight.waiters.push(waiter(name, clock.monotonic()));
      flight.watch(clock, 1_000, (waiters) => late.push(namesOf(waiters)));
    };
    join('a');
    clock.advance(400);
    join('b');
    join('c');
    expect(clock.pendingTimers).toBe(1);
    clock.advance(599);
    expect(late).toEqual([]);
    clock.advance(1);
    expect(late).toEqual([['a']]);
    expect(namesOf(flight.waiters)).toEqual(['b', 'c']);
    clock.advance(400);
    expect(late).toEqual([['a'], ['b', 'c']]);
    expect([flight.waiters.length, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('sets no timer where nobody waits', () => {
    const clock = new FakeClock();
    new Flight('k').watch(clock, 1_000, () => {});
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes on watching those who joined while it let others go', () => {
    const clock = new FakeClock();
    const flight = new Flight('k');
    const late: string[] = [];
    flight.waiters.push(waiter('a', clock.monotonic()));
    flight.watch(clock, 1_000, (waiters) => {
      late.push(...namesOf(waiters));
      if (late.length === 1) flight.waiters.push(waiter('b', clock.monotonic()));
    });
    clock.advance(1_000);
    expect([late, clock.nextTimerIn]).toEqual([['a'], 1_000]);
    clock.advance(1_000);
    expect(late).toEqual(['a', 'b']);
  });
});

describe('Flight.takeWaiters', () => {
  it('leaves neither waiter nor timer, and can be watched again', () => {
    const clock = new FakeClock();
    const flight = new Flight('k');
    flight.waiters.push(waiter('a', clock.monotonic()));
    flight.watch(clock, 1_000, () => {});
    expect(namesOf(flight.takeWaiters())).toEqual(['a']);
    expect([flight.waiters.length, clock.pendingTimers]).toEqual([0, 0]);
    flight.waiters.push(waiter('b', clock.monotonic()));
    flight.watch(clock, 1_000, () => {});
    expect(clock.pendingTimers).toBe(1);
  });
});

describe('Flight.dropGone', () => {
  it('forgets those whose client has gone, and says whether there were any', () => {
    const flight = new Flight('k');
    flight.waiters.push(waiter('a', 0), waiter('b', 0, true), waiter('c', 0));
    expect([flight.dropGone(), namesOf(flight.waiters)]).toEqual([true, ['a', 'c']]);
    expect(flight.dropGone()).toBe(false);
  });
});
