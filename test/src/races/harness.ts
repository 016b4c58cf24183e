import type { Cache, InvalidationTarget, Refusal } from '@viewcache/core';
import { readViewOptions, runtimeOf } from '@viewcache/core/node';
import { FakeClock } from '@viewcache/core/testing';
import {
  type Answer,
  type CacheKey,
  type Candidate,
  Engine,
  Invalidator,
  type Lead,
  type LocalItem,
  MemoryStore,
  type RequestFields,
  type SharedLevel,
  selectingValue,
  TagTable,
  Telemetry,
  Trust,
  tagsOf,
  VariantIndex,
  type Visitor,
} from './internals.js';

/** What somebody does, cut where others may come between. */
export interface Steps {
  next(): IteratorResult<void, void>;
}

/** All in one step. */
export const once = (work: () => void): Steps => ({
  next() {
    work();
    return { done: true, value: undefined };
  },
});

/** Decides who goes next. */
export interface Scheduler {
  spawn(label: string, steps: Steps): void;
}

/** When a handler says which tags its response depends on. */
export type Declares = 'before' | 'after' | 'option';
/** How a handler ends. */
export type Outcome = 'ok' | 'uncacheable' | 'aborted';

/** A handler: it reads two rows, one after the other, and answers with what it read. */
export interface HandlerPlan {
  readonly declares: Declares;
  readonly outcome: Outcome;
}

/** The rows that the only view shows. */
export const ROWS = ['a', 'b'] as const;
export type Row = (typeof ROWS)[number];
type Versions = Readonly<Record<Row, number>>;

const KEY_OPTION = 'view:1';
const policy = readViewOptions<object, object>('races', { ttl: 3600, keyPrefix: 'site', key: () => KEY_OPTION });

/** The key of the view that everybody asks for. */
const viewKey: CacheKey = policy.keys.special(
  { method: 'GET', scheme: 'http', host: 'h', url: '/view/1?page=1', rewritten: '', beside: '' },
  KEY_OPTION,
);

/** All the ways to name what shows a row. */
export const targetsOf = (row: Row): readonly InvalidationTarget[] => [
  { tags: `rows#${row}` },
  { tags: ['unrelated', `rows#${row}`] },
  { tags: 'rows!bulk' },
  { key: KEY_OPTION },
  { keys: 'view:*' },
  { url: '/view/1?page=1' },
  { url: 'http://h/view/1?page=1' },
  { url: '/view/1', queries: 'all' },
  { path: '/view/1' },
  { path: '/view/*' },
  { namespace: 'site' },
  { all: true },
];
/** How many {@link targetsOf} gives. */
export const TARGETS = targetsOf('a').length;

/** How far a process's memory may lag behind a shared store, in milliseconds: the default. */
export const LAG = 1_000;

/** The data that all processes share, and the invalidations of it that have resolved. */
export class Data {
  /** What is committed. */
  readonly rows: Record<Row, number> = { a: 0, b: 0 };
  readonly #resolved: { readonly by: World; readonly row: Row; readonly version: number; readonly at: number }[] = [];

  /** An invalidation holds in its own process at once. */
  holds(by: World, row: Row, version: number): void {
    this.#resolved.push({ by, row, version, at: Number.POSITIVE_INFINITY });
  }

  /** The store has acknowledged it: other processes may lag behind that, and no more. */
  resolves(by: World, row: Row, version: number): void {
    this.#resolved.push({ by, row, version, at: by.process.clock.monotonic() });
  }

  /** Nobody who comes to a process now may be answered with less. */
  floor(world: World): Versions {
    const floor = { a: 0, b: 0 };
    for (const { by, row, version, at } of this.#resolved) {
      const holds = by === world || world.process.clock.monotonic() - at > LAG;
      if (holds) floor[row] = Math.max(floor[row], version);
    }
    return floor;
  }
}

/** What a process is built from, where it is not the real thing. */
export interface Build {
  readonly engine?: typeof Engine;
  readonly tags?: TagTable;
  readonly shared?: SharedLevel | undefined;
  readonly clock?: FakeClock;
  /** What the engine believes; a world holds it to what the data allows. */
  readonly l1MaxLagMs?: number;
  readonly maxEntries?: number;
}

/** One process, as far as races go. */
export interface Process {
  readonly clock: FakeClock;
  readonly tags: TagTable;
  readonly engine: Engine;
  /** There is a store behind its memory, which other processes write to. */
  readonly isShared: boolean;
  invalidate(target: InvalidationTarget, mode: 'soft' | 'hard'): Promise<{ readonly durable: boolean }>;
}

/** A process with a cache as an app makes it. */
export function processOf(cache: Cache, clock: FakeClock): Process {
  const runtime = runtimeOf(cache);
  if (runtime === undefined) throw new Error('no cache');
  return {
    clock,
    tags: runtime.tags,
    engine: runtime.engine,
    isShared: cache.health().shared !== undefined,
    invalidate: async (target, mode) => await (mode === 'hard' ? cache.purge(target) : cache.invalidate(target)),
  };
}

/** A process put together as `createCache` does it, from parts that may be wrong. */
export class BuiltProcess implements Process {
  readonly clock: FakeClock;
  readonly tags: TagTable;
  readonly engine: Engine;
  readonly isShared: boolean;
  readonly variants = new VariantIndex(32);
  readonly local: MemoryStore<LocalItem>;
  readonly #invalidator: Invalidator;

  constructor({ engine, tags, shared, clock, l1MaxLagMs = LAG, maxEntries = 100 }: Build = {}) {
    const telemetry = new Telemetry();
    this.clock = clock ?? new FakeClock();
    this.tags = tags ?? new TagTable();
    this.isShared = shared !== undefined;
    this.local = new MemoryStore<LocalItem>({
      clock: this.clock,
      maxEntries,
      onRemove: (key, item, reason) => {
        this.tags.release(item.records);
        item.records = [];
        if (item.stored.selecting.length > 0 && reason !== 'replaced') this.variants.forget(item.target, key);
      },
    });
    this.engine = new (engine ?? Engine)({
      local: this.local,
      tags: this.tags,
      variants: this.variants,
      shared,
      clock: this.clock,
      sink: telemetry,
      limits: { waitersPerKey: 1_000, collapseTimeoutMs: 10_000, hitForMissMs: 2_000 },
      trust: new Trust(this.clock, shared === undefined ? Number.POSITIVE_INFINITY : l1MaxLagMs),
      storesNothing: false,
      normalizeSelecting: selectingValue,
    });
    this.#invalidator = new Invalidator({
      tags: this.tags,
      unheard: shared?.unheard,
      sink: telemetry,
      clock: this.clock,
      lagMs: undefined,
      throwsUnheard: false,
      invalidated: () => {},
      droppedBy: () => ({ count: 0, exact: true, keys: [] }),
      purgesOnly: shared?.store.purgesOnly === true,
    });
  }

  invalidate(target: InvalidationTarget, mode: 'soft' | 'hard'): Promise<{ readonly durable: boolean }> {
    return this.#invalidator.run(tagsOf(target, { isIgnored: () => false }), mode);
  }
}

const nobody: RequestFields = { get: () => undefined };

export const candidate: Candidate = {
  status: 200,
  headers: ['Content-Type', 'text/plain'],
  removes: [],
  body: Buffer.alloc(0),
  selecting: [],
  tags: [],
  lifetimeMs: 3_600_000,
  initialAgeMs: 0,
  etag: undefined,
  lastModified: undefined,
  route: '/view/:id',
  producerMs: 1,
  placeholders: [],
};

/**
 * One process with an engine, over data that writers change: it knows at every moment what may no longer be answered.
 */
export class World {
  readonly violations: string[] = [];
  readonly visitors: TestVisitor[] = [];
  handlerRuns = 0;
  /** How many times something made a stored response, or one under way, unusable. */
  setbacks = 0;
  readonly #scheduler: Scheduler;

  constructor(
    scheduler: Scheduler,
    readonly process: Process,
    readonly data: Data = new Data(),
  ) {
    this.#scheduler = scheduler;
  }

  /** A request comes in: a hit, or it waits, or it leads. */
  request(plan: HandlerPlan, name: string): TestVisitor {
    const visitor = new TestVisitor(name, this, (lead) =>
      this.#scheduler.spawn(`${name} handler`, this.#run(lead, plan)),
    );
    this.visitors.push(visitor);
    visitor.ask();
    return visitor;
  }

  /** A writer commits, and then invalidates what shows the row. */
  *write(row: Row, number: number, mode: 'soft' | 'hard'): Generator<void, void, void> {
    const version = ++this.data.rows[row];
    yield;
    this.setbacks++;
    const target = targetsOf(row)[number % TARGETS] as InvalidationTarget;
    const receipt = this.process.invalidate(target, mode);
    // In this process before anything is awaited, elsewhere once the store has acknowledged it.
    this.data.holds(this, row, version);
    void receipt.then(({ durable }) => {
      if (durable) this.data.resolves(this, row, version);
    });
  }

  /** What somebody who came when `floor` held is answered with. */
  answered(visitor: TestVisitor, item: LocalItem, how: Answer): void {
    const [a = 0, b = 0] = item.stored.body.toString().split(',').map(Number);
    const { floor } = visitor;
    if (a < floor.a || b < floor.b)
      this.violations.push(
        `${visitor.name}: ${how} of ${a},${b} though ${floor.a},${floor.b} was invalidated before it came`,
      );
  }

  /**
   * At the end: everybody was answered once, nobody waited for a third run, the handler ran for a reason each time, and
   * what is stored is current.
   */
  settle(): readonly string[] {
    // Each run but the first needs that the one before, or what it had stored, was made useless.
    if (!this.process.isShared && this.handlerRuns > 1 + this.setbacks)
      this.violations.push(`the handler ran ${this.handlerRuns} times for ${this.setbacks} setbacks`);
    for (const visitor of this.visitors) {
      if (visitor.answers !== 1) this.violations.push(`${visitor.name} was answered ${visitor.answers} times`);
      if (visitor.runsWaitedFor > 2)
        this.violations.push(`${visitor.name} waited for ${visitor.runsWaitedFor} handler runs`);
    }
    const last = new TestVisitor('whoever comes next', this, () => {});
    const item = this.process.engine.find(viewKey, [], nobody);
    if (item !== undefined) this.answered(last, item, 'hit');
    return this.violations;
  }

  *#run(lead: Lead, { declares, outcome }: HandlerPlan): Generator<void, void, void> {
    this.handlerRuns++;
    const visitor = lead.visitor as TestVisitor;
    if (declares === 'before') visitor.declare();
    const { a } = this.data.rows;
    yield;
    const { b } = this.data.rows;
    yield;
    if (declares !== 'before') visitor.declare();
    for (const waiter of lead.flight?.waiters ?? []) (waiter.visitor as TestVisitor).runsWaitedFor++;
    if (outcome === 'ok') {
      const tags = ['rows#a', 'rows#b', 'rows!bulk', 'rows!ins'];
      lead.complete({ ...candidate, body: Buffer.from(`${a},${b}`), tags });
    } else {
      // An uncacheable response lets everybody run alone, and so does a second abort.
      const isFirst = outcome === 'aborted' && (lead.flight?.waiters ?? []).every((waiter) => !waiter.isEarly);
      this.setbacks += isFirst ? 1 : Number.POSITIVE_INFINITY;
      const reason: Refusal = outcome === 'aborted' ? 'aborted' : 'set-cookie';
      visitor.isGone = outcome === 'aborted';
      lead.refuse(reason, '/view/:id');
    }
    // Its own client has what it read, which was all read after it came.
    visitor.answers++;
  }
}

/** One request, as the engine sees it. */
export class TestVisitor implements Visitor {
  readonly key = viewKey;
  readonly fields = nobody;
  readonly policyNames: readonly string[] = [];
  isGone = false;
  /** What nobody who comes now may be answered with less than. */
  readonly floor: Versions;
  answers = 0;
  how: Answer | 'led' | undefined;
  /** Handler runs of others that ended while it waited for them. */
  runsWaitedFor = 0;
  /** The local clock when its handler declared its tags. */
  declaredAt: number | undefined;
  readonly #world: World;
  readonly #handler: (lead: Lead) => void;

  constructor(
    readonly name: string,
    world: World,
    handler: (lead: Lead) => void,
  ) {
    this.#world = world;
    this.#handler = handler;
    this.floor = world.data.floor(world);
  }

  ask(): void {
    const item = this.#world.process.engine.find(this.key, this.policyNames, this.fields);
    if (item === undefined) this.#world.process.engine.fetch(this);
    else this.answer(item, 'hit');
  }

  declare(): void {
    this.declaredAt = this.#world.process.tags.clock;
  }

  answer(item: LocalItem, how: Answer): void {
    this.answers++;
    this.how = how;
    this.#world.answered(this, item, how);
  }

  lead(lead: Lead): void {
    this.how = 'led';
    this.#handler(lead);
  }
}
