import { describe, it } from '@jest/globals';
import { createCache, type WriteInfo, WriteRefusedError } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import fc from 'fast-check';
import { assertFor } from '../races/internals.js';

/*
 * Writes, deletions, reads, purges, flushes and time, in any order, over a database that fails as it likes, before it has written
 * or after. What was acknowledged last is what is read; when the database is well again, it is what it has; and at no time is
 * anything older saved after something newer.
 */

const keys = ['a', 'b', 'c', 7] as const;

type Entry = readonly [key: string | number, value: number | undefined, info: WriteInfo];

type Step =
  | { readonly kind: 'set' | 'delete' | 'get'; readonly key: number }
  | { readonly kind: 'flush' }
  | { readonly kind: 'purge' }
  | { readonly kind: 'heal' }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'break'; readonly how: 'before' | 'after' | 'poison' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('set', 'set', 'delete', 'get'), key: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('flush', 'purge', 'heal') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance'), ms: fc.constantFrom(10, 500, 1_000, 40_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('break'), how: fc.constantFrom('before', 'after', 'poison') }),
  },
) as fc.Arbitrary<Step>;

const setting = fc.record({
  flushSize: fc.constantFrom(1, 2, 100),
  maxPending: fc.constantFrom(2, 100),
  isMany: fc.boolean(),
});

interface Setting {
  readonly flushSize: number;
  readonly maxPending: number;
  readonly isMany: boolean;
}

async function behave(steps: readonly Step[], { flushSize, maxPending, isMany }: Setting): Promise<void> {
  const clock = new FakeClock();
  const cache = createCache({ clock });
  const rows = new Map<string, number | undefined>();
  const versions = new Map<string, number>();
  let trouble: 'before' | 'after' | 'poison' | undefined;
  const take = async (entries: readonly Entry[]): Promise<void> => {
    // It takes its time, in which more is written.
    await new Promise<void>((resolve) => void clock.after(15, resolve));
    if (trouble === 'before' || (trouble === 'poison' && entries.some(([key]) => key === 'b'))) throw new Error('no');
    for (const [key, value, { version }] of entries) {
      if (version < (versions.get(String(key)) ?? 0)) throw new Error(`stale: ${key}`);
      versions.set(String(key), version);
      rows.set(String(key), value);
    }
    if (trouble === 'after') throw new Error('who knows');
  };
  const stored = cache.through<string | number, number>({
    ...{ name: 'rows', mode: 'write-behind', ttl: 60, flushOnSignal: false, fullTimeout: 0, flushSize, maxPending },
    load: (key) => rows.get(String(key)),
    saveMany: isMany ? take : undefined,
    save: (key, value, info) => take([[key, value, info]]),
    remove: (key, info) => take([[key, undefined, info]]),
  });
  const expected = new Map<string, number | undefined>();
  let number = 0;
  const write = async (key: string | number, value: number | undefined): Promise<void> => {
    try {
      await (value === undefined ? stored.delete(key) : stored.set(key, value));
      expected.set(String(key), value);
    } catch (error) {
      if (!(error instanceof WriteRefusedError) || error.reason !== 'full') throw error;
    }
  };
  const check = async (key: string | number): Promise<void> => {
    const found = await stored.get(key);
    if (found !== expected.get(String(key)))
      throw new Error(`stale: ${key} is ${found}, not ${expected.get(String(key))}`);
  };
  for (const each of steps) {
    if (each.kind === 'advance') await clock.advanceAsync(each.ms);
    else if (each.kind === 'break') trouble = each.how;
    else if (each.kind === 'heal') trouble = undefined;
    else if (each.kind === 'purge') await cache.purge({ all: true });
    else if (each.kind === 'flush') void stored.flush();
    else {
      const key = keys[each.key] as string | number;
      const pending = each.kind === 'get' ? check(key) : write(key, each.kind === 'set' ? ++number : undefined);
      await clock.advanceAsync(1);
      await pending;
    }
    if (stored.pending > maxPending) throw new Error('stale: more waits than may');
  }
  for (const key of keys) await check(key);
  trouble = undefined;
  await whileTimePasses(clock, stored.flush());
  for (const [key, value] of expected)
    if (rows.get(key) !== value) throw new Error(`stale: the database has ${rows.get(key)} of ${key}, not ${value}`);
  await cache.purge({ all: true });
  for (const key of keys) await check(key);
  await whileTimePasses(clock, cache.close());
}

async function whileTimePasses(clock: FakeClock, work: Promise<void>): Promise<void> {
  let isOver = false;
  const end = work.finally(() => {
    isOver = true;
  });
  while (!isOver) await clock.advanceAsync(20);
  await end;
}

describe('what is written behind', () => {
  it('is read as it was acknowledged last, and ends in the database, whatever happens to it on the way', async () => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), setting, behave);
    await assertFor({ ms: 2_000, most: 400, soakMs: 60_000 }, property, { endOnFailure: true });
  });
});
