import type { Clock } from '../ports/clock.js';

/** Waits for something, but not longer than this; what becomes of it then is its own affair. */
export function within(work: Promise<unknown>, atMostMs: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(atMostMs, resolve);
    const finish = (): void => {
      timer.cancel();
      resolve();
    };
    work.then(finish, finish);
  });
}
