import type { Clock } from '../ports/clock.js';
import type { Lease, Leases } from '../ports/leases.js';
import { ending, pause } from './pace.js';

/** The right to warm under a name. */
export interface Held {
  /** @param isWhole - all that was to be done is done: nobody has to do it again */
  leave(isWhole: boolean): Promise<void>;
}

/** Lets one warming of a name run at a time: in this process, and among all that share a store with leases. */
export class OneAtATime {
  readonly #leases: Leases | undefined;
  readonly #clock: Clock;
  readonly #here = new Map<string, Promise<void>>();

  /** @param clock - what leases live by */
  constructor(leases: Leases | undefined, clock: Clock) {
    this.#leases = leases;
    this.#clock = clock;
  }

  /**
   * @param waits - until another one has ended
   * @param onLost - the right has gone to another process, as where this one stood still for too long
   * @returns `undefined` where another one runs, or the signal has come
   */
  async enter(name: string, waits: boolean, signal: AbortSignal, onLost: () => void): Promise<Held | undefined> {
    const gone = ending(signal);
    while (this.#here.has(name)) {
      if (!waits || signal.aborted) return undefined;
      await Promise.race([this.#here.get(name), gone]);
    }
    let open: () => void = () => {};
    const over = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#here.set(name, over);
    const leaveHere = (): void => {
      this.#here.delete(name);
      open();
    };
    const held = await this.#take(`!warm ${name}`, waits, signal);
    if (held === undefined) {
      leaveHere();
      return undefined;
    }
    const stop = this.#keep(held, onLost);
    return {
      leave: async (isWhole) => {
        stop();
        await held.lease?.release(isWhole ? 'stored' : 'unused');
        leaveHere();
      },
    };
  }

  /** Without a lease where the store has none to give: each process warms for itself then. */
  async #take(key: string, waits: boolean, signal: AbortSignal): Promise<Taken | undefined> {
    const leases = this.#leases;
    if (leases === undefined) return { key, lease: undefined };
    while (!signal.aborted) {
      const answer = await leases.take(key, waits);
      if (answer.kind === 'mine') return { key, lease: answer.lease };
      if (answer.kind === 'open') return { key, lease: undefined };
      if (!waits) return undefined;
      await pause(this.#clock, leases.renewEveryMs, signal);
    }
    return undefined;
  }

  /** Renews it until what is returned is called. */
  #keep(held: Taken, onLost: () => void): () => void {
    const leases = this.#leases;
    if (leases === undefined) return () => {};
    let isOver = false;
    const renew = async (): Promise<void> => {
      if ((await held.lease?.renew()) !== true) {
        const answer = await leases.take(held.key, true);
        const lease = answer.kind === 'mine' ? answer.lease : undefined;
        if (isOver) await lease?.release('unused');
        else if (answer.kind === 'held') {
          onLost();
          return;
        } else held.lease = lease;
      }
      if (!isOver) timer = this.#clock.after(leases.renewEveryMs, () => void renew());
    };
    let timer = this.#clock.after(leases.renewEveryMs, () => void renew());
    return () => {
      isOver = true;
      timer.cancel();
    };
  }
}

interface Taken {
  readonly key: string;
  lease: Lease | undefined;
}
