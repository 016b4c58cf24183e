import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ConfigError, defaultCache, setDefaultCache } from '@viewcache/core';
import { Journal } from '../../../packages/core/dist/stores/journal/journal.js';
import { gate } from '../support/gate.js';
import { openMemory } from '../values/stores.js';
import { comes } from './comes.js';
import { Table } from './table.js';

const folder = mkdtempSync(join(tmpdir(), 'viewcache-journal-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `journal-${++files}`);
const socket = join(folder, 'socket');
const listening = createServer().listen(socket);
await once(listening, 'listening');
afterAll(() => void listening.close());

const writeOf = (key: string | number, version: number, text?: string) => ({
  key,
  version,
  bytes: text === undefined ? undefined : Buffer.from(text),
});

const nobody = (): void => {};
const openJournal = (file: string, warn: (message: string) => void = nobody): Journal =>
  Journal.open('through.journal', { file, fsync: false, strategy: 'rows' }, warn);

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

  /** A journal of three writes, and where each of its records begins. */
  async function threeWrites(): Promise<{ readonly file: string; readonly bytes: Buffer; readonly starts: number[] }> {
    const file = newFile();
    const journal = openJournal(file);
    const starts: number[] = [];
    for (const [i, text] of ['one', 'two', 'three'].entries()) {
      starts.push(statSync(file).size);
      await journal.append(writeOf(text, i + 1, text));
    }
    await journal.close();
    return { file, bytes: readFileSync(file), starts };
  }

  it.each([
    ['a value', 25],
    ['a checksum', 5],
    ['a length, so that nobody knows where the next one begins', 3],
    ['a length, to more than there is', 0],
  ])('has what is whole behind damage to %s, says so, and leaves it aside', async (_where, offset) => {
    const { file, bytes, starts } = await threeWrites();
    const at = (starts[1] ?? 0) + offset;
    bytes[at] = (bytes[at] ?? 0) ^ 0x40;
    writeFileSync(file, bytes);
    const warnings: string[] = [];
    const whole = [
      ['one', 1, 'one'],
      ['three', 3, 'three'],
    ];
    expect(await found(file, (message) => warnings.push(message))).toEqual(whole);
    expect(warnings).toHaveLength(1);
    const lost = (starts[2] ?? 0) - (starts[1] ?? 0);
    expect(warnings[0]).toContain(`${lost} bytes of it are damaged, and the writes in them are lost`);
    expect(readFileSync(`${file}.damaged`)).toEqual(bytes);
    expect(await found(file)).toEqual(whole);
    // What is damaged next is kept beside it.
    appendFileSync(file, Buffer.alloc(100, 0xff));
    expect(await found(file, (message) => warnings.push(message))).toEqual(whole);
    expect(warnings[1]).toContain(
      `its last 100 bytes are no whole record, and are left aside (${file}.damaged-2 has them)`,
    );
    expect(readFileSync(`${file}.damaged-2`)).toEqual(Buffer.alloc(100, 0xff));
    expect(readFileSync(`${file}.damaged`)).toEqual(bytes);
  });

  it('takes nothing in a value for a record, whatever is damaged', async () => {
    // Somebody hands in what is a record in another journal.
    const inner = await threeWrites();
    const file = newFile();
    const journal = openJournal(file);
    const at = statSync(file).size;
    await journal.append({ key: 'outer', version: 9, bytes: inner.bytes.subarray(inner.starts[0]) });
    await journal.close();
    const bytes = readFileSync(file);
    bytes[at] = 0xff;
    writeFileSync(file, bytes);
    expect(await found(file)).toEqual([]);
  });

  it('is read where its beginning is damaged in one of two places, and is none where it is in both', async () => {
    const { file, bytes } = await threeWrites();
    const begin = bytes.indexOf('\n') + 1;
    bytes[begin] = (bytes[begin] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect((await found(file)).map(([key]) => key)).toEqual(['one', 'two', 'three']);
    bytes[begin + 8] = (bytes[begin + 8] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect(() => openJournal(file)).toThrow('is no journal');
    expect(readFileSync(file)).toEqual(bytes);
  });

  it('is read where the version before this one has written it', async () => {
    const file = newFile();
    const body = Buffer.concat([Buffer.alloc(13), Buffer.from('"a"one')]);
    body[0] = 1;
    body.writeDoubleBE(5, 1);
    body.writeUInt32BE(3, 9);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(body.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    writeFileSync(file, Buffer.concat([Buffer.from('viewcache-writes 1\n'), frame, body]));
    expect(await found(file)).toEqual([['a', 5, 'one']]);
    expect(await found(file)).toEqual([['a', 5, 'one']]);
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

  it('knows the largest version that was ever in it, also when nothing is', async () => {
    const file = newFile();
    const journal = openJournal(file);
    expect(journal.lastVersion).toBe(0);
    await journal.append(writeOf('a', 9, 'one'));
    journal.forget(writeOf('a', 9));
    await journal.close();
    // It is written anew each time.
    for (let i = 0; i < 3; i++) {
      const again = openJournal(file);
      expect([again.recovered, again.lastVersion]).toEqual([[], 9]);
      await again.close();
    }
  });

  it('is no other file, which it leaves as it is', () => {
    const file = newFile();
    writeFileSync(file, 'a diary of mine, rather long');
    expect(() => openJournal(file)).toThrow(ConfigError);
    expect(() => openJournal(file)).toThrow('is no journal');
    expect(readFileSync(file, 'utf8')).toBe('a diary of mine, rather long');
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it.each([
    [
      'a folder',
      () => folder,
      `is a folder; use the path of a file; did you mean '${join(folder, 'writes.journal')}'?`,
    ],
    ['what it would replace, and is no file', () => socket, `'${socket}' is no file`],
    ['a file in what is none', () => join(socket, 'journal'), 'ENOTDIR'],
    ['a file in no folder', () => join(folder, 'nowhere', 'journal'), 'a folder that can be written (ENOENT'],
    ['too long a name', () => join(folder, 'x'.repeat(300)), 'ENAMETOOLONG'],
    ['no name', () => join(folder, 'a\0b'), 'null bytes'],
  ])('is not %s', (_what, path, said) => {
    expect(() => openJournal(path())).toThrow(ConfigError);
    expect(() => openJournal(path())).toThrow('through.journal: ');
    expect(() => openJournal(path())).toThrow(said);
    expect(existsSync(`${path().replaceAll('\0', '')}.lock`)).toBe(false);
  });

  it('is of one strategy, and is left as it is where another one opens it', async () => {
    const file = newFile();
    const openAs = (strategy: string): Journal =>
      Journal.open('through.journal', { file, fsync: false, strategy }, nobody);
    const journal = openAs('shop:cities');
    await journal.append(writeOf('a', 1, 'one'));
    await journal.close();
    const before = readFileSync(file);
    expect(() => openAs('towns')).toThrow(ConfigError);
    expect(() => openAs('towns')).toThrow(
      `is the journal of the strategy 'shop:cities', in which 1 write waits, and not of 'towns'; use a file of its own for each strategy; or if 'towns' was called 'shop:cities' before, call it that until they are saved`,
    );
    expect(readFileSync(file)).toEqual(before);
    const again = openAs('shop:cities');
    expect(again.recovered).toHaveLength(1);
    again.forget(writeOf('a', 1));
    await again.close();
    expect(() => openAs('towns')).toThrow("or remove this one, if 'towns' was called 'shop:cities' before");
  });

  it('is read where it does not say whose it is, as journals before did not, and says so from then on', async () => {
    const { file, bytes, starts } = await threeWrites();
    const owner = bytes.indexOf('"rows"') - 21;
    expect(owner + 21 + 6).toBe(starts[0]);
    writeFileSync(file, Buffer.concat([bytes.subarray(0, owner), bytes.subarray(starts[0])]));
    const warnings: string[] = [];
    expect((await found(file, (message) => warnings.push(message))).map(([key]) => key)).toEqual([
      'one',
      'two',
      'three',
    ]);
    expect(warnings).toEqual([]);
    expect(() => Journal.open('through.journal', { file, fsync: false, strategy: 'others' }, nobody)).toThrow(
      "is the journal of the strategy 'rows'",
    );
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

  it('goes on above the versions of a process before it whose clock was ahead', async () => {
    const file = newFile();
    const table = new Table();
    const options = { name: 'rows', mode: 'write-behind', ttl: 60, flushOnSignal: false, journal: file } as const;
    for (const back of [false, true]) {
      const { cache, clock } = await openMemory();
      if (!back) await clock.advanceAsync('1d');
      const rows = cache.through({ ...options, load: table.load, save: table.save });
      await rows.set('a', back);
      await rows.close();
    }
    expect([table.versions.get('a')?.length, table.disordered]).toEqual([2, []]);
  });

  it('is held until what hangs when it is closed has answered: nobody saves anything newer before', async () => {
    const file = newFile();
    const table = new Table();
    const slow = gate();
    table.gate = slow.passed;
    const { cache, clock } = await openMemory();
    const options = { name: 'rows', mode: 'write-behind', ttl: 60, flushOnSignal: false, journal: file } as const;
    const open = () => cache.through({ ...options, load: table.load, save: table.save, closeTimeout: '1s' });
    const first = open();
    await first.set('a', 1);
    await clock.advanceAsync('1s');
    await first.set('a', 2);
    const closing = first.close();
    await clock.advanceAsync('1s');
    await closing;
    expect(open).toThrow('is held by process');
    slow.open();
    await comes(() => !existsSync(`${file}.lock`));
    const second = open();
    await second.flush();
    expect([table.rows.get('a'), table.versions.get('a')?.length, table.disordered]).toEqual([2, 2, []]);
    await second.close();
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
    expect(again).toThrow("is the journal of the strategy 'rows', in which no write waits, and not of 'others'");
  });

  it('has the name of its strategy with those of its namespaces', async () => {
    const { cache } = await openMemory();
    const table = new Table();
    const journal = newFile();
    const open = (where: Pick<typeof cache, 'through'>, name = 'rows') =>
      where.through({ ...options, name, load: table.load, save: table.save, journal });
    await open(cache.namespace('shop')).close();
    expect(() => open(cache)).toThrow("the strategy 'shop:rows', in which no write waits, and not of 'rows'");
    await open(cache, 'shop:rows').close();
    setDefaultCache(cache);
    expect(() => open(defaultCache().namespace('other'))).toThrow(
      "'shop:rows', in which no write waits, and not of 'other:rows'",
    );
    await open(defaultCache().namespace('shop')).close();
  });
});
