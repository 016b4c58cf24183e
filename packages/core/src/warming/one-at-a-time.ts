import type { Clock } from '../ports/clock.js';
import type { Lease, Leases } from '../ports/leases.js';
import { ending, pause } from './pace.js';

/** The right to warm under a name. */
export interface Held {
  /** @param isWhole - all that was to be done is done: no other process has to do it again */
  leave(isWhole: boolean): Promise<void>;
}

/** Who asks for that right. */
export interface Entrant {
  /** Warmings of one line of this process go one after the other. */
  readonly line: string;
  /** What other processes know it by. */
  readonly name: string;
  /** Of what it warms. */
  readonly digest: string;
  /** Until another process has ended, and not only until this one has. */
  readonly waits: boolean;
  /** It was asked for by what is warmed, which would wait for itself. */
  readonly isWithin: boolean;
}

/** A name that this process has let go is its own for so long: longer than a store tells others that it is done. */
const OWN_MS = 60_000;

/** Lets one warming of a line run at a time in this process, and one of a name among all that share a store with leases. */
export class OneAtATime {
  readonly #leases: Leases | undefined;
  readonly #clock: Clock;
  readonly #here = new Map<string, Promise<void>>();
  /** Of those that wait in this process: their lines, and what they will warm. */
  readonly #waiting = new Set<string>();
  /** What this process has let go, and when. */
  readonly #own = new Map<string, number>();

  /** @param clock - what leases live by */
  constructor(leases: Leases | undefined, clock: Clock) {
    this.#leases = leases;
    this.#clock = clock;
  }

  /**
   * @param onLost - the right has gone to another process, as where this one stood still for too long
   * @returns `undefined` where another process warms, or has just done so; where one waits in this process that will warm the same;
   * or where the signal has come
   */
  async enter(entrant: Entrant, signal: AbortSignal, onLost: () => void): Promise<Held | undefined> {
    const { line, name, digest, waits, isWithin } = entrant;
    const waiting = `${line}\n${digest}`;
    // One that waits asks for all of it when its turn comes: a timer that is faster than what it begins makes no line of them.
    if (this.#here.has(line) && (isWithin || (!waits && this.#waiting.has(waiting)))) return undefined;
    const gone = ending(signal);
    // No turn of the event loop lies between the look that finds nobody and what takes the place.
    while (this.#here.has(line)) {
      if (signal.aborted) return undefined;
      this.#waiting.add(waiting);
      await Promise.race([this.#here.get(line), gone]);
      this.#waiting.delete(waiting);
    }
    let open: () => void = () => {};
    const over = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#here.set(line, over);
    const leaveHere = (): void => {
      this.#here.delete(line);
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
        if (isWhole && held.lease !== undefined) this.#own.set(held.key, this.#clock.monotonic());
        leaveHere();
      },
    };
  }

  /** Without a lease where the store has none to give: each process warms for itself then. */
  async #take(key: string, waits: boolean, signal: AbortSignal): Promise<Taken | undefined> {
    const leases = this.#leases;
    if (leases === undefined) return { key, lease: undefined };
    while (!signal.aborted) {
      // That it is done is told to others: who asks for it again after himself means it.
      const answer = await leases.take(key, this.#isOwn(key) || waits);
      if (answer.kind === 'mine') return { key, lease: answer.lease };
      if (answer.kind === 'open') return { key, lease: undefined };
      if (!waits) return undefined;
      await pause(this.#clock, leases.renewEveryMs, signal);
    }
    return undefined;
  }

  #isOwn(key: string): boolean {
    const now = this.#clock.monotonic();
    for (const [name, since] of this.#own) if (now - since > OWN_MS) this.#own.delete(name);
    return this.#own.has(key);
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
