import { kindOf } from '../base/answer.js';
import { ConfigError } from '../base/errors.js';
import { NotANumberError, ValueUnavailableError } from '../base/value-errors.js';
import type { LocalItem } from '../engine/local-item.js';
import { tagNames } from '../engine/make-stored.js';
import { declaredOf as declaredTags } from '../invalidation/tags.js';
import type { ValueKey } from './value-key.js';
import type { ValuePolicy } from './value-policy.js';
import type { Reading, Values } from './values.js';

/**
 * Others may be faster: who is slow, and counts against some who do nothing else, waits until they are done. So often in a row
 * only where something is wrong.
 */
const ATTEMPTS = 1_000;

/** A call that waits to be counted. */
interface Increment {
  readonly by: number;
  resolve(sum: number): void;
  reject(error: unknown): void;
}

/** Numbers that are counted up: each call counts, whoever else counts at the same time. */
export class Counters {
  readonly #values: Values;
  /** The last call under way of each key: those of this process take turns rather than get in each other's way. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Those of each key that wait for a turn: they take one together, as a store that others count in too is slow to win. */
  readonly #waiting = new Map<string, Increment[]>();

  constructor(values: Values) {
    this.#values = values;
  }

  /** @param policy - how a counter is kept that is begun here */
  add(key: ValueKey, by: number, initial: number, policy: ValuePolicy): Promise<number> {
    return new Promise((resolve, reject) => {
      const increment = { by, resolve, reject };
      const waiting = this.#waiting.get(key.text);
      if (waiting !== undefined) {
        waiting.push(increment);
        return;
      }
      const together = [increment];
      this.#waiting.set(key.text, together);
      void this.inTurn(key, () => {
        this.#waiting.delete(key.text);
        return this.#countAll(key, together, initial, policy);
      });
    });
  }

  async #countAll(
    key: ValueKey,
    increments: readonly Increment[],
    initial: number,
    policy: ValuePolicy,
  ): Promise<void> {
    try {
      const steps = increments.map(({ by }) => by);
      const sums = await this.#count(key, steps, initial, policy);
      for (const [i, { resolve, reject }] of increments.entries()) {
        const sum = sums[i];
        if (typeof sum === 'number') resolve(sum);
        else reject(sum);
      }
    } catch (error) {
      for (const { reject } of increments) reject(error);
    }
  }

  /** Does something that looks at a value before it writes it, when those before it of this process have done so. */
  inTurn<T>(key: ValueKey, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key.text);
    const turn = before === undefined ? work() : before.then(work, work);
    this.#turns.set(key.text, turn);
    const end = (): void => {
      if (this.#turns.get(key.text) === turn) this.#turns.delete(key.text);
    };
    turn.then(end, end);
    return turn;
  }

  /** @returns what it comes to after each step; the error of one that cannot be taken, which is left out */
  async #count(
    key: ValueKey,
    steps: readonly number[],
    initial: number,
    policy: ValuePolicy,
  ): Promise<readonly (number | ConfigError)[]> {
    const { engine } = this.#values.parts;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const reading = await this.#values.read(key);
      const begin = numberIn(reading, initial);
      // What nobody keeps begins anew with each call.
      if (engine.storesNothing || (reading.found === undefined && policy.lifetimeMs === 0))
        return steps.map((by) => sumOf(begin, by));
      const sums: (number | ConfigError)[] = [];
      let sum = begin;
      for (const by of steps) {
        const next = sumOf(sum, by);
        sums.push(next);
        if (typeof next === 'number') sum = next;
      }
      if (sums.every((each) => typeof each !== 'number')) return sums;
      const write = { key, value: sum, since: reading.token, onlyIf: 'unchanged' as const };
      const [written] = await this.#values.write(
        [write],
        reading.found === undefined ? policy : this.policyOf(reading.found.item, policy),
      );
      if (written === 'stored') return sums;
      if (written === 'unavailable' || written === 'unstorable') throw new ValueUnavailableError('store');
    }
    throw new ValueUnavailableError('contention');
  }

  /**
   * Moves a value from one key to another; what is stored under the old one meanwhile is moved as well, not lost.
   *
   * @returns false where there is nothing to move, or it could not be stored
   */
  async move(places: { readonly from: ValueKey; readonly to: ValueKey }, usual: ValuePolicy): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { found, token } = await this.#values.read(places.from);
      if (found === undefined) return false;
      const write = { key: places.to, value: found.held.value, since: token };
      const [written] = await this.#values.write([write], this.policyOf(found.item, usual));
      if (written === 'unavailable' || written === 'unstorable') return false;
      // Refused for what was invalidated meanwhile: there is something else to move by now, or nothing.
      if (written === 'refused') continue;
      const ended = await this.#values.end(places.from, token, usual);
      if (ended !== 'refused') return true;
    }
    return false;
  }

  /** What is there keeps its tags and the rest of its lifetime. */
  policyOf(item: LocalItem, policy: ValuePolicy): ValuePolicy {
    const lifetimeMs = Math.max(1, item.freshUntil - this.#values.parts.clock.monotonic());
    const { whileRevalidateMs = 0, ifErrorMs = 0 } = item.stored.stale ?? {};
    return { ...policy, lifetimeMs, jitterMs: 0, tags: declaredOf(item), whileRevalidateMs, ifErrorMs };
  }
}

/** The tags that its first call gave it, without what they have been expanded to. */
function declaredOf({ declared, stored }: LocalItem): readonly string[] {
  return declaredTags(stored.tags.length > 0 ? tagNames(stored) : declared);
}

/** A counter that no longer counts would go on answering as if it did. */
function sumOf(value: number, by: number): number | ConfigError {
  const sum = value + by;
  if (Math.abs(sum) <= Number.MAX_SAFE_INTEGER || (Number.isFinite(sum) && sum - value === by)) return sum;
  return new ConfigError('increment.by', by, `a number that can be added to ${value} without being rounded`);
}

function numberIn({ found }: Reading, initial: number): number {
  if (found === undefined) return initial;
  const { value } = found.held;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new NotANumberError(kindOf(value));
  return value;
}
