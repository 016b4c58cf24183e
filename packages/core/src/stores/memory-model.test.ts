import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RemovalReason } from '../ports/local-store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { MemoryStore } from './memory.js';

const MAX_BYTES = 100;
const MAX_ENTRIES = 6;
const TICK = 1000;

type Told = `${string}=${number} ${RemovalReason}`;

/** The store in the most obvious way: an array with the next to leave first, searched from end to end. */
class Model {
  held: { key: string; value: number; weight: number; deadline: number }[] = [];
  told: Told[] = [];

  constructor(
    readonly policy: 'lru' | 'fifo',
    readonly clock: FakeClock,
    readonly origin = clock.monotonic(),
  ) {}

  get bytes(): number {
    return this.held.reduce((sum, { weight }) => sum + weight, 0);
  }

  drop(key: string, reason: RemovalReason): void {
    const at = this.held.findIndex((entry) => entry.key === key);
    const [entry] = this.held.splice(at, 1);
    if (entry === undefined) throw new Error(`${key} is not held`);
    this.told.push(`${key}=${entry.value} ${entry.deadline <= this.clock.monotonic() ? 'expired' : reason}`);
  }

  find(key: string) {
    return this.held.find((entry) => entry.key === key);
  }

  get(key: string): number | undefined {
    const entry = this.find(key);
    if (entry === undefined) return undefined;
    if (entry.deadline <= this.clock.monotonic()) {
      this.drop(key, 'expired');
      return undefined;
    }
    if (this.policy === 'lru') this.held = [...this.held.filter((other) => other !== entry), entry];
    return entry.value;
  }

  set(key: string, value: number, weight: number, ttl: number): boolean {
    if (this.find(key) !== undefined) this.drop(key, 'replaced');
    if (weight > MAX_BYTES || ttl <= 0) return false;
    while (this.held.length >= MAX_ENTRIES || this.bytes + weight > MAX_BYTES)
      this.drop(this.held[0]?.key as string, 'evicted');
    this.held.push({ key, value, weight, deadline: this.clock.monotonic() + ttl });
    return true;
  }

  delete(key: string): boolean {
    const entry = this.find(key);
    if (entry === undefined) return false;
    const past = entry.deadline <= this.clock.monotonic();
    this.drop(key, 'deleted');
    return !past;
  }

  /** What the timer has dropped by now: all whose tick of expiry has begun. */
  sweep(): void {
    const tick = (at: number) => Math.ceil((at - this.origin) / TICK) * TICK + this.origin;
    for (const { key, deadline } of [...this.held])
      if (tick(deadline) <= this.clock.monotonic()) this.drop(key, 'expired');
  }

  prune(): number {
    const past = this.held.filter(({ deadline }) => deadline <= this.clock.monotonic());
    for (const { key } of past) this.drop(key, 'expired');
    return past.length;
  }
}

const key = fc.constantFrom(...'abcdefghij');
const ttl = fc.oneof(
  fc.integer({ min: 0, max: 4_000 }),
  fc.integer({ min: 60_000, max: 70_000 }),
  fc.integer({ min: 4_000_000, max: 4_200_000 }),
  fc.constant(Number.POSITIVE_INFINITY),
);
// Mostly light, so that either limit is the one that binds.
const weight = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 20 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 110 }) },
);
const act = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant('set' as const), key, weight, ttl) },
  { weight: 8, arbitrary: fc.tuple(fc.constant('get' as const), key) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('delete' as const), key) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('prune' as const, 'clear' as const)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('advance' as const), fc.integer({ min: 1, max: 3_000 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('advance' as const), fc.integer({ min: 1, max: 300_000 })) },
);

describe.each(['lru', 'fifo'] as const)('MemoryStore with %s', (policy) => {
  it('holds, tells and evicts exactly what a list searched from end to end does', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 150, size: 'max' }), (acts) => {
        const clock = new FakeClock();
        const told: Told[] = [];
        const store = new MemoryStore<number>({
          clock,
          policy,
          maxBytes: MAX_BYTES,
          maxEntries: MAX_ENTRIES,
          onRemove: (key, value, reason) => told.push(`${key}=${value} ${reason}`),
        });
        const model = new Model(policy, clock);
        acts.forEach((step, count) => {
          switch (step[0]) {
            case 'set':
              expect(store.set(step[1], count, step[2], step[3])).toBe(model.set(step[1], count, step[2], step[3]));
              break;
            case 'get':
              expect(store.get(step[1])).toBe(model.get(step[1]));
              break;
            case 'delete':
              expect(store.delete(step[1])).toBe(model.delete(step[1]));
              break;
            case 'prune':
              expect(store.prune()).toBe(model.prune());
              break;
            case 'clear':
              store.clear();
              for (const { key } of [...model.held]) model.drop(key, 'deleted');
              break;
            case 'advance':
              clock.advance(step[1]);
              model.sweep();
          }
          const ordered = step[0] === 'set' || step[0] === 'get' || step[0] === 'delete';
          expect(ordered ? told : told.sort()).toEqual(ordered ? model.told : model.told.sort());
          told.length = model.told.length = 0;
          const now = clock.monotonic();
          const visible = model.held.filter(({ deadline }) => deadline > now);
          expect(new Map(store.entries())).toEqual(new Map(visible.map(({ key, value }) => [key, value])));
          expect([store.size, store.bytes]).toEqual([model.held.length, model.bytes]);
          expect(store.bytes).toBeLessThanOrEqual(MAX_BYTES);
          expect(clock.pendingTimers).toBe(model.held.some(({ deadline }) => deadline < Infinity) ? 1 : 0);
        });
      }),
      { seed: 2026, numRuns: 60 },
    );
  });
});
