import { describe, expect, it } from '@jest/globals';
import type { FakeClock } from '@viewcache/core/testing';
import { gate } from '../support/gate.js';
import { openMemory } from '../values/stores.js';
import { comes } from './comes.js';
import { Table } from './table.js';

async function openRows(flushEvery: '1s' | '1h' = '1s') {
  const { cache, clock, events } = await openMemory();
  const table = new Table();
  const { load, save } = table;
  const rows = cache.through({
    ...{ name: 'rows', mode: 'write-behind', ttl: 60, flushOnSignal: false },
    ...{ flushEvery, load, save },
  } as const);
  const failures = () => events.filter(({ type }) => type === 'save-failed').length;
  return { clock, failures, rows, table };
}

describe('a flush, of a key of which nothing has reached the database', () => {
  it('goes on where another write has come while the one it waits for was refused', async () => {
    const { clock, failures, rows, table } = await openRows();
    const [first, second] = [gate(), gate()];
    table.gate = first.passed;
    await rows.set('a', 1);
    let isFlushed = false;
    const flushed = rows.flush().then(() => {
      isFlushed = true;
    });
    await comes(() => table.calls.length === 1);
    await rows.set('a', 2);
    table.gate = second.passed;
    table.isDown = true;
    first.open();
    await comes(() => failures() === 1);
    table.isDown = false;
    while (table.calls.length === 1) await clock.advanceAsync('1s');
    expect(isFlushed).toBe(false);
    second.open();
    await flushed;
    expect(table.rows.get('a')).toBe(2);
  });

  it('goes on where another write takes the place of one that was refused', async () => {
    const { clock, failures, rows, table } = await openRows();
    table.isDown = true;
    await rows.set('a', 1);
    let isFlushed = false;
    const flushed = rows.flush().then(() => {
      isFlushed = true;
    });
    await comes(() => failures() === 1);
    table.isDown = false;
    table.poison.add('a');
    await rows.set('a', 2);
    await rows.set('b', 2);
    // Another key has come to its end, and this one has not.
    while (!table.rows.has('b')) await clock.advanceAsync('1s');
    await comes(() => rows.pending === 1);
    expect(isFlushed).toBe(false);
    table.poison.clear();
    while (!isFlushed) await clock.advanceAsync('1s');
    await flushed;
    expect(table.rows.get('a')).toBe(2);
  });
});

describe('a flush, where what came later is not due for long', () => {
  it('does not wait for that with what has taken the place of a write that was refused under way', async () => {
    const { clock, failures, rows, table } = await openRows('1h');
    const slow = gate();
    table.gate = slow.passed;
    await rows.set('b', 1);
    const isFlushed = flagOf(rows.flush());
    await comes(() => table.calls.length === 1);
    await rows.set('a', 1);
    await rows.set('b', 2);
    table.isDown = true;
    slow.open();
    await comes(() => failures() === 1);
    table.isDown = false;
    await isFlushedSoon(clock, isFlushed);
    expect([...table.rows]).toEqual([['b', 2]]);
  });

  it('does not wait for that with what has taken the place of a write that was refused before', async () => {
    const { clock, failures, rows, table } = await openRows('1h');
    table.poison.add('b');
    await rows.set('b', 1);
    const isFlushed = flagOf(rows.flush());
    await comes(() => failures() === 1);
    await rows.set('a', 1);
    table.poison.clear();
    await rows.set('b', 2);
    await isFlushedSoon(clock, isFlushed);
    expect([...table.rows]).toEqual([['b', 2]]);
  });

  it('does not wait for that with what was refused together', async () => {
    const { clock, failures, rows, table } = await openRows('1h');
    const slow = gate();
    table.gate = slow.passed;
    await rows.set('b', 1);
    await rows.set('c', 1);
    const isFlushed = flagOf(rows.flush());
    await comes(() => table.calls.length === 2);
    await rows.set('a', 1);
    table.isDown = true;
    slow.open();
    await comes(() => failures() > 0);
    table.isDown = false;
    await isFlushedSoon(clock, isFlushed);
    expect([...table.rows.keys()].sort()).toEqual(['b', 'c']);
  });

  it('lets the others go where each write of a key is refused', async () => {
    const { clock, failures, rows, table } = await openRows('1h');
    table.poison.add('bad');
    await rows.set('bad', 0);
    const isFlushed = flagOf(rows.flush());
    await comes(() => failures() === 1);
    await rows.set('a', 1);
    void rows.flush();
    for (let n = 1; !table.rows.has('a'); n++) {
      expect(n).toBeLessThan(100);
      await rows.set('bad', n);
      await clock.advanceAsync('1s');
    }
    table.poison.clear();
    await isFlushedSoon(clock, isFlushed);
  });
});

function flagOf(work: Promise<void>): () => boolean {
  let isOver = false;
  void work.then(() => {
    isOver = true;
  });
  return () => isOver;
}

/** Long before anything is due by itself, by the cache's time. */
async function isFlushedSoon(clock: FakeClock, isFlushed: () => boolean): Promise<void> {
  for (let seconds = 0; !isFlushed(); seconds++) {
    expect(seconds).toBeLessThan(600);
    await clock.advanceAsync('1s');
  }
}
