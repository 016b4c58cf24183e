import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { Journal } from '../../../packages/core/dist/stores/journal/journal.js';
import { openMemory } from '../values/stores.js';
import { comes } from './comes.js';
import { Table } from './table.js';

const folder = mkdtempSync(join(tmpdir(), 'viewcache-journal-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `journal-${++files}`);

const writeOf = (key: string | number, version: number, text?: string) => ({
  key,
  version,
  bytes: text === undefined ? undefined : Buffer.from(text),
});

const nobody = (): void => {};
const openJournal = (file: string, warn: (message: string) => void = nobody): Journal =>
  Journal.open('through.journal', { file, fsync: false }, warn);

/** What somebody finds who begins with it. */
async function found(
  file: string,
  warn?: (message: string) => void,
): Promise<(readonly [unknown, number, string | undefined])[]> {
  const journal = openJournal(file, warn);
  const { recovered } = journal;
  await journal.close();
  return recovered.map(({ key, version, bytes }) => [key, version, bytes?.toString()]);
}

describe('a journal', () => {
  it('has the newest write of each key that is needed still, keys as they were', async () => {
    const file = newFile();
    const journal = openJournal(file);
    const first = writeOf('a', 1, 'one');
    await Promise.all([
      journal.append(first),
      journal.append(writeOf(7, 2, 'seven')),
      journal.append(writeOf('\ud800', 3)),
      journal.append(writeOf('b', 4, '')),
      journal.append(writeOf('a', 5, 'two')),
    ]);
    journal.forget(first);
    journal.forget(writeOf('b', 4));
    await journal.close();
    expect(await found(file)).toEqual([
      [7, 2, 'seven'],
      ['\ud800', 3, undefined],
      ['a', 5, 'two'],
    ]);
  });

  it('is read as far as it is whole, wherever it was cut off', async () => {
    const file = newFile();
    const journal = openJournal(file);
    await journal.append(writeOf('a', 1, 'one'));
    const whole = statSync(file).size;
    await journal.append(writeOf('a', 2, 'two'));
    await journal.append(writeOf('b', 3, 'three'));
    await journal.close();
    const bytes = readFileSync(file);
    const two = (bytes.length - whole) / 2;
    for (let length = bytes.length; length >= 0; length -= 7) {
      const cut = newFile();
      writeFileSync(cut, bytes.subarray(0, length));
      const expected =
        length < whole ? [] : [['a', length < whole + two - 1 ? 1 : 2, length < whole + two - 1 ? 'one' : 'two']];
      if (length === bytes.length) expected.push(['b', 3, 'three']);
      expect(await found(cut)).toEqual(expected);
      // It goes on from there.
      const next = openJournal(cut);
      await next.append(writeOf('c', 9, 'nine'));
      await next.close();
      expect(await found(cut)).toEqual([...expected, ['c', 9, 'nine']]);
    }
  });

  it('believes nothing behind what is damaged, says so, and leaves it aside', async () => {
    const file = newFile();
    const journal = openJournal(file);
    await journal.append(writeOf('a', 1, 'one'));
    const whole = statSync(file).size;
    await journal.append(writeOf('b', 2, 'two'));
    await journal.append(writeOf('c', 3, 'three'));
    await journal.close();
    const bytes = readFileSync(file);
    bytes[whole + 20] = (bytes[whole + 20] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const warnings: string[] = [];
    expect(await found(file, (message) => warnings.push(message))).toEqual([['a', 1, 'one']]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`its last ${bytes.length - whole} bytes are no whole record`);
    expect(readFileSync(`${file}.damaged`)).toEqual(bytes);
    appendFileSync(file, Buffer.alloc(100, 0xff));
    expect(await found(file)).toEqual([['a', 1, 'one']]);
  });

  it('is written anew when most of it is not needed any more', async () => {
    const file = newFile();
    const journal = openJournal(file);
    const text = 'x'.repeat(10_000);
    for (let version = 1; version <= 300; version++) await journal.append(writeOf(`k${version % 3}`, version, text));
    expect(statSync(file).size).toBeLessThan(1_200_000);
    await journal.close();
    expect((await found(file)).map(([key, version]) => [key, version])).toEqual([
      ['k1', 298],
      ['k2', 299],
      ['k0', 300],
    ]);
  });

  it('is no other file, which it leaves as it is', () => {
    const file = newFile();
    writeFileSync(file, 'a diary of mine, rather long');
    expect(() => openJournal(file)).toThrow(ConfigError);
    expect(() => openJournal(file)).toThrow('is no journal');
    expect(readFileSync(file, 'utf8')).toBe('a diary of mine, rather long');
    expect(existsSync(`${file}.lock`)).toBe(false);
    expect(() => openJournal(join(folder, 'nowhere', 'journal'))).toThrow('a folder that can be written');
  });
});

describe('the lock of a journal', () => {
  const lockWith = (holder: object): string => {
    const file = newFile();
    writeFileSync(`${file}.lock`, JSON.stringify(holder));
    return file;
  };
  const here = { host: hostname(), started: '1' };

  it('is held by one in a process', async () => {
    const file = newFile();
    const journal = openJournal(file);
    expect(() => openJournal(file)).toThrow(`is held by process ${process.pid} on ${hostname()}`);
    await journal.close();
    expect(await found(file)).toEqual([]);
  });

  it.each([
    ['a process that has ended', { ...here, pid: 2 ** 22 + 1 }],
    ['a process whose number another one has by now', { ...here, pid: process.ppid }],
    ['one of this number, as in a container', { ...here, pid: process.pid }],
    ['nobody who can be read', {}],
  ])('of %s is taken', async (_who, holder) => {
    expect(await found(lockWith(holder))).toEqual([]);
  });

  it('of another machine is taken when that has said nothing for long', async () => {
    const file = lockWith({ host: 'elsewhere', pid: 1, started: '1' });
    expect(() => openJournal(file)).toThrow('is held by process 1 on elsewhere');
    const before = new Date(Date.now() - 31_000);
    utimesSync(`${file}.lock`, before, before);
    expect(await found(file)).toEqual([]);
  });
});

const functionsOf = ({ load, saveMany, remove }: Table) => ({ load, saveMany, remove });

describe('writing behind with a journal', () => {
  const options = { name: 'rows', mode: 'write-behind', ttl: 60, flushOnSignal: false } as const;

  it('saves what a process before it has left, and shows it at once', async () => {
    const journal = newFile();
    const table = new Table();
    table.isDown = true;
    const first = await openMemory();
    const left = first.cache.through({ ...options, ...functionsOf(table), journal, closeTimeout: 0 });
    await left.set('a', { count: 1 });
    await left.set(7, 'seven');
    await left.delete('gone');
    const closing = left.close();
    await first.clock.advanceAsync('1s');
    await closing;
    table.rows.set('gone', 'still there');
    table.isDown = false;
    table.taken();
    const { cache, clock } = await openMemory();
    const rows = cache.through({ ...options, ...functionsOf(table), journal });
    expect([await rows.get('a'), await rows.get(7), await rows.get('gone')]).toEqual([
      { count: 1 },
      'seven',
      undefined,
    ]);
    expect(table.taken()).toEqual([]);
    await clock.advanceAsync('1s');
    await comes(() => rows.pending === 0);
    expect([...table.rows]).toEqual([
      ['a', { count: 1 }],
      [7, 'seven'],
    ]);
    await rows.close();
    expect(await found(journal)).toEqual([]);
  });

  it('does not acknowledge what it cannot keep', async () => {
    const { cache } = await openMemory();
    const table = new Table();
    const file = newFile();
    const rows = cache.through({ ...options, load: table.load, save: table.save, journal: file });
    await rows.set('a', 1);
    // As if another process had been sure that this one had ended.
    const lost = Object.getOwnPropertyDescriptor(Journal.prototype, 'append');
    Object.defineProperty(Journal.prototype, 'append', {
      value: () => Promise.reject(new Error('no space')),
      configurable: true,
    });
    try {
      await expect(rows.set('b', 2)).rejects.toMatchObject({ code: 'ERR_CACHE_WRITE_REFUSED', reason: 'journal' });
    } finally {
      Object.defineProperty(Journal.prototype, 'append', lost as PropertyDescriptor);
    }
    expect([await rows.get('a'), await rows.get('b'), rows.pending]).toEqual([1, undefined, 1]);
    await rows.close();
    expect([...table.rows]).toEqual([['a', 1]]);
  });

  it('names the setting where another one has it', async () => {
    const { cache } = await openMemory();
    const table = new Table();
    const journal = newFile();
    const rows = cache.through({ ...options, load: table.load, save: table.save, journal });
    const again = () => cache.through({ ...options, name: 'others', load: table.load, save: table.save, journal });
    expect(again).toThrow('through.journal: ');
    await rows.close();
    await again().close();
  });
});
