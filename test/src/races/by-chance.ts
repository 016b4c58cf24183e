import fc from 'fast-check';
import { ROWS, type Row, type Scheduler, TARGETS } from './harness.js';

/** Lets fast-check decide who goes next, step by step. */
export function under(scheduler: fc.Scheduler): Scheduler {
  return {
    spawn(label, steps) {
      void (async () => {
        do await scheduler.schedule(Promise.resolve(), label);
        while (steps.next().done !== true);
      })();
    },
  };
}

/** A row that changes, and by which of its names it is invalidated. */
export interface Write {
  readonly row: Row;
  readonly target: number;
  readonly mode: 'soft' | 'hard';
}

export const write = {
  row: fc.constantFrom(...ROWS),
  target: fc.nat(TARGETS - 1),
  mode: fc.constantFrom('soft' as const, 'hard' as const),
};
