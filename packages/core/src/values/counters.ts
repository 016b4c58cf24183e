import { kindOf } from '../base/answer.js';
import { type CacheError, ConfigError } from '../base/errors.js';
import { type CountingCall, NotANumberError, ValueUnavailableError } from '../base/value-errors.js';
import type { LocalItem } from '../engine/local-item.js';
import { nestedIn } from '../engine/nested-tag.js';
import { KeyTurns } from './key-turns.js';
import type { ValueKey } from './value-key.js';
import type { ValuePolicy } from './value-policy.js';
import type { Reading, Values, ValueWrite } from './values.js';

/**
 * Others may be faster: who is slow, and counts against some who do nothing else, waits until they are done. So often in a row
 * only where something is wrong.
 */
const ATTEMPTS = 1_000;

/** One call that counts, as its user wrote it. */
export interface Count {
  readonly call: CountingCall;
  readonly key: string | number;
  readonly by: number;
}

/** How a counter is begun where nothing is stored. */
export interface Beginning {
  readonly initial: number;
  readonly policy: ValuePolicy;
  /** The same for all that begin it alike. */
  readonly text: string;
}

/** A call that waits to be counted. */
interface Waiting extends Count {
  resolve(sum: number): void;
  reject(error: unknown): void;
}

/** Calls that take one turn together. */
interface Together {
  readonly beginning: Beginning;
  readonly counts: Waiting[];
}

/** What a call comes to: a sum, or what keeps it from being counted. */
type Sum = number | CacheError;

/** Numbers that are counted up: each call counts, whoever else counts at the same time. */
export class Counters {
  readonly #values: Values;
  /** Those of this process take turns rather than get in each other's way. */
  readonly #turns = new KeyTurns();
  /**
   * Those of each key that came last and wait for a turn: they take one together, as a store that others count in too is slow
   * to win.
   */
  readonly #waiting = new Map<string, Together>();

  constructor(values: Values) {
    this.#values = values;
  }

  add(key: ValueKey, count: Count, beginning: Beginning): Promise<number> {
    return new Promise((resolve, reject) => {
      const waiting = { ...count, resolve, reject };
      const last = this.#waiting.get(key.text);
      // Whoever begins it otherwise takes a turn of his own: the first of a turn begins it for all.
      if (last?.beginning.text === beginning.text) {
        last.counts.push(waiting);
        return;
      }
      const together = { beginning, counts: [waiting] };
      this.#waiting.set(key.text, together);
      void this.inTurn(key, () => {
        if (this.#waiting.get(key.text) === together) this.#waiting.delete(key.text);
        return this.#countAll(key, together);
      });
    });
  }

  async #countAll(key: ValueKey, together: Together): Promise<void> {
    const { counts } = together;
    try {
      const sums = await this.#count(key, together);
      for (const [i, { resolve, reject }] of counts.entries()) {
        const sum = sums[i];
        if (typeof sum === 'number') resolve(sum);
        else reject(sum);
      }
    } catch (error) {
      for (const { reject } of counts) reject(error);
    }
  }

  /** Does something that looks at a value before it writes it, when those before it of this process have done so. */
  inTurn<T>(key: ValueKey, work: () => Promise<T>): Promise<T> {
    return this.#turns.run(key.text, work);
  }

  /** @returns what it comes to after each; the error of one that cannot be counted, which is left out */
  async #count(key: ValueKey, { beginning, counts }: Together): Promise<readonly Sum[]> {
    const { initial, policy } = beginning;
    const { engine } = this.#values.parts;
    const unavailable = (reason: 'store' | 'contention'): readonly Sum[] =>
      counts.map((count) => new ValueUnavailableError(count.call, count.key, reason));
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const reading = await this.#values.read(key);
      const begin = numberIn(reading, initial);
      if (typeof begin === 'string') return counts.map((count) => new NotANumberError(count.call, count.key, begin));
      // What nobody keeps begins anew with each call.
      if (engine.storesNothing || (reading.found === undefined && policy.lifetimeMs === 0))
        return counts.map((count) => sumOf(begin, count));
      const sums: Sum[] = [];
      let sum = begin;
      for (const count of counts) {
        const next = sumOf(sum, count);
        sums.push(next);
        if (typeof next === 'number') sum = next;
      }
      if (sums.every((each) => typeof each !== 'number')) return sums;
      const made = reading.found === undefined ? {} : madeOf(reading.found.item, key.tags);
      const write = { key, value: sum, since: reading.token, onlyIf: 'unchanged' as const, ...made };
      const [written] = await this.#values.write(
        [write],
        reading.found === undefined ? policy : this.policyOf(reading.found.item, policy),
      );
      if (written === 'stored') return sums;
      if (written === 'unavailable' || written === 'unstorable') return unavailable('store');
    }
    return unavailable('contention');
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
      const made = madeOf(found.item, [...places.from.tags, places.to.ownTag]);
      const write = { key: places.to, value: found.held.value, since: token, ...made };
      const [written] = await this.#values.write([write], this.policyOf(found.item, usual));
      if (written === 'unavailable' || written === 'unstorable') return false;
      // Refused for what was invalidated meanwhile: there is something else to move by now, or nothing.
      if (written === 'refused') continue;
      const ended = await this.#values.end(places.from, token, usual);
      if (ended !== 'refused') return true;
    }
    return false;
  }

  /** What is there keeps the rest of its lifetime, and what it is counted under; its tags it has from {@link madeOf}. */
  policyOf(item: LocalItem, policy: ValuePolicy): ValuePolicy {
    const lifetimeMs = Math.max(1, item.freshUntil - this.#values.parts.clock.monotonic());
    const { whileRevalidateMs = 0, ifErrorMs = 0 } = item.stored.stale ?? {};
    const { route } = item.stored;
    return { ...policy, lifetimeMs, jitterMs: 0, tags: [], whileRevalidateMs, ifErrorMs, route };
  }
}

/**
 * What a value is made of that takes the place of another one: of all that was, each as old as it was there (PROTOCOL 4.9), rows
 * and parts among them.
 *
 * @param own - tags of the keys, old and new: it has its own
 */
function madeOf(item: LocalItem, own: readonly string[]): Pick<ValueWrite, 'inputs' | 'nested'> {
  const names = new Set(own);
  return { inputs: item.stored.inputs, nested: nestedIn(item, []).filter(({ tag }) => !names.has(tag)) };
}

/** A counter that no longer counts would go on answering as if it did. */
function sumOf(value: number, { call, by }: Count): number | ConfigError {
  const isDown = call === 'decrement';
  const step = isDown ? -by : by;
  const sum = value + step;
  if (Math.abs(sum) <= Number.MAX_SAFE_INTEGER || (Number.isFinite(sum) && sum - value === step)) return sum;
  const done = isDown ? `subtracted from ${value}` : `added to ${value}`;
  return new ConfigError(`${call}.by`, by, `a number that can be ${done} without being rounded`);
}

/** The number to count from; what else is stored there. */
function numberIn({ found }: Reading, initial: number): number | string {
  if (found === undefined) return initial;
  const { value } = found.held;
  return typeof value === 'number' && Number.isFinite(value) ? value : kindOf(value);
}
