import { beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigError, type WriteBehindOptions, WriteRefusedError } from '@viewcache/core';
import { type Gate, gate } from '../support/gate.js';
import { errorOf, openMemory } from '../values/stores.js';
import { comes } from './comes.js';
import { Table } from './table.js';

type Options = WriteBehindOptions<string | number, unknown>;

async function openRows(more: Partial<Options>) {
  const { cache, clock, events } = await openMemory();
  const table = new Table();
  const options = {
    name: 'rows',
    mode: 'write-behind',
    ttl: 60,
    flushOnSignal: false,
    load: table.load,
    ...more,
  } as Options;
  const rows = cache.through(options);
  const failures = () =>
    events.flatMap((event) => (event.type === 'save-failed' ? [[event.keys, String(event.error)]] : []));
  return { cache, clock, events, failures, rows, table };
}

/** A database that does not answer of some keys, until it is let. */
class Stuck {
  readonly gates = new Map<string | number, Gate>();
  readonly saved: unknown[] = [];
  /** How many of a key are under way. */
  readonly underWay = new Map<string | number, number>();
  most = 0;

  readonly save = async (key: string | number, value: unknown): Promise<void> => {
    const count = (this.underWay.get(key) ?? 0) + 1;
    this.most = Math.max(this.most, count);
    this.underWay.set(key, count);
    await this.gates.get(key)?.passed;
    this.underWay.set(key, count - 1);
    this.saved.push([key, value]);
  };

  stick(key: string): void {
    this.gates.set(key, gate());
  }
}

describe('a save that does not answer', () => {
  it('stops nothing but its own key, and is told of; nothing newer of that comes before it', async () => {
    const stuck = new Stuck();
    const { rows, clock, failures } = await openRows({ save: stuck.save, saveTimeout: '5s', flushSize: 2 });
    stuck.stick('bad');
    await rows.set('bad', 1);
    await clock.advanceAsync('1s');
    await rows.set('good', 2);
    await rows.set('bad', 3);
    expect([stuck.saved, failures()]).toEqual([[], []]);
    while (stuck.saved.length === 0) await clock.advanceAsync('1s');
    expect(stuck.saved).toEqual([['good', 2]]);
    const late = 'Error: save has not answered for 5000 ms: nothing else of its keys is saved before it has';
    expect(failures()).toEqual([[['bad'], late]]);
    await rows.set('other', 4);
    while (stuck.saved.length === 1) await clock.advanceAsync('1s');
    expect([rows.pending, await rows.get('bad')]).toEqual([1, 3]);
    stuck.gates.get('bad')?.open();
    stuck.gates.clear();
    await rows.flush();
    expect(stuck.saved.slice(2)).toEqual([
      ['bad', 1],
      ['bad', 3],
    ]);
    expect([stuck.most, rows.pending, failures().length]).toEqual([1, 0, 1]);
  });

  it('is tried again where it is refused in the end', async () => {
    const answers: ((error?: Error) => void)[] = [];
    const saveMany = (): Promise<void> =>
      new Promise((resolve, reject) => answers.push((error) => (error ? reject(error) : resolve())));
    const { rows, clock, failures } = await openRows({ saveMany, saveTimeout: '5s' });
    await rows.set('a', 1);
    await rows.set('b', 2);
    await clock.advanceAsync('1s');
    await clock.advanceAsync('5s');
    await comes(() => failures().length === 1);
    answers.shift()?.(new Error('down'));
    await comes(() => failures().length === 3);
    expect(failures().slice(1)).toEqual([
      [['a'], 'Error: down'],
      [['b'], 'Error: down'],
    ]);
    const flushed = rows.flush();
    while (rows.pending > 0) {
      await comes(() => answers.length > 0 || rows.pending === 0);
      answers.shift()?.();
    }
    await flushed;
  });

  it('is not followed by more and more where the database answers nothing at all', async () => {
    let calls = 0;
    const hang = (): Promise<void> => {
      calls++;
      return new Promise(() => {});
    };
    const { rows, clock } = await openRows({ save: hang, saveTimeout: '1s', flushSize: 1, closeTimeout: '1s' });
    for (let i = 0; i < 40; i++) {
      await rows.set(i, i);
      await clock.advanceAsync('40s');
    }
    expect(calls).toBe(8);
    const closing = rows.close();
    for (let i = 0; i < 3; i++) await clock.advanceAsync('1s');
    await closing;
  });

  it('waits no more where it is refused when its strategy has been closed: its user has been told of it', async () => {
    const letters: unknown[] = [];
    const answers: Gate<Error>[] = [];
    const { rows, clock, failures } = await openRows({
      save: async () => {
        const answer = gate<Error>();
        answers.push(answer);
        throw await answer.passed;
      },
      closeTimeout: '5s',
      retryIf: (error) => (error as Error).message !== 'never',
      onDeadLetter: ({ key }) => letters.push(key),
    });
    await rows.set('a', 1);
    await rows.set('b', 2);
    const closing = rows.close();
    await comes(() => answers.length === 2);
    await clock.advanceAsync('5s');
    await closing;
    for (const [i, why] of ['down', 'never'].entries()) answers[i]?.open(new Error(why));
    await new Promise((resolve) => setImmediate(resolve));
    // Else it would keep the process, for nothing.
    expect([letters, failures(), rows.pending]).toEqual([['a', 'b'], [], 0]);
  });

  it('has some time', async () => {
    expect(await errorOf(openRows({ save: () => {}, saveTimeout: 0 }))).toBeInstanceOf(ConfigError);
  });
});

describe('what is told of a write that is given up, and does not answer', () => {
  it('stops nothing but its own key', async () => {
    const table = new Table();
    const told = gate();
    const { rows } = await openRows({
      save: table.save,
      retryIf: () => false,
      onDeadLetter: () => told.passed,
      flushSize: 1,
    });
    table.poison.add('bad');
    await rows.set('bad', 1);
    await rows.set('good', 2);
    await comes(() => rows.pending === 1);
    expect([...table.rows.keys()]).toEqual(['good']);
    told.open();
    await rows.flush();
    expect(rows.pending).toBe(0);
  });

  it('is not told once more when its strategy is closed, and waited for', async () => {
    const table = new Table();
    const told = gate();
    const letters: unknown[] = [];
    const { rows, clock } = await openRows({
      save: table.save,
      closeTimeout: '5s',
      retryIf: () => false,
      onDeadLetter: ({ key }) => {
        letters.push(key);
        return told.passed;
      },
    });
    table.poison.add('bad');
    await rows.set('bad', 1);
    let isClosed = false;
    const closing = rows.close().then(() => {
      isClosed = true;
    });
    await comes(() => letters.length === 1);
    await clock.advanceAsync('5s');
    await new Promise((resolve) => setImmediate(resolve));
    expect([letters, isClosed]).toEqual([['bad'], false]);
    told.open();
    await closing;
    expect([letters, rows.pending]).toEqual([['bad'], 0]);
  });

  it('does not keep a cache from being closed: all are told at once, and waited for as long as for the database', async () => {
    const letters: unknown[] = [];
    const table = new Table();
    const { cache, rows, clock } = await openRows({
      save: table.save,
      closeTimeout: '5s',
      onDeadLetter: ({ key }) => {
        letters.push(key);
        return new Promise(() => {});
      },
    });
    table.isDown = true;
    await rows.set('a', 1);
    await rows.set('b', 2);
    const closing = cache.close();
    await clock.advanceAsync('5s');
    await comes(() => letters.length === 2);
    await clock.advanceAsync('5s');
    await closing;
  });
});

describe('the bytes that wait', () => {
  const large = 'x'.repeat(1_000);
  let database = gate();
  beforeEach(() => {
    database = gate();
  });
  const bounded = { save: () => database.passed, maxPendingBytes: '4kb', fullTimeout: '1s' } as const;

  /** How many were acknowledged, of those that are written together. */
  async function taken(writes: readonly Promise<void>[], advance: () => Promise<void>): Promise<number> {
    let isOver = false;
    const ends = Promise.allSettled(writes).finally(() => {
      isOver = true;
    });
    while (!isOver) await advance();
    let count = 0;
    for (const end of await ends)
      if (end.status === 'fulfilled') count++;
      else expect(end.reason).toBeInstanceOf(WriteRefusedError);
    return count;
  }

  it('are bounded for those, too, that come at the same time', async () => {
    const { rows, clock } = await openRows(bounded);
    const writes = Array.from({ length: 50 }, (_, i) => rows.set(`k${i}`, large));
    expect(await taken(writes, () => clock.advanceAsync('1s'))).toBe(3);
    expect(rows.pending).toBe(3);
    database.open();
  });

  it('are bounded for those that take the place of smaller ones', async () => {
    const { rows, clock } = await openRows(bounded);
    for (let i = 0; i < 10; i++) await rows.set(`k${i}`, 1);
    const writes = Array.from({ length: 10 }, (_, i) => rows.set(`k${i}`, large));
    expect(await taken(writes, () => clock.advanceAsync('1s'))).toBe(2);
    database.open();
  });

  it('may be those of one that alone is larger, and of no other', async () => {
    const { rows, clock } = await openRows(bounded);
    await rows.set('a', large.repeat(10));
    expect(await taken([rows.set('b', 1)], () => clock.advanceAsync('1s'))).toBe(0);
    database.open();
  });
});
