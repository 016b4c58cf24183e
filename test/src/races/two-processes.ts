import type { FakeClock } from '@viewcache/core/testing';
import fc from 'fast-check';
import { type Write, write } from './by-chance.js';
import { type HandlerPlan, LAG, type Outcome, once, type Scheduler, type World } from './harness.js';

type Process = 0 | 1;

/** What two processes over one store are put through. */
export interface Traffic {
  readonly requests: readonly (HandlerPlan & { readonly process: Process })[];
  readonly writes: readonly (Write & { readonly process: Process })[];
  /** Time passes, so long that neither process may believe its own memory any more. */
  readonly ticks: number;
}

const either = fc.constantFrom<Process>(0, 1);

/** Traffic with handlers that end so. */
export const traffic = (outcome: fc.Arbitrary<Outcome>, most: { requests: number; writes: number }) => ({
  requests: fc.array(
    fc.record({ process: either, declares: fc.constantFrom('before' as const, 'after' as const), outcome }),
    {
      minLength: 2,
      maxLength: most.requests,
    },
  ),
  writes: fc.array(fc.record({ ...write, process: either }), { minLength: 1, maxLength: most.writes }),
  ticks: fc.nat(2),
});

/** Sends traffic to two processes: the scheduler decides on the order. */
export function send(
  { requests, writes, ticks }: Traffic,
  worlds: readonly [World, World],
  scheduler: Scheduler,
  clock: FakeClock,
): void {
  for (const [i, request] of requests.entries()) {
    const name = `request ${i} to ${request.process}`;
    scheduler.spawn(
      name,
      once(() => void worlds[request.process].request(request, name)),
    );
  }
  for (const [i, { row, target, mode, process }] of writes.entries())
    scheduler.spawn(`writer ${i} in ${process}`, worlds[process].write(row, target, mode));
  for (let i = 0; i < ticks; i++)
    scheduler.spawn(
      'time passes',
      once(() => clock.advance(LAG + 1)),
    );
}

/** What must hold when it is quiet: no wrong answer was given, and the last who came found what was stored. */
export const outcomeOf = (worlds: readonly [World, World]) => ({
  violations: worlds.flatMap((world) => world.settle()),
  last: worlds.map((world) => world.visitors.at(-1)?.how),
});
/** The outcome that is right. */
export const QUIET = { violations: [], last: ['hit', 'hit'] };
