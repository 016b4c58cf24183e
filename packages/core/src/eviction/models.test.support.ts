import type { PolicyLimits } from '../ports/eviction-policy.js';
import { FrequencySketch } from './frequency-sketch.js';

/** A policy in the most obvious way: arrays of what is held, searched from end to end. */
export interface PolicyModel {
  grow?(slots: number): void;
  insert(slot: number, hash: number, weight: number): void;
  hit(slot: number): void;
  remove(slot: number): void;
  /** What a policy is to answer. */
  victim(incomingWeight: number): number;
  /** Others that would be as right; only where the policy promises no order among equals. */
  equals?(): number[];
}

const without = (slots: readonly number[], slot: number): number[] => slots.filter((other) => other !== slot);

class QueueModel implements PolicyModel {
  slots: number[] = [];

  constructor(
    readonly movesHits: boolean,
    readonly evictsNewest = false,
  ) {}

  insert(slot: number): void {
    this.slots.push(slot);
  }

  hit(slot: number): void {
    if (this.movesHits) this.slots = [...without(this.slots, slot), slot];
  }

  remove(slot: number): void {
    this.slots = without(this.slots, slot);
  }

  victim(): number {
    return this.slots.at(this.evictsNewest ? -1 : 0) as number;
  }
}

/** The oldest of those of which something is least. */
abstract class LeastModel implements PolicyModel {
  /** Least recently used first. */
  held: { slot: number; uses: number; rank: number; weight: number }[] = [];

  abstract rank(uses: number, weight: number): number;
  evicted(_rank: number): void {}

  insert(slot: number, _hash: number, weight: number): void {
    this.held.push({ slot, uses: 1, rank: this.rank(1, weight), weight });
  }

  hit(slot: number): void {
    const found = this.held.find((each) => each.slot === slot);
    if (found === undefined) throw new Error(`${slot} is not held`);
    const uses = found.uses + 1;
    this.remove(slot);
    this.held.push({ ...found, uses, rank: this.rank(uses, found.weight) });
  }

  remove(slot: number): void {
    this.held = this.held.filter((each) => each.slot !== slot);
  }

  victim(): number {
    const least = Math.min(...this.held.map(({ rank }) => rank));
    this.evicted(least);
    return this.held.find(({ rank }) => rank === least)?.slot as number;
  }
}

class LfuModel extends LeastModel {
  rank(uses: number): number {
    return uses;
  }
}

class AgeingLfuModel extends LeastModel {
  floor = 0;

  rank(uses: number): number {
    return this.floor + Math.min(uses, 255);
  }

  override evicted(rank: number): void {
    this.floor = rank;
  }
}

class GdsfModel extends LeastModel {
  floor = 0;

  rank(uses: number, weight: number): number {
    return this.floor + uses / Math.max(1, weight);
  }

  override evicted(rank: number): void {
    this.floor = rank;
  }

  /** All of the least rank: a heap says nothing of their order. */
  equals(): number[] {
    const least = Math.min(...this.held.map(({ rank }) => rank));
    return this.held.filter(({ rank }) => rank === least).map(({ slot }) => slot);
  }
}

class RandomModel extends QueueModel {
  constructor(readonly random: () => number) {
    super(false);
  }

  /** The last takes the place of what goes. */
  override remove(slot: number): void {
    const last = this.slots.pop() as number;
    if (last !== slot) this.slots[this.slots.indexOf(slot)] = last;
  }

  override victim(): number {
    return this.slots[Math.floor(this.random() * this.slots.length)] as number;
  }
}

class SieveModel extends QueueModel {
  used = new Set<number>();
  hand: number | undefined;

  constructor() {
    super(false);
  }

  override hit(slot: number): void {
    this.used.add(slot);
  }

  override remove(slot: number): void {
    if (this.hand === slot) this.hand = this.slots[this.slots.indexOf(slot) + 1];
    this.used.delete(slot);
    super.remove(slot);
  }

  override victim(): number {
    let at = this.hand === undefined ? 0 : this.slots.indexOf(this.hand);
    while (this.used.delete(this.slots[at] as number)) at = (at + 1) % this.slots.length;
    this.hand = this.slots[at];
    return this.hand as number;
  }
}

interface Cost {
  slot: number;
  hash: number;
  cost: number;
}

const sum = (costs: readonly { cost: number }[]): number => costs.reduce((total, { cost }) => total + cost, 0);
const costIn = ({ maxBytes, maxEntries }: PolicyLimits, weight: number): number =>
  Math.max(weight, Math.max(1, Math.floor(maxBytes / maxEntries)));

class S3FifoModel implements PolicyModel {
  small: (Cost & { uses: number })[] = [];
  main: (Cost & { uses: number })[] = [];
  ghosts: { hash: number; cost: number }[] = [];
  readonly mainMost: number;
  readonly ghostsMost: number;

  constructor(readonly limits: PolicyLimits) {
    this.mainMost = limits.maxBytes - Math.max(1, Math.floor(limits.maxBytes * 0.1));
    this.ghostsMost = Math.max(1, limits.maxEntries - Math.floor(limits.maxEntries * 0.1));
  }

  insert(slot: number, hash: number, weight: number): void {
    const isBack = this.ghosts.some((ghost) => ghost.hash === hash);
    this.ghosts = this.ghosts.filter((ghost) => ghost.hash !== hash);
    (isBack ? this.main : this.small).push({ slot, hash, cost: costIn(this.limits, weight), uses: 0 });
  }

  hit(slot: number): void {
    const found = [...this.small, ...this.main].find((each) => each.slot === slot);
    if (found !== undefined) found.uses = Math.min(3, found.uses + 1);
  }

  remove(slot: number): void {
    this.small = this.small.filter((each) => each.slot !== slot);
    this.main = this.main.filter((each) => each.slot !== slot);
  }

  victim(): number {
    for (;;) {
      const fromSmall = this.small.length > 0 && (this.main.length === 0 || sum(this.main) <= this.mainMost);
      const first = (fromSmall ? this.small : this.main)[0];
      if (first === undefined) throw new Error('nothing is held');
      if (fromSmall && first.uses < 2) {
        this.remember(first);
        return first.slot;
      }
      if (!fromSmall && first.uses === 0) return first.slot;
      this.remove(first.slot);
      this.main.push({ ...first, uses: fromSmall ? 0 : first.uses - 1 });
    }
  }

  remember({ hash, cost }: Cost): void {
    this.ghosts = this.ghosts.filter((ghost) => ghost.hash !== hash);
    if (cost > this.mainMost) return;
    while (sum(this.ghosts) + cost > this.mainMost || this.ghosts.length >= this.ghostsMost) this.ghosts.shift();
    this.ghosts.push({ hash, cost });
  }
}

class TinyLfuModel implements PolicyModel {
  sketch = new FrequencySketch();
  window: Cost[] = [];
  probation: Cost[] = [];
  protectedOnes: Cost[] = [];
  readonly windowMost: number;
  readonly protectedMost: number;

  constructor(
    readonly parts: ModelParts,
    window: number,
  ) {
    const { maxBytes } = parts.limits;
    this.windowMost = Math.min(maxBytes - 1, Math.max(1, Math.round(maxBytes * window)));
    this.protectedMost = Math.floor((maxBytes - this.windowMost) * 0.8);
  }

  grow(slots: number): void {
    this.sketch.fit(Math.min(slots, this.parts.limits.maxEntries));
  }

  insert(slot: number, hash: number, weight: number): void {
    this.sketch.add(hash);
    this.window.push({ slot, hash, cost: costIn(this.parts.limits, weight) });
    for (let moves = 0; moves < 16 && this.window.length > 1 && sum(this.window) > this.windowMost; moves++)
      this.probation.push(this.window.shift() as Cost);
  }

  hit(slot: number): void {
    const found = [...this.window, ...this.probation, ...this.protectedOnes].find((each) => each.slot === slot) as Cost;
    this.sketch.add(found.hash);
    const wasInWindow = this.window.includes(found);
    const wasProtected = this.protectedOnes.includes(found);
    this.remove(slot);
    if (wasInWindow) this.window.push(found);
    else this.protectedOnes.push(found);
    if (wasInWindow || wasProtected) return;
    for (let moves = 0; moves < 16 && this.protectedOnes.length > 1; moves++) {
      if (sum(this.protectedOnes) <= this.protectedMost) break;
      this.probation.push(this.protectedOnes.shift() as Cost);
    }
  }

  remove(slot: number): void {
    this.window = this.window.filter((each) => each.slot !== slot);
    this.probation = this.probation.filter((each) => each.slot !== slot);
    this.protectedOnes = this.protectedOnes.filter((each) => each.slot !== slot);
  }

  victim(incomingWeight: number): number {
    const incumbent = this.probation[0] ?? this.protectedOnes[0];
    const candidate = this.window[0];
    if (incumbent === undefined) return candidate?.slot as number;
    const fits = sum(this.window) + costIn(this.parts.limits, incomingWeight) <= this.windowMost;
    if (fits || candidate === undefined) return incumbent.slot;
    const seen = this.sketch.estimate(candidate.hash);
    if (!(seen > this.sketch.estimate(incumbent.hash) || (seen >= 6 && this.parts.random() < 1 / 128)))
      return candidate.slot;
    this.probation.push(this.window.shift() as Cost);
    return incumbent.slot;
  }
}

/** Where a model draws and counts: apart from its policy, and the same. */
export interface ModelParts {
  readonly limits: PolicyLimits;
  readonly random: () => number;
}

export const models = {
  fifo: () => new QueueModel(false),
  lru: () => new QueueModel(true),
  mru: () => new QueueModel(true, true),
  lfu: () => new LfuModel(),
  'lfu, ageing': () => new AgeingLfuModel(),
  gdsf: () => new GdsfModel(),
  sieve: () => new SieveModel(),
  random: ({ random }: ModelParts) => new RandomModel(random),
  s3fifo: ({ limits }: ModelParts) => new S3FifoModel(limits),
  'tinylfu, 1 %': (parts: ModelParts) => new TinyLfuModel(parts, 0.01),
  'tinylfu, 20 %': (parts: ModelParts) => new TinyLfuModel(parts, 0.2),
};
