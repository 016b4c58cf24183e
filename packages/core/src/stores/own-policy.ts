import { textOf } from '../base/answer.js';
import { warnOnce } from '../base/process-warning.js';
import { LruPolicy } from '../eviction/lru.js';
import { isBuiltIn } from '../eviction/policies.js';
import type { EvictionPolicy } from '../ports/eviction-policy.js';

/**
 * Stands before a policy that somebody else has written: a store must keep its limits, and answer, whatever that does.
 *
 * The first time it throws, or names a slot that holds nothing, it is given up with a process warning, and lru goes on in its
 * place.
 */
export class OwnPolicy implements EvictionPolicy {
  readonly #own: EvictionPolicy;
  readonly #onFailure: (error: unknown) => void;
  readonly name: string;
  #instead: EvictionPolicy | undefined;
  /** 1 for each slot that holds something. */
  #held = new Uint8Array(0);

  /** @param onFailure - told once, of what it threw */
  constructor(own: EvictionPolicy, onFailure: (error: unknown) => void = () => {}) {
    this.#own = own;
    this.#onFailure = onFailure;
    this.name = String(own.name);
  }

  /** The policy that decides now. */
  get current(): string {
    return this.#instead?.name ?? this.name;
  }

  grow(slots: number): void {
    const held = new Uint8Array(slots);
    held.set(this.#held);
    this.#held = held;
    this.#ask((policy) => policy.grow(slots));
  }

  insert(slot: number, hash: number, weight: number): void {
    // Not among those that another policy is told of: it is told of this one by the same call.
    this.#ask((policy) => policy.insert(slot, hash, weight));
    this.#held[slot] = 1;
  }

  hit(slot: number): void {
    this.#ask((policy) => policy.hit(slot));
  }

  remove(slot: number): void {
    this.#ask((policy) => policy.remove(slot));
    this.#held[slot] = 0;
  }

  victim(incomingWeight: number, incomingHash: number): number {
    return this.#ask((policy) => {
      const slot = policy.victim(incomingWeight, incomingHash);
      if (this.#held[slot] !== 1) throw new RangeError(`victim() returned ${slot}, which holds nothing`);
      return slot;
    });
  }

  order(): Iterable<number> {
    return this.#ask((policy) => {
      const slots = [...policy.order()];
      const wrong = slots.find((slot) => this.#held[slot] !== 1);
      if (wrong !== undefined) throw new RangeError(`order() yielded ${wrong}, which holds nothing`);
      return slots;
    });
  }

  clear(): void {
    this.#ask((policy) => policy.clear());
    this.#held.fill(0);
  }

  #ask<T>(question: (policy: EvictionPolicy) => T): T {
    if (this.#instead === undefined) {
      try {
        return question(this.#own);
      } catch (error) {
        warnOnce(`the eviction policy '${this.name}' failed, and lru goes on in its place: ${textOf(error)}`);
        this.#instead = this.#fallback();
        this.#onFailure(error);
      }
    }
    return question(this.#instead);
  }

  #fallback(): EvictionPolicy {
    const policy = new LruPolicy();
    policy.grow(this.#held.length);
    for (let slot = 0; slot < this.#held.length; slot++) if (this.#held[slot] === 1) policy.insert(slot);
    return policy;
  }
}

/** The policy itself where it is one of ours, else behind an {@link OwnPolicy}. */
export function guardedPolicy(policy: EvictionPolicy): EvictionPolicy {
  return policy instanceof OwnPolicy || isBuiltIn(policy) ? policy : new OwnPolicy(policy);
}
