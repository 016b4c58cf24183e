import type { Lease, LeaseAnswer, Leases } from '../ports/leases.js';

/**
 * Leases that are given back when their store is closed: nobody else has to wait for a holder that is going away until
 * its lease has run out.
 */
export class HeldLeases implements Leases {
  readonly renewEveryMs: number;
  readonly #leases: Leases;
  readonly #held = new Set<Lease>();
  readonly #asked = new Set<Promise<LeaseAnswer>>();
  #isClosed = false;

  constructor(leases: Leases) {
    this.renewEveryMs = leases.renewEveryMs;
    this.#leases = leases;
  }

  async take(key: string, isPastMark?: boolean): Promise<LeaseAnswer> {
    if (this.#isClosed) return { kind: 'open' };
    const asked = this.#leases.take(key, isPastMark);
    this.#asked.add(asked);
    try {
      const answer = await asked;
      return answer.kind === 'mine' ? { kind: 'mine', lease: this.#hold(answer.lease) } : answer;
    } finally {
      this.#asked.delete(asked);
    }
  }

  /** Gives back all of them, those too that were asked for and come only now. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#asked);
    await Promise.allSettled([...this.#held].map((lease) => lease.release('unused')));
  }

  #hold(lease: Lease): Lease {
    const held: Lease = {
      renew: () => lease.renew(),
      release: async (outcome) => {
        // Only once: `close` may have given it back before its holder does.
        if (this.#held.delete(held)) await lease.release(outcome);
      },
    };
    this.#held.add(held);
    return held;
  }
}
