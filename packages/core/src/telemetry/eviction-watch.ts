import type { EventSink, PolicySwitch } from '../ports/event-sink.js';

/** How values are chosen that leave memory for space. */
export interface EvictionStats {
  /** The policy that was asked for. */
  readonly policy: string;
  /** The one that decides now: with `auto` the one it has chosen; `lru`, where one of the user's own has failed. */
  readonly current: string;
  /** What each candidate of `auto` would answer of what is asked for, 0 to 1; empty until that is known, and for other policies. */
  readonly hitRatios: Readonly<Record<string, number>>;
  /** How often another policy has taken over. */
  readonly switches: number;
  readonly lastSwitch: (PolicySwitch & { readonly at: number }) | undefined;
}

/** What {@link EvictionWatch} asks of a policy. */
interface Watched {
  readonly name: string;
  readonly current?: string;
  readonly hitRatios?: Readonly<Record<string, number>>;
}

/** Counts and tells when another policy takes over, and knows which one decides. */
export class EvictionWatch {
  readonly #sink: Pick<EventSink, 'emit'>;
  readonly #now: () => number;
  #policy: Watched | undefined;
  #switches = 0;
  #lastSwitch: EvictionStats['lastSwitch'];

  /** @param now - milliseconds since the epoch */
  constructor(sink: Pick<EventSink, 'emit'>, now: () => number) {
    this.#sink = sink;
    this.#now = now;
  }

  watch(policy: Watched): void {
    this.#policy = policy;
  }

  switched(change: PolicySwitch): void {
    this.#switches++;
    this.#lastSwitch = { ...change, at: this.#now() };
    this.#sink.emit({ type: 'policy-switched', ...change });
  }

  /** `undefined` where there is no policy. */
  read(): EvictionStats | undefined {
    const policy = this.#policy;
    if (policy === undefined) return undefined;
    const { name, current = name, hitRatios = {} } = policy;
    return { policy: name, current, hitRatios, switches: this.#switches, lastSwitch: this.#lastSwitch };
  }
}
