import type { Scheduler, Steps } from './harness.js';

/** What an exhaustive search has found. */
export interface Explored {
  /** How many different interleavings there are. */
  readonly interleavings: number;
  /** The first violation, with the order of steps that led to it; `undefined` when there is none. */
  readonly violation: string | undefined;
}

/**
 * Runs every interleaving of what `build` spawns, and of what that spawns, each in a world of its own: depth first, by
 * running again from the start with the last choice that can still be made differently.
 *
 * @param build - spawns the actors and returns what to check when all have ended
 */
export async function explore(
  build: (scheduler: Scheduler) => () => readonly string[],
  limit = 1_000_000,
): Promise<Explored> {
  const choices: number[] = [];
  let interleavings = 0;
  for (;;) {
    const { branches, order, violations } = runOnce(build, choices);
    interleavings++;
    // What is merely waited for settles here, or it would pile up.
    if (interleavings % 1_000 === 0) await null;
    if (violations.length > 0) return { interleavings, violation: `${order.join(' → ')}: ${violations.join('; ')}` };
    if (interleavings >= limit) return { interleavings, violation: undefined };
    let last = branches.length - 1;
    while (last >= 0 && (choices[last] ?? 0) + 1 >= (branches[last] ?? 0)) last--;
    if (last < 0) return { interleavings, violation: undefined };
    const next = (choices[last] ?? 0) + 1;
    choices.length = last;
    while (choices.length < last) choices.push(0);
    choices[last] = next;
  }
}

function runOnce(build: (scheduler: Scheduler) => () => readonly string[], choices: number[]) {
  const ready: { label: string; steps: Steps }[] = [];
  const check = build({ spawn: (label, steps) => void ready.push({ label, steps }) });
  const branches: number[] = [];
  const order: string[] = [];
  while (ready.length > 0) {
    // Where only one can go there is nothing to choose.
    const at = ready.length === 1 ? 0 : (choices[branches.length] ?? 0);
    if (ready.length > 1) {
      choices[branches.length] = at;
      branches.push(ready.length);
    }
    const actor = ready[at] as { label: string; steps: Steps };
    order.push(actor.label);
    if (actor.steps.next().done === true) ready.splice(ready.indexOf(actor), 1);
  }
  return { branches, order, violations: check() };
}
