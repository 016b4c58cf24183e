import { describe, expect, it } from '@jest/globals';
import { ConfigError, defaultCache, type WriteBehind, WriteRefusedError } from '@viewcache/core';
import { FakeClock, freshCache } from '@viewcache/core/testing';
import { gate } from '../support/gate.js';
import { errorOf, openMemory, openOn, stores } from '../values/stores.js';
import { comes } from './comes.js';
import { Table } from './table.js';

const options = { name: 'rows', mode: 'write-behind', ttl: 60, flushOnSignal: false } as const;

describe.each(stores)('writing behind the cache, in %s', (_name, store) => {
  it('acknowledges a write, and saves it with others a moment later, the last one of each key', async () => {
    const { cache, clock } = await openOn(store);
    const table = new Table();
    const { load, saveMany, remove } = table;
    const rows = cache.through({ ...options, load, saveMany, remove });
    await rows.set('a', 1);
    await rows.set('b', 2);
    await rows.set('a', 3);
    expect([await rows.get('a'), await rows.get('b'), rows.pending]).toEqual([3, 2, 2]);
    expect(table.taken()).toEqual([]);
    await clock.advanceAsync('999ms');
    expect(table.taken()).toEqual([]);
    await clock.advanceAsync('1ms');
    await comes(() => rows.pending === 0);
    expect(table.taken()).toEqual(['save a,b']);
    expect([...table.rows]).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
    expect([await rows.get('a'), await rows.get('b')]).toEqual([3, 2]);
    await rows.delete('a');
    expect(await rows.get('a')).toBeUndefined();
    await rows.flush();
    expect(table.taken()).toEqual(['remove a']);
    expect(await rows.get('a')).toBeUndefined();
  });

  it('is read by whoever wrote, whatever becomes of the cache', async () => {
    const { cache } = await openOn(store);
    const table = new Table();
    const { load, save, remove } = table;
    table.rows.set('a', 0);
    table.rows.set('b', 0);
    const rows = cache.through({ ...options, load, save, remove });
    await rows.set('a', 1);
    await rows.delete('b');
    await cache.purge({ all: true });
    expect([await rows.get('a'), await rows.get('b')]).toEqual([1, undefined]);
    expect(await rows.getMany(['a', 'b'])).toEqual(new Map([['a', 1]]));
    expect(table.taken()).toEqual([]);
    await rows.flush();
    await cache.purge({ all: true });
    expect([await rows.get('a'), await rows.get('b')]).toEqual([1, undefined]);
    expect(table.taken().sort()).toEqual(['load a', 'load b', 'remove b', 'save a']);
  });

  it('saves what it was given, not what has been made of it since', async () => {
    const { cache } = await openOn(store);
    const table = new Table();
    const { load, save } = table;
    const rows = cache.through({ ...options, load, save });
    const value = { count: 1 };
    const writing = rows.set('a', value);
    value.count = 2;
    await writing;
    expect(await rows.get('a')).toEqual({ count: 1 });
    await rows.flush();
    expect(table.rows.get('a')).toEqual({ count: 1 });
  });
});

describe('writing behind the cache, over a shared store', () => {
  it.each(stores.slice(1))('makes all processes agree when it has saved, in %s', async (_name, store) => {
    const { cache, other } = await openOn(store, { consistency: 'strict' });
    const table = new Table();
    table.rows.set('a', 'old');
    const { load, save } = table;
    const theirs = (await other()).through({ name: 'rows', mode: 'read-through', ttl: 60, load });
    const rows = cache.through({ ...options, load, save });
    await rows.set('a', 'new');
    // Another process that does not know of the write, and finds nothing stored, stores what the database has.
    await cache.purge({ all: true });
    expect(await theirs.get('a')).toBe('old');
    await rows.flush();
    expect(await theirs.get('a')).toBe('new');
  });
});

/** Opens a strategy over a table, in memory. */
async function openTable(more: Partial<Parameters<typeof makeRows>[1]> = {}) {
  const { cache, clock, events, warnings } = await openMemory();
  const table = new Table();
  const rows = makeRows(cache, { load: table.load, saveMany: table.saveMany, remove: table.remove, ...more });
  return { cache, clock, events, warnings, table, rows };
}

function makeRows(
  cache: Parameters<typeof valuesOf>[0],
  more: Omit<Parameters<typeof valuesOf>[1], 'name' | 'mode' | 'ttl'>,
): WriteBehind<string | number, unknown> {
  return valuesOf(cache, { ...options, ...more } as Parameters<typeof valuesOf>[1]);
}

function valuesOf(
  cache: Awaited<ReturnType<typeof openMemory>>['cache'],
  given: import('@viewcache/core').WriteBehindOptions<string | number, unknown>,
) {
  return cache.through(given);
}

describe('what waits for the database', () => {
  it('goes without waiting where there is enough of it', async () => {
    const { rows, table } = await openTable({ flushSize: 3 });
    for (const key of ['a', 'b', 'c', 'd']) await rows.set(key, key);
    await comes(() => rows.pending === 1);
    expect(table.taken()).toEqual(['save a,b,c']);
    await rows.flush();
    expect(table.taken()).toEqual(['save d']);
  });

  it('goes in the order of a key, one at a time, and nothing older after something newer', async () => {
    const { rows, table } = await openTable({ flushSize: 1 });
    const slow = gate();
    table.gate = slow.passed;
    await rows.set('a', 1);
    for (const value of [2, 3, 4]) await rows.set('a', value);
    expect(await rows.get('a')).toBe(4);
    expect(table.taken()).toEqual(['save a']);
    slow.open();
    await rows.flush();
    expect(table.taken()).toEqual(['save a']);
    expect(table.rows.get('a')).toBe(4);
    expect(table.disordered).toEqual([]);
  });

  it('tells apart the versions of processes that come one after the other', async () => {
    const first = await openTable();
    await first.rows.set('a', 1);
    await first.rows.flush();
    const [before = 0] = first.table.versions.get('a') ?? [];
    const clock = new FakeClock(first.clock.now() + 1);
    const { cache } = await openMemory({ clock });
    const rows = makeRows(cache, { load: first.table.load, saveMany: first.table.saveMany });
    await rows.set('a', 2);
    await rows.flush();
    expect(first.table.versions.get('a')?.[1]).toBeGreaterThan(before);
  });

  it('waits for a database that is down for a minute, within its bounds, and has reached it soon after', async () => {
    const { rows, table, clock, events } = await openTable({ maxPending: 500, flushSize: 50 });
    table.isDown = true;
    const acknowledged = new Map<string, number>();
    const writes: Promise<void>[] = [];
    let refused = 0;
    for (let second = 0; second < 60; second++) {
      for (let i = 0; i < 20; i++) {
        const [key, value] = [`k${(second * 20 + i) % 1000}`, second];
        const written = rows.set(key, value).then(
          () => void acknowledged.set(key, value),
          (error) => {
            expect(error).toBeInstanceOf(WriteRefusedError);
            expect((error as WriteRefusedError).reason).toBe('full');
            refused++;
          },
        );
        writes.push(written);
      }
      await clock.advanceAsync('1s');
      expect(rows.pending).toBeLessThanOrEqual(500);
    }
    expect(refused).toBeGreaterThan(100);
    expect(acknowledged.size).toBeGreaterThanOrEqual(500);
    // It was left in peace: not a try for each write.
    expect(table.taken().length).toBeLessThan(30);
    table.isDown = false;
    await clock.advanceAsync('31s');
    await Promise.all(writes);
    await rows.flush();
    expect(rows.pending).toBe(0);
    expect([...acknowledged].filter(([key, value]) => table.rows.get(key) !== value)).toEqual([]);
    expect(table.disordered).toEqual([]);
    expect(table.taken().length).toBeLessThan(80);
    expect(events.some(({ type }) => type === 'save-failed')).toBe(true);
    expect(events.filter(({ type }) => type === 'dead-letter')).toEqual([]);
  });

  it('is not kept from the database by a write that it will never take', async () => {
    const letters: unknown[] = [];
    const onDeadLetter = ({ key, value, isDeletion, attempts }: import('@viewcache/core').DeadLetter) =>
      letters.push({ key, value, isDeletion, isMany: attempts > 1 });
    const { rows, table, clock, events } = await openTable({ onDeadLetter, retryFor: '1m' });
    table.rows.set('bad', 'of the database');
    table.poison.add('bad');
    for (let i = 0; i < 40; i++) await rows.set(i === 7 ? 'bad' : `k${i}`, i);
    await clock.advanceAsync('5s');
    expect(rows.pending).toBe(1);
    expect(table.rows.size).toBe(40);
    expect(await rows.get('bad')).toBe(7);
    await clock.advanceAsync('2m');
    expect(rows.pending).toBe(0);
    expect(letters).toEqual([{ key: 'bad', value: 7, isDeletion: false, isMany: true }]);
    expect(events.filter(({ type }) => type === 'dead-letter')).toMatchObject([{ strategy: 'rows', keys: ['bad'] }]);
    // Nobody reads what the database will not have.
    expect(await rows.get('bad')).toBe('of the database');
  });

  it('fails aloud, and aloud is lost where nobody is there to be handed it', async () => {
    const { rows, table, clock, warnings } = await openTable({ retryFor: '1m' });
    table.poison.add('bad');
    await rows.set('bad', 1);
    await clock.advanceAsync('5s');
    expect(warnings().join('\n')).toMatch(/through\.save of rows fails, and is tried again: /);
    expect(warnings().join('\n')).not.toMatch(/lost/);
    await clock.advanceAsync('2m');
    expect(warnings().join('\n')).toMatch(
      /writes of rows are given up and lost, as there is no through\.onDeadLetter to keep them: /,
    );
  });

  it('takes another value of a key whose write was refused', async () => {
    const { rows, table, clock } = await openTable();
    table.poison.add('a');
    await rows.set('a', 1);
    await clock.advanceAsync('5s');
    table.poison.clear();
    await rows.set('a', 2);
    await rows.flush();
    expect(table.rows.get('a')).toBe(2);
  });

  it('is given up at once where the error says that it is of no use to try again', async () => {
    const letters: unknown[] = [];
    const { rows, table, events } = await openTable({
      retryIf: (error) => !String(error).includes('no bad'),
      onDeadLetter: ({ key }) => letters.push(key),
      flushSize: 2,
    });
    table.poison.add('bad');
    await rows.set('bad', 1);
    await rows.set('good', 2);
    await rows.flush();
    expect(letters).toEqual(['bad']);
    expect([...table.rows.keys()]).toEqual(['good']);
    const told = events.flatMap((event) =>
      event.type === 'save-failed' || event.type === 'dead-letter' ? [[event.type, event.keys]] : [],
    );
    // Both went together, and were tried again by themselves; the one that was given up then is tried no more.
    expect(told).toEqual([
      ['save-failed', ['bad', 'good']],
      ['dead-letter', ['bad']],
    ]);
    events.length = 0;
    await rows.set('bad', 1);
    await rows.flush();
    expect(events.filter(({ type }) => type === 'save-failed')).toEqual([]);
  });

  it('is saved one by one where the database takes no more, and each has its own fate', async () => {
    const { cache, clock } = await openMemory();
    const table = new Table();
    const letters: unknown[] = [];
    const rows = makeRows(cache, {
      load: table.load,
      save: table.save,
      remove: table.remove,
      retryFor: '10s',
      onDeadLetter: ({ key, isDeletion }) => letters.push([key, isDeletion]),
    });
    table.poison.add('bad').add('gone');
    for (const key of ['a', 'bad', 'b']) await rows.set(key, key);
    await rows.delete('gone');
    await clock.advanceAsync('1s');
    expect([...table.rows.keys()]).toEqual(['a', 'b']);
    expect(rows.pending).toBe(2);
    await clock.advanceAsync('1m');
    expect(letters.sort()).toEqual([
      ['bad', false],
      ['gone', true],
    ]);
  });

  it('is refused where there is no room in time, and let in where there is', async () => {
    const { rows, table, clock } = await openTable({ maxPending: 2, fullTimeout: '3s', flushEvery: '1m' });
    const slow = gate();
    table.gate = slow.passed;
    await rows.set('a', 1);
    await rows.set('b', 2);
    // It takes the place of one that waits, and needs none of its own.
    await rows.set('b', 3);
    const early = errorOf(rows.set('c', 4));
    await clock.advanceAsync('2s');
    const late = rows.set('d', 5);
    await clock.advanceAsync('1s');
    const error = await early;
    expect(error).toBeInstanceOf(WriteRefusedError);
    expect((error as Error).message).toBe(
      'rows: a write of "c" was refused: as many wait for the database as may, and none was saved in time',
    );
    expect(await rows.get('c')).toBeUndefined();
    slow.open();
    await late;
    await rows.flush();
    expect([...table.rows.keys()]).toEqual(['a', 'b', 'd']);
  });

  it('is bounded in bytes, too', async () => {
    const { rows, table, clock } = await openTable({ maxPendingBytes: '4kb', fullTimeout: '1s' });
    table.isDown = true;
    await rows.set('a', 'x'.repeat(4_096));
    const refused = errorOf(rows.set('b', 1));
    await clock.advanceAsync('1s');
    expect(await refused).toMatchObject({ code: 'ERR_CACHE_WRITE_REFUSED', reason: 'full' });
    table.isDown = false;
  });

  it('is saved when the cache closes, and nothing is taken any more', async () => {
    const { cache, rows, table } = await openTable();
    await rows.set('a', 1);
    await cache.close();
    expect(table.taken()).toEqual(['save a']);
    expect(await errorOf(rows.set('a', 2))).toMatchObject({ code: 'ERR_CACHE_WRITE_REFUSED', reason: 'closed' });
  });

  it('is handed over where the database does not take it before the end', async () => {
    const letters: unknown[] = [];
    const { rows, table, clock } = await openTable({
      closeTimeout: '5s',
      onDeadLetter: ({ key, value, error }) => letters.push([key, value, String(error)]),
    });
    table.isDown = true;
    await rows.set('a', 1);
    await rows.set('b', 2);
    const closing = rows.close();
    await clock.advanceAsync('5s');
    await closing;
    // It was acknowledged, and no write that is refused.
    const why =
      'Error: rows was closed, and the database has not taken the write within through.closeTimeout (5000 ms)';
    expect(letters.sort()).toEqual([
      ['a', 1, why],
      ['b', 2, why],
    ]);
    expect(clock.pendingTimers).toBeLessThanOrEqual(1);
  });

  it('is no value without bytes', async () => {
    const { rows } = await openTable();
    for (const wrong of [() => 1, new (class Own {})()])
      expect(await errorOf(rows.set('a', wrong))).toMatchObject({ code: 'ERR_CACHE_WRITE_REFUSED', reason: 'value' });
    expect(rows.pending).toBe(0);
  });

  it('has one queue for each name', async () => {
    const { cache, rows, table } = await openTable();
    expect(() => makeRows(cache, { load: table.load, save: table.save })).toThrow(ConfigError);
    await rows.close();
    const again = makeRows(cache, { load: table.load, save: table.save });
    await again.set('a', 1);
    await again.close();
    expect(table.rows.get('a')).toBe(1);
  });

  it('goes by the default cache, whichever that is', async () => {
    const table = new Table();
    const rows = defaultCache().through({ ...options, load: table.load, saveMany: table.saveMany });
    const fresh = freshCache();
    await rows.set('a', 1);
    expect(await rows.get('a')).toBe(1);
    expect(table.taken()).toEqual([]);
    await fresh.end();
    expect(table.taken()).toEqual(['save a']);
  });
});

describe('the options of what is written behind', () => {
  it.each([
    ['through.flushEvery', { flushEvery: -1 }],
    ['through.flushSize', { flushSize: 0 }],
    ['through.maxPending', { maxPending: 1.5 }],
    ['through.maxPendingBytes', { maxPendingBytes: 'much' }],
    ['through.fullTimeout', { fullTimeout: 'soon' }],
    ['through.retryFor', { retryFor: null }],
    ['through.retryIf', { retryIf: true }],
    ['through.onDeadLetter', { onDeadLetter: 'log' }],
    ['through.closeTimeout', { closeTimeout: Number.NaN }],
    ['through.flushOnSignal', { flushOnSignal: 'SIGTERM' }],
    ['through.journal', { journal: '' }],
    ['through.journal', { journal: 7 }],
    ['through.journal.file', { journal: { fsync: true } }],
    ['through.journal.fsync', { journal: { file: 'x', fsync: 'yes' } }],
    ['through.journal.sync', { journal: { file: 'x', sync: true } }],
  ])('refuses a wrong %s at once', async (setting, wrong) => {
    const { cache } = await openMemory();
    const good = { ...options, load: () => 1, save: () => {} };
    expect(() => cache.through({ ...good, ...wrong } as never)).toThrow(`${setting}: `);
  });
});
