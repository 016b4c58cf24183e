import type { Clock, Timer } from '../ports/clock.js';
import type { Lease, LeaseOutcome, Leases } from '../ports/leases.js';

/** How soon whoever waits for another process looks again; it doubles up to the second. */
const FIRST_LOOK_MS = 10;
const LAST_LOOK_MS = 80;

/**
 * A lease while its holder's handler runs: kept alive until the outcome is known, but not for longer than anybody waits for
 * it. A handler that takes this long may never end, and whoever comes then begins anew.
 */
export class Turn {
  readonly #lease: Lease;
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #until: number;
  #timer: Timer | undefined;
  #isOver = false;

  constructor(lease: Lease, clock: Clock, everyMs: number, patienceMs: number) {
    this.#lease = lease;
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#until = clock.monotonic() + patienceMs;
    this.#arm();
  }

  /** The handler's run has come to something, or to nothing. */
  end(outcome: LeaseOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    // Lost on the way, it runs out by itself.
    void this.#lease.release(outcome).catch(() => {});
  }

  #arm(): void {
    if (this.#clock.monotonic() + this.#everyMs >= this.#until) return;
    this.#timer = this.#clock.after(this.#everyMs, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const isHeld = await this.#lease.renew().catch(() => false);
    // Whoever has it now runs as well: that costs a run and no more.
    if (isHeld && !this.#isOver) this.#arm();
  }
}

/** What came of waiting for one's turn. */
export type TurnAnswer<Found> =
  | { readonly kind: 'found'; readonly found: Found }
  /** To lead, with a lease or, having waited for one already, without. */
  | { readonly kind: 'lead'; readonly turn: Turn | undefined };

/**
 * Waits for the turn to run a handler: for one holder at most, then it leads without (PROTOCOL 4.12).
 *
 * @param patienceMs - for how long anybody waits for a handler
 * @param look - reads again what the holder may have stored meanwhile; `undefined` where there is nothing yet
 * @param mayWait - false as soon as nobody needs the answer any more, or it has waited for long enough
 */
export async function waitForTurn<Found>(
  leases: Leases,
  key: string,
  clock: Clock,
  patienceMs: number,
  look: () => Promise<Found | undefined>,
  mayWait: () => boolean,
): Promise<TurnAnswer<Found>> {
  let holder: string | undefined;
  let delayMs = FIRST_LOOK_MS;
  for (;;) {
    const answer = await leases.take(key);
    if (answer.kind === 'mine')
      return { kind: 'lead', turn: new Turn(answer.lease, clock, leases.renewEveryMs, patienceMs) };
    if (answer.kind === 'open') return { kind: 'lead', turn: undefined };
    if (answer.kind === 'held') {
      if (holder !== undefined && holder !== answer.by) return { kind: 'lead', turn: undefined };
      holder = answer.by;
      await pause(clock, delayMs);
      delayMs = Math.min(delayMs * 2, LAST_LOOK_MS);
    }
    const found = await look();
    if (found !== undefined) return { kind: 'found', found };
    if (answer.kind === 'done' || !mayWait()) return { kind: 'lead', turn: undefined };
  }
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}
