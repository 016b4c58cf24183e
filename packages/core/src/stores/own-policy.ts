import { ignoreRejection, isThenable, kindOf, textOf } from '../base/answer.js';
import { warnOnce } from '../base/process-warning.js';
import { LruPolicy } from '../eviction/lru.js';
import { isBuiltIn } from '../eviction/policies.js';
import type { EvictionPolicy } from '../ports/eviction-policy.js';

/**
 * Stands before a policy that somebody else has written: a store must keep its limits, and answer, whatever that does.
 *
 * The first time it throws, rejects, calls the store, or names what is no slot or one that holds nothing, it is given up with a process
 * warning, and lru goes on in its place.
 */
export class OwnPolicy implements EvictionPolicy {
  readonly #own: EvictionPolicy;
  readonly #onFailure: (error: unknown) => void;
  readonly name: string;
  #instead: EvictionPolicy | undefined;
  /** Whether it is being asked, and has called the store meanwhile. */
  #isAsked = false;
  #hasCalled = false;
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

  /** Whether a call of the store comes from the policy, which finds it in the middle of something. */
  hasCalled(): boolean {
    this.#hasCalled ||= this.#isAsked;
    return this.#isAsked;
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
    // Read by the policy itself, in the middle of something: neither it nor lru in its place need know the slot.
    if (this.hasCalled()) return;
    this.#ask((policy) => policy.hit(slot));
  }

  reweigh(slot: number, weight: number): void {
    this.#ask((policy) => policy.reweigh?.(slot, weight));
  }

  remove(slot: number): void {
    this.#ask((policy) => policy.remove(slot));
    this.#held[slot] = 0;
  }

  victim(incomingWeight: number, incomingHash: number): number {
    return this.#ask((policy) => {
      const slot = policy.victim(incomingWeight, incomingHash);
      if (!this.#holds(slot)) throw new RangeError(`victim() returned ${named(slot)}`);
      return slot;
    });
  }

  order(): Iterable<number> {
    return this.#ask((policy) => {
      const order = policy.order();
      ignoreRejection(order);
      const slots: number[] = [];
      for (const slot of order) {
        if (!this.#holds(slot)) throw new RangeError(`order() yielded ${named(slot)}`);
        if (slots.push(slot) > this.#held.length) throw new RangeError('order() yielded more slots than there are');
      }
      return slots;
    });
  }

  clear(): void {
    this.#ask((policy) => policy.clear());
    this.#held.fill(0);
  }

  /** Asked of what may be anything: `'7'` finds in a column what 7 does, and is told from it by all that compares. */
  #holds(slot: unknown): boolean {
    return Number.isInteger(slot) && this.#held[slot as number] === 1;
  }

  #ask<T>(question: (policy: EvictionPolicy) => T): T {
    if (this.#instead === undefined) {
      const before = this.#isAsked;
      this.#hasCalled ||= before;
      this.#isAsked = true;
      try {
        const answer = question(this.#own);
        if (this.#hasCalled) throw new Error('it called the store that it decides for');
        if (isThenable(answer)) Promise.resolve(answer).catch((error) => this.#giveUp(error));
        return answer;
      } catch (error) {
        return question(this.#giveUp(error));
      } finally {
        this.#isAsked = before;
      }
    }
    return question(this.#instead);
  }

  #giveUp(error: unknown): EvictionPolicy {
    if (this.#instead !== undefined) return this.#instead;
    warnOnce(`the eviction policy '${this.name}' failed, and lru goes on in its place: ${textOf(error)}`);
    this.#instead = this.#fallback();
    this.#onFailure(error);
    return this.#instead;
  }

  #fallback(): EvictionPolicy {
    const policy = new LruPolicy();
    policy.grow(this.#held.length);
    for (let slot = 0; slot < this.#held.length; slot++) if (this.#held[slot] === 1) policy.insert(slot);
    return policy;
  }
}

function named(slot: unknown): string {
  ignoreRejection(slot);
  if (!Number.isInteger(slot)) return `${textOf(slot)}, ${kindOf(slot)}, rather than a slot`;
  return `${slot}, which holds nothing`;
}

/** The policy itself where it is one of ours, else behind an {@link OwnPolicy}. */
export function guardedPolicy(policy: EvictionPolicy): EvictionPolicy {
  return policy instanceof OwnPolicy || isBuiltIn(policy) ? policy : new OwnPolicy(policy);
}
