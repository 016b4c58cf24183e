import { describe, expect, it } from '@jest/globals';
import { type Cache, createCache, type WriteThrough } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import fc from 'fast-check';
import { assertFor, frameCodec, openCache, RetryQueue, readCacheOptions } from '../races/internals.js';
import { ModelStore } from '../races/model-store.js';

/*
 * Writers, readers and invalidations of one row, in every order; the database refuses some of the writes. Nobody is told what
 * it has refused, nobody is told anything older than a write that had resolved before he asked, and when all is over cache and
 * database agree.
 */

type Kind = 'write' | 'refused' | 'delete' | 'read' | 'invalidate';

interface Step {
  readonly kind: Kind;
  readonly process: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Kind>('write', 'write', 'write', 'refused', 'delete', 'read', 'read', 'invalidate'),
  process: fc.nat(1),
});
const steps = fc.array(step, { minLength: 2, maxLength: 8 });

type Rows = WriteThrough<string, number>;
type Turn = (label: string) => Promise<void>;

/** A row, numbered by its writes as the database took them: each number is written once, so that it says how old it is. */
class Row {
  /** What the database has, and has had. */
  value = 0;
  readonly #places = new Map<number, number>([[0, 0]]);
  #numbers = 0;
  /** How new what is read has to be. */
  settled = 0;

  constructor(readonly turn: Turn) {}

  next(): number {
    return ++this.#numbers;
  }

  async load(): Promise<number> {
    await this.turn('asks the database');
    const found = this.value;
    await this.turn('has its answer');
    return found;
  }

  /** @returns when it has been taken, among all that have been */
  async save(value: number, isRefused: boolean): Promise<void> {
    await this.turn('writes');
    if (!isRefused) {
      this.value = value;
      this.#places.set(value, this.#places.size);
    }
    await this.turn('has written');
    if (isRefused) throw new Error('refused');
  }

  /** When a value was taken; a deletion counts as one, of a number of its own. */
  placeOf(value: number): number {
    const place = this.#places.get(value);
    if (place === undefined) throw new Error(`stale: ${value} was never in the database`);
    return place;
  }
}

/** Writes by the cache's own strategy, or in a way that is wrong. */
type Write = (cache: Cache, rows: Rows, row: Row, value: number, isRefused: boolean) => Promise<void>;

const throughStrategy: Write = (_cache, rows, _row, value) => rows.set('k', value);

interface Setting {
  readonly mode: 'write-through' | 'write-around';
  readonly write?: Write;
}

async function race(caches: readonly Cache[], plan: readonly Step[], turn: Turn, setting: Setting): Promise<Row> {
  const { mode, write = throughStrategy } = setting;
  const row = new Row(turn);
  const refused = new Set<number>();
  const stored = caches.map((cache) =>
    cache.through({
      name: 'rows',
      mode,
      ttl: 60,
      load: (_key: string) => row.load(),
      save: (_key, value: number) => row.save(value, refused.has(value)),
      remove: () => row.save(row.next(), false),
    }),
  );
  const doStep = async ({ kind, process }: Step): Promise<void> => {
    await turn(`begins to ${kind}`);
    const at = process % caches.length;
    const [cache, rows] = [caches[at] as Cache, stored[at] as Rows];
    const atLeast = row.settled;
    if (kind === 'read') {
      const found = await rows.get('k');
      if (found === undefined || row.placeOf(found) < atLeast) throw new Error(`stale: ${found}`);
    } else if (kind === 'invalidate') await cache.namespace('rows').invalidate({ key: 'k' });
    else if (kind === 'delete') await rows.delete('k');
    else {
      const value = row.next();
      if (kind === 'refused') refused.add(value);
      await write(cache, rows, row, value, kind === 'refused').catch(() => {});
      if (kind === 'write') row.settled = Math.max(row.settled, row.placeOf(value));
    }
  };
  await Promise.all(plan.map(doStep));
  for (const rows of stored) {
    const found = await rows.get('k');
    if (found !== row.value) throw new Error(`stale: ${found} is stored, and ${row.value} in the database`);
  }
  return row;
}

const inMemory = (): Cache[] => [createCache({ clock: new FakeClock() })];

/** Two processes over one store, which they ask first. */
function inStore(turn: Turn): Cache[] {
  const clock = new FakeClock();
  const store = new ModelStore(turn);
  const open = () =>
    openCache(readCacheOptions({ clock, consistency: 'strict' }), () => ({
      store,
      codec: frameCodec(),
      unheard: new RetryQueue((tags, mode) => store.invalidate(tags, mode), clock),
    }));
  return [open(), open()];
}

const racing = (open: (turn: Turn) => Cache[], setting: Setting) =>
  fc.asyncProperty(steps, fc.scheduler(), async (plan, scheduler) => {
    const turn: Turn = async (label) => {
      await scheduler.schedule(Promise.resolve(), label);
    };
    await scheduler.waitFor(race(open(turn), plan, turn, setting));
  });

const places = [
  ['in memory', inMemory],
  ['in two processes over one store', inStore],
] as const;
const modes = ['write-through', 'write-around'] as const;

describe.each(places)('cache and database, %s', (_where, open) => {
  it.each(modes)('agree in the end, and nobody is told what was refused or is older, by %s', async (mode) => {
    await assertFor({ ms: 800, most: 300, soakMs: 60_000 }, racing(open, { mode }), { endOnFailure: true });
  });
});

const kept = { ttl: 60 };
const valuesOf = (cache: Cache) => cache.namespace('rows');

/** The numbers are those of docs/reference/invalidation-protocol.md. */
const wrongs: readonly (readonly [what: string, write: Write])[] = [
  [
    'stores after the save, whatever happened meanwhile (T24)',
    async (cache, _rows, row, value, isRefused) => {
      await row.save(value, isRefused);
      await valuesOf(cache).set('k', value, kept);
    },
  ],
  [
    'invalidates after the save, and takes its token then (T25)',
    async (cache, _rows, row, value, isRefused) => {
      await row.save(value, isRefused);
      await valuesOf(cache).delete('k');
      const since = await cache.token();
      await valuesOf(cache).set('k', value, { ...kept, since });
    },
  ],
  [
    'stores before the save',
    async (cache, _rows, row, value, isRefused) => {
      await valuesOf(cache).set('k', value, kept);
      await row.save(value, isRefused);
    },
  ],
  [
    'forgets before the save, and not after it',
    async (cache, _rows, row, value, isRefused) => {
      await valuesOf(cache).delete('k');
      await row.save(value, isRefused);
    },
  ],
];

describe.each(places)('the same races, %s', (_where, open) => {
  it.each(wrongs)('find out who %s', async (_what, write) => {
    const found = await fc.check(racing(open, { mode: 'write-through', write }), {
      numRuns: 5_000,
      endOnFailure: true,
    });
    expect(String(found.errorInstance)).toContain('stale');
  });
});
