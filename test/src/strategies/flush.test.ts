import { describe, expect, it } from '@jest/globals';
import { gate } from '../support/gate.js';
import { openMemory } from '../values/stores.js';
import { comes } from './comes.js';
import { Table } from './table.js';

async function openRows() {
  const { cache, clock, events } = await openMemory();
  const table = new Table();
  const { load, save } = table;
  const rows = cache.through({ name: 'rows', mode: 'write-behind', ttl: 60, flushOnSignal: false, load, save });
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
