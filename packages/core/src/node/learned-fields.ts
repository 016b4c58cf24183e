import type { InputRules } from '../config/input-options.js';
import type { Lead } from '../engine/lead.js';
import type { RouteCounters } from '../ports/event-sink.js';
import { fieldAction } from './field-inputs.js';

/** Fields a route may learn to select by; whoever reads more wants a key. */
const PER_ROUTE = 4;
/** Values of a field that nobody knows to be a small enumeration, for each URL. */
const VALUES = 8;
/** How often a route is looked at, in misses that it has learned fields for. */
const WINDOW = 64;
/** What a field has to bring in, once it has as many values as it may. */
const LEAST_RATIO = 0.25;
const BARRED_MS = 10 * 60_000;
/** Routes that are looked after; further ones share one account. */
const ROUTES = 200;
const OTHER = '(other)';

/** What a route has learned so far. */
interface Account {
  readonly names: Set<string>;
  /** Until when a field keeps responses from being stored. */
  readonly barred: Map<string, number>;
  /** Fields with as many values as they may have. */
  readonly full: Set<string>;
  misses: number;
  hitsBefore: number;
}

/** What came of weighing the fields that a handler has read. */
export interface Weighed {
  /** The field that keeps the response from being stored. */
  readonly refused: string | undefined;
  /** A field that does so from now on, for a while. */
  readonly barred: string | undefined;
}

const NOTHING: Weighed = { refused: undefined, barred: undefined };
const views = new WeakMap<InputRules, LearnedFields>();

/** What a view has learned. */
export function learnedFieldsOf(rules: InputRules): LearnedFields {
  let learned = views.get(rules);
  if (learned === undefined) {
    learned = new LearnedFields();
    views.set(rules, learned);
  }
  return learned;
}

/**
 * Bounds what comes of selecting by fields that nobody has named: a field with a value for each visitor would fill the
 * store with pages that answer nobody.
 */
class LearnedFields {
  readonly #routes = new Map<string, Account>();

  /**
   * Weighs the fields of one response.
   *
   * @param counters - of the route: what hits there were, they say
   * @param now - monotonic
   */
  weigh(names: Iterable<string>, lead: Lead, route: string, counters: RouteCounters, now: number): Weighed {
    const account = this.#accountOf(route, counters);
    let refused: string | undefined;
    for (const name of names) {
      if (!this.#mayLearn(account, name, now)) {
        refused ??= name;
        continue;
      }
      const limit = fieldAction(name) === 'learn' ? VALUES : Number.POSITIVE_INFINITY;
      const room = lead.makeRoom(name, limit);
      if (room !== 'some') account.full.add(name);
      if (room === 'none') refused ??= name;
    }
    const barred = this.#look(account, counters, now);
    return refused === undefined && barred === undefined ? NOTHING : { refused, barred };
  }

  #mayLearn({ names, barred }: Account, name: string, now: number): boolean {
    const until = barred.get(name);
    if (until !== undefined) {
      if (now < until) return false;
      barred.delete(name);
    }
    if (names.has(name)) return true;
    if (names.size >= PER_ROUTE) return false;
    names.add(name);
    return true;
  }

  /** From time to time, asks whether what was stored for so many values has answered anybody. */
  #look(account: Account, counters: RouteCounters, now: number): string | undefined {
    account.misses++;
    if (account.misses < WINDOW) return undefined;
    const hits = hitsOf(counters) - account.hitsBefore;
    const isPoor = hits / (hits + account.misses) < LEAST_RATIO;
    const [worst] = isPoor ? account.full : [];
    if (isPoor) for (const name of account.full) account.barred.set(name, now + BARRED_MS);
    account.full.clear();
    account.misses = 0;
    account.hitsBefore = hitsOf(counters);
    return worst;
  }

  #accountOf(route: string, counters: RouteCounters): Account {
    const known = this.#routes.get(route);
    if (known !== undefined) return known;
    if (this.#routes.size >= ROUTES && route !== OTHER) return this.#accountOf(OTHER, counters);
    const account = {
      names: new Set<string>(),
      barred: new Map(),
      full: new Set<string>(),
      misses: 0,
      hitsBefore: hitsOf(counters),
    };
    this.#routes.set(route, account);
    return account;
  }
}

function hitsOf({ hits, collapsed }: RouteCounters): number {
  return hits + collapsed;
}
