import { ConfigError } from '../base/errors.js';
import { hashKey } from '../eviction/hash.js';
import { createPolicy, type PolicyFactory, type PolicyName } from '../eviction/policies.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { EvictionPolicy } from '../ports/eviction-policy.js';
import type { LocalStore, RemovalListener, RemovalReason } from '../ports/local-store.js';
import { FreeSlots } from './free-slots.js';
import { RemovalQueue } from './memory-removals.js';
import { guardedPolicy, OwnPolicy } from './own-policy.js';
import { SlotIndex } from './slot-index.js';
import { TimerWheel } from './timer-wheel.js';
import { WeightColumn } from './weight-column.js';

/** Settings of a {@link MemoryStore}. */
export interface MemoryStoreOptions<V> {
  /** Where time comes from; lifetimes are counted in its `monotonic`. */
  clock: Clock;
  /**
   * Bytes held at most, by the weights that `set` is given. Always finite.
   *
   * @defaultValue 64 MB
   */
  maxBytes?: number;
  /**
   * Values held at most, 1 to 8,388,608. Costs about 100 bytes each beyond their weight. Always finite.
   *
   * @defaultValue one per 256 bytes of `maxBytes`, but 1,024 at least: 262,144 for 64 MB
   */
  maxEntries?: number;
  /**
   * What leaves when the store is full, by name or made for the store's limits.
   *
   * @defaultValue 'lru'
   */
  policy?: PolicyName | PolicyFactory;
  /**
   * Told of each value that left, once the store is at rest again: it may call the store. What leaves by such a call is told
   * after what had left before. What it throws becomes a process warning.
   */
  onRemove?: RemovalListener<V>;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
/** A V8 `Map` holds 2^24 entries, and needs as many again for those deleted to make room without growing. */
const MOST_ENTRIES = 2 ** 23;
const BYTES_PER_ENTRY = 256;
const FEWEST_DERIVED_ENTRIES = 1024;
const FIRST_SLOTS = 64;
const TICK_MS = 1000;
/** Well under 1 ms of work: a million values that expire together must not hold up requests. */
const EXPIRIES_PER_TURN = 250;

/**
 * A {@link LocalStore} in this process's memory, bounded by bytes and by number, whatever the options.
 *
 * A value has a slot, a small integer, under which everything about it stands in columns; only the `Map` knows keys. Every
 * operation is O(1) amortised. A value past its expiry is never handed out, and leaves within a second or so even if nobody
 * asks for it: one timer for the whole store, set only while something can expire, at most 250 values a turn.
 *
 * A value that is past its expiry counts as absent: whatever removes it, its reason is `expired`, and `delete` says false.
 *
 * @example
 * ```ts
 * const store = new MemoryStore<StoredResponse>({ clock, maxBytes: 256 * 1024 * 1024, policy: 'lru' });
 * store.set(key, response, weightOf(response), 300_000);
 * ```
 */
export class MemoryStore<V> implements LocalStore<V> {
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #maxEntries: number;
  readonly #policy: EvictionPolicy;
  /** The same, where somebody else has written it. */
  readonly #own: OwnPolicy | undefined;
  /** Whether the policy looks at hashes, which for most are the dearest part of `set`. */
  readonly #hashes: boolean;
  readonly #removals: RemovalQueue<V> | undefined;
  readonly #slots: SlotIndex;
  #keys: string[] = [];
  #values: (V | undefined)[] = [];
  readonly #weights = new WeightColumn();
  readonly #wheel: TimerWheel;
  readonly #free = new FreeSlots();
  /** Slots ever taken: those from here on are new. */
  #used = 0;
  #size = 0;
  #bytes = 0;
  #timer: Timer | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;
  #closed = false;

  /** @throws {@link ConfigError} for a limit that is not a whole number in its range, or an unknown policy */
  constructor(options: MemoryStoreOptions<V>) {
    const { clock, maxBytes = DEFAULT_MAX_BYTES, policy = 'lru', onRemove } = options;
    this.#maxBytes = wholeNumber('maxBytes', maxBytes, Number.MAX_SAFE_INTEGER);
    const derived = Math.max(Math.floor(maxBytes / BYTES_PER_ENTRY), FEWEST_DERIVED_ENTRIES);
    const { maxEntries = Math.min(derived, MOST_ENTRIES) } = options;
    this.#maxEntries = wholeNumber('maxEntries', maxEntries, MOST_ENTRIES);
    const limits = { maxBytes, maxEntries };
    this.#policy = typeof policy === 'function' ? guardedPolicy(policy(limits)) : createPolicy(policy, limits);
    this.#own = this.#policy instanceof OwnPolicy ? this.#policy : undefined;
    this.#hashes = this.#policy.insert.length > 1 || this.#policy.victim.length > 1;
    this.#clock = clock;
    this.#wheel = new TimerWheel(TICK_MS, clock.monotonic());
    this.#removals = onRemove && new RemovalQueue(onRemove, (run) => clock.after(0, run));
    this.#slots = new SlotIndex(maxEntries);
    this.#grow(Math.min(FIRST_SLOTS, maxEntries));
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string, now?: number): V | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    // Where nothing expires, nobody asks for the time: that costs as much as all the rest.
    if (this.#wheel.count > 0 && this.#wheel.isPast(slot, now ?? this.#recently())) {
      if (this.#own?.hasCalled()) return undefined;
      this.#drop(slot, 'expired');
      this.#settle();
      return undefined;
    }
    this.#policy.hit(slot);
    return this.#values[slot];
  }

  slotOf(key: string, value: V): number {
    const slot = this.#slots.get(key);
    return slot !== undefined && this.#values[slot] === value ? slot : -1;
  }

  use(slot: number, value: V): boolean {
    if (this.#values[slot] !== value) return false;
    this.#policy.hit(slot);
    return true;
  }

  peek(key: string): V | undefined {
    const slot = this.#slots.get(key);
    return slot === undefined || this.#isPast(slot) ? undefined : this.#values[slot];
  }

  /** A `ttlMs` that is not above 0 stores nothing, as a weight above the limit does. */
  set(key: string, value: V, weight: number, ttlMs: number): boolean {
    if (this.#own?.hasCalled()) return false;
    const now = ttlMs < Number.POSITIVE_INFINITY || this.#wheel.count > 0 ? this.#clock.monotonic() : 0;
    const bytes = Math.ceil(weight);
    const previous = this.#slots.get(key);
    // Negated, so that NaN is refused too: it would make the sum of the weights NaN, and the store unbounded.
    if (!(bytes >= 0 && bytes <= this.#maxBytes && ttlMs > 0)) {
      if (previous !== undefined) this.#drop(previous, this.#reason(previous, 'replaced', now));
      this.#settle();
      return false;
    }
    // A replaced value's slot and key stay taken while others make room: the policy no longer knows the slot.
    if (previous !== undefined) this.#vacate(previous, this.#reason(previous, 'replaced', now));
    const hash = this.#hashes ? hashKey(key) : 0;
    const others = previous === undefined ? this.#maxEntries - 1 : this.#maxEntries;
    while (this.#size > others || this.#bytes + bytes > this.#maxBytes) {
      const victim = this.#policy.victim(bytes, hash);
      this.#drop(victim, this.#reason(victim, 'evicted', now));
    }
    const slot = previous ?? this.#takeSlot();
    if (previous === undefined) {
      this.#slots.add(key, slot);
      this.#keys[slot] = key;
      this.#size++;
    }
    this.#values[slot] = value;
    this.#weights.put(slot, bytes);
    this.#bytes += bytes;
    this.#policy.insert(slot, hash, bytes);
    this.#arm(this.#wheel.schedule(slot, now + ttlMs, now), now);
    this.#settle();
    return true;
  }

  reweigh(key: string, value: V, weight: number): void {
    const slot = this.#slots.get(key);
    if (slot === undefined || this.#values[slot] !== value || this.#own?.hasCalled()) return;
    const bytes = Math.ceil(weight);
    if (!(bytes <= this.#maxBytes)) {
      this.#drop(slot, 'evicted');
      this.#settle();
      return;
    }
    this.#bytes += bytes - this.#weights.at(slot);
    this.#weights.put(slot, bytes);
    this.#policy.reweigh?.(slot, bytes);
    const now = this.#clock.monotonic();
    while (this.#bytes > this.#maxBytes) {
      const victim = this.#policy.victim(0, hashKey(key));
      this.#drop(victim, this.#reason(victim, 'evicted', now));
    }
    this.#settle();
  }

  delete(key: string): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined || this.#own?.hasCalled()) return false;
    const past = this.#isPast(slot);
    this.#drop(slot, past ? 'expired' : 'deleted');
    this.#settle();
    return !past;
  }

  clear(): void {
    if (this.#own?.hasCalled()) return;
    if (this.#removals !== undefined) {
      const now = this.#clock.monotonic();
      for (const [key, slot] of this.#slots.entries())
        this.#removals.add(key, this.#values[slot] as V, this.#reason(slot, 'deleted', now));
    }
    this.#slots.clear();
    this.#keys.fill('');
    this.#values.fill(undefined);
    this.#free.clear();
    this.#used = this.#size = 0;
    this.#bytes = 0;
    this.#policy.clear();
    this.#wheel.clear();
    this.#settle();
  }

  prune(): number {
    if (this.#own?.hasCalled()) return 0;
    const before = this.#size;
    this.#wheel.advanceExactly(this.#clock.monotonic(), this.#expire);
    const pruned = before - this.#size;
    this.#settle();
    return pruned;
  }

  *entries(): Generator<[key: string, value: V]> {
    for (const [key, slot] of this.#slots.entries()) if (!this.#isPast(slot)) yield [key, this.#values[slot] as V];
  }

  /** Also of what is past its expiry and has not left yet; in no order. */
  *keys(): Generator<string> {
    for (const [key] of this.#slots.entries()) yield key;
  }

  /**
   * Keys and values with the milliseconds they have left, those first that would leave first; as they are when they are taken, which
   * may be turns later. What was there at the first step and is there still comes once at least.
   */
  *ordered(): Generator<readonly [key: string, value: V, ttlMs: number]> {
    const end = this.#used;
    const seen = new Uint8Array(end);
    // The order is of before: what changes meanwhile may lead its iterator astray, even in a circle.
    let steps = 2 * this.#size;
    for (const slot of this.#policy.order()) {
      if (steps-- === 0) break;
      if (slot >= end || seen[slot] === 1) continue;
      seen[slot] = 1;
      yield* this.#atSlot(slot);
    }
    for (let slot = 0; slot < end; slot++) if (seen[slot] === 0) yield* this.#atSlot(slot);
  }

  close(): void {
    this.#closed = true;
    this.#disarm();
  }

  *#atSlot(slot: number): Generator<readonly [key: string, value: V, ttlMs: number]> {
    const value = this.#values[slot];
    const ttlMs = this.#wheel.deadline(slot) - this.#clock.monotonic();
    if (value !== undefined && ttlMs > 0) yield [this.#keys[slot] as string, value, ttlMs];
  }

  #isPast(slot: number): boolean {
    return this.#wheel.count > 0 && this.#wheel.isPast(slot, this.#clock.monotonic());
  }

  #recently(): number {
    return this.#clock.recent === undefined ? this.#clock.monotonic() : this.#clock.recent();
  }

  #reason(slot: number, reason: RemovalReason, now: number): RemovalReason {
    return this.#wheel.isPast(slot, now) ? 'expired' : reason;
  }

  #takeSlot(): number {
    const freed = this.#free.pop();
    if (freed !== undefined) return freed;
    const slot = this.#used++;
    if (slot === this.#keys.length) this.#grow(Math.min(Math.ceil(1.5 * slot), this.#maxEntries));
    return slot;
  }

  #grow(slots: number): void {
    // To the very length that is needed: an array that V8 makes longer by itself is half as long again, whatever the limit.
    this.#keys = this.#keys.concat(new Array<string>(slots - this.#keys.length).fill(''));
    this.#values = this.#values.concat(new Array<undefined>(slots - this.#values.length).fill(undefined));
    this.#weights.grow(slots);
    this.#policy.grow(slots);
    this.#wheel.grow(slots);
  }

  readonly #expire = (slot: number): void => this.#drop(slot, 'expired');

  #drop(slot: number, reason: RemovalReason): void {
    this.#slots.delete(this.#keys[slot] as string);
    this.#vacate(slot, reason);
    this.#keys[slot] = '';
    this.#free.push(slot);
    this.#size--;
  }

  /** Everything but the key's and the slot's being free again. */
  #vacate(slot: number, reason: RemovalReason): void {
    this.#removals?.add(this.#keys[slot] as string, this.#values[slot] as V, reason);
    this.#policy.remove(slot);
    this.#wheel.cancel(slot);
    this.#bytes -= this.#weights.at(slot);
    this.#values[slot] = undefined;
  }

  /** The end of whatever may have removed something. */
  #settle(): void {
    if (this.#timer !== undefined && this.#wheel.count === 0) this.#disarm();
    this.#removals?.tell();
  }

  #arm(at: number, now: number): void {
    // Timers do not see the clock set forward, nor the time a machine was suspended for.
    const isLate = now > this.#wakeAt + TICK_MS;
    if ((at >= this.#wakeAt && !isLate) || this.#closed) return;
    this.#timer?.cancel();
    this.#wakeAt = isLate ? now : at;
    this.#timer = this.#clock.after(this.#wakeAt - now, this.#wake);
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#wakeAt = Number.POSITIVE_INFINITY;
  }

  readonly #wake = (): void => {
    this.#disarm();
    const now = this.#clock.monotonic();
    const done = this.#wheel.advance(now, this.#expire, EXPIRIES_PER_TURN);
    this.#arm(done ? this.#wheel.wakeAt() : now, now);
    this.#settle();
  };
}

function wholeNumber(setting: string, value: number, most: number): number {
  if (!(Number.isInteger(value) && value >= 1 && value <= most))
    throw new ConfigError(setting, value, `a whole number from 1 to ${most}`);
  return value;
}
