import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../testing/fake-clock.js';
import { MemoryStore } from './memory.js';

describe('MemoryStore under a clock that is set forward', () => {
  it('drops what has expired with the next value that is stored, and waits for no timer of before', () => {
    const clock = new FakeClock();
    let ahead = 0;
    // Timers go on as they were set.
    const jumping = {
      now: () => clock.now() + ahead,
      monotonic: () => clock.monotonic() + ahead,
      after: (delayMs: number, run: () => void) => clock.after(delayMs, run),
    };
    const store = new MemoryStore<string>({ clock: jumping });
    for (const key of ['a', 'b']) store.set(key, key, 1, 600_000);
    ahead = 3_600_000;
    store.set('c', 'c', 1, 600_000);
    clock.advance(1);
    expect([...store.keys()]).toEqual(['c']);
  });
});
