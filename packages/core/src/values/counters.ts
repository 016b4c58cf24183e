import { kindOf } from '../base/answer.js';
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

/** Numbers that are counted up: each call counts, whoever else counts at the same time. */
export class Counters {
  readonly #values: Values;
  /** The last call under way of each key: those of this process take turns rather than get in each other's way. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(values: Values) {
    this.#values = values;
  }

  /** @param policy - how a counter is kept that is begun here */
  add(key: ValueKey, by: number, initial: number, policy: ValuePolicy): Promise<number> {
    return this.inTurn(key, () => this.#count(key, by, initial, policy));
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

  async #count(key: ValueKey, by: number, initial: number, policy: ValuePolicy): Promise<number> {
    const { engine } = this.#values.parts;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const reading = await this.#values.read(key);
      const sum = numberIn(reading, initial) + by;
      // What nobody keeps begins anew with each call.
      if (engine.storesNothing || (reading.found === undefined && policy.lifetimeMs === 0)) return sum;
      const write = { key, value: sum, since: reading.token, onlyIf: 'unchanged' as const };
      const [written] = await this.#values.write(
        [write],
        reading.found === undefined ? policy : this.policyOf(reading.found.item, policy),
      );
      if (written === 'stored') return sum;
      if (written === 'unavailable' || written === 'unstorable') throw new ValueUnavailableError('store');
    }
    throw new ValueUnavailableError('contention');
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

function numberIn({ found }: Reading, initial: number): number {
  if (found === undefined) return initial;
  const { value } = found.held;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new NotANumberError(kindOf(value));
  return value;
}
