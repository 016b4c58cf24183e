import { hashKey } from '../eviction/hash.js';
import type { Refusal, RouteCounters } from '../ports/event-sink.js';
import type { EarlyEnd } from './findings.js';
import { KeySample } from './key-sample.js';
import { type KeyKind, kindOfKey } from './shown-keys.js';

/** What is counted of a route beside its {@link RouteCounters}: of things that cost more than a hit. */
type Notes = Record<EarlyEnd, number> & {
  /** Runs of the handler that were stored, and what they took. */
  runs: number;
  runMs: number;
  /** Of these, as a {@link KeySample} has it. */
  new: number;
  again: number;
  /** Of those again, what had left for space meanwhile. */
  returned: number;
  /** Answers of a shared store, and how long they were waited for. */
  lookups: number;
  lookupMs: number;
  /** Of what was invalidated, what was so before it was even stored. */
  meanwhile: number;
};

/** What a route came to in the last one or two windows. */
export interface RouteFigures extends Readonly<RouteCounters & Notes> {
  readonly route: string;
  /** What was asked for last. */
  readonly kind: KeyKind;
  /** The most frequent first. */
  readonly refusals: readonly (readonly [reason: string, times: number])[];
  /** The last keys that were stored. */
  readonly examples: readonly string[];
}

/** Refusals that say nothing of a route: the client has gone, others were faster, or the store stores nothing. */
const PASSING: ReadonlySet<Refusal> = new Set(['aborted', 'overtaken', 'key-changed', 'stale-part', 'null-store']);
const EXAMPLES = 3;
/** Longer keys are no examples: a client chooses how long one is. */
const LONGEST = 2_000;

/** One route in two windows: the one that is open, and the one before it. */
export class RouteWatch {
  /** How often a value that never ends was stored without a tag, since the cache was made. */
  endless = 0;
  readonly notes: Notes = {
    ...{ runs: 0, runMs: 0, new: 0, again: 0, returned: 0, lookups: 0, lookupMs: 0 },
    ...{ invalidated: 0, expired: 0, evicted: 0, meanwhile: 0 },
  };
  readonly #refusals: Record<string, number> = {};
  readonly #route: string;
  readonly #counters: RouteCounters;
  readonly #examples = new Set<string>();
  #kind: KeyKind = 'view';
  #keys = new KeySample();
  /** What had been counted when each window began. */
  #began: readonly [before: Mark, open: Mark];

  constructor(route: string, counters: RouteCounters) {
    this.#route = route;
    this.#counters = counters;
    this.#began = [this.#mark(), this.#mark()];
  }

  roll(): void {
    this.#began = [this.#began[1], this.#mark()];
    this.#keys = new KeySample(this.#keys);
  }

  made(key: string, producerMs: number): void {
    const { notes } = this;
    notes.runs++;
    notes.runMs += producerMs;
    this.#kind = kindOfKey(key);
    this.#keys.note(hashKey(key), notes);
    if (key.length > LONGEST) return;
    this.#examples.add(key);
    for (const oldest of this.#examples) if (this.#examples.size > EXAMPLES) this.#examples.delete(oldest);
  }

  /** It has left for space, and would have answered the next one who asks. */
  evicted(key: string): void {
    this.#keys.left(hashKey(key));
  }

  refused(reason: Refusal, key: string): void {
    this.#kind = kindOfKey(key);
    if (reason === 'invalidated') {
      this.notes.invalidated++;
      this.notes.meanwhile++;
    } else if (!PASSING.has(reason)) this.#refusals[reason] = (this.#refusals[reason] ?? 0) + 1;
  }

  /** How much is held of keys, for tests of boundedness. */
  get size(): { readonly hashes: number; readonly characters: number } {
    return { hashes: this.#keys.size, characters: [...this.#examples].join('').length };
  }

  /** Requests since the cache was made. */
  get total(): number {
    const { hits, collapsed, misses } = this.#counters;
    return hits + collapsed + misses;
  }

  read(): RouteFigures {
    const [before] = this.#began;
    const { counts, refusals } = this.#mark();
    return {
      ...(Object.fromEntries(since(counts, before.counts)) as unknown as RouteCounters & Notes),
      route: this.#route,
      kind: this.#kind,
      refusals: since(refusals, before.refusals)
        .filter(([, times]) => times > 0)
        .sort(([, a], [, b]) => b - a),
      examples: [...this.#examples],
    };
  }

  #mark(): Mark {
    return { counts: { ...this.#counters, ...this.notes }, refusals: { ...this.#refusals } };
  }
}

type Counts = Readonly<Record<string, number>>;
interface Mark {
  readonly counts: Counts;
  readonly refusals: Counts;
}

function since(now: Counts, then: Counts): (readonly [name: string, count: number])[] {
  return Object.entries(now).map(([name, count]) => [name, count - (then[name] ?? 0)]);
}
