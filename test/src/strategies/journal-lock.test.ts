import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Journal } from '../../../packages/core/dist/stores/journal/journal.js';
import { openMemory } from '../values/stores.js';
import { Table } from './table.js';

const folder = mkdtempSync(join(tmpdir(), 'viewcache-lock-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `journal-${++files}`);

const writeOf = (key: string, version: number) => ({ key, version, bytes: Buffer.from(key) });
const nobody = (): void => {};
const openJournal = (file: string, warn: (message: string) => void = nobody): Journal =>
  Journal.open('through.journal', { file, fsync: false, strategy: 'rows' }, warn);

/** The keys that somebody finds who begins with it. */
async function found(file: string): Promise<unknown[]> {
  const journal = openJournal(file);
  await journal.close();
  return journal.recovered.map(({ key }) => key);
}

describe('the lock of a journal', () => {
  const silent = new Date(Date.now() - 31_000);
  /** A journal that somebody holds, who says nothing more. */
  const heldBy = (holder: object, since?: Date): string => {
    const file = newFile();
    writeFileSync(`${file}.lock`, JSON.stringify(holder));
    if (since !== undefined) utimesSync(`${file}.lock`, since, since);
    return file;
  };
  /** As a process here writes it, but for what is said. */
  const lockText = async (): Promise<object> => {
    const file = newFile();
    const journal = openJournal(file);
    const text = readFileSync(`${file}.lock`, 'utf8');
    await journal.close();
    return JSON.parse(text);
  };

  it('is held by one in a process', async () => {
    const file = newFile();
    const journal = openJournal(file);
    // However long it says nothing.
    utimesSync(`${file}.lock`, silent, silent);
    expect(() => openJournal(file)).toThrow(`is held by process ${process.pid} on ${hostname()}`);
    await journal.close();
    expect(await found(file)).toEqual([]);
  });

  it.each([
    ['a process that has ended', { pid: 2 ** 22 + 1, started: '1' }],
    ['a process whose number another one has by now', { pid: process.ppid, started: '1' }],
    ['one of this number before this one', { pid: process.pid, started: '1' }],
    ['nobody who can be read', { pid: 'none' }],
  ])('of %s is taken at once', async (_who, holder) => {
    expect(await found(heldBy({ ...(await lockText()), token: 'another', ...holder }))).toEqual([]);
  });

  it('of another container of the same name and number is taken when that has said nothing for long', async () => {
    const theirs = { ...(await lockText()), token: 'another', place: 'elsewhere' };
    // A moment before the time is over: it is waited for.
    expect(await found(heldBy(theirs, new Date(Date.now() - 5_800)))).toEqual([]);
    const file = heldBy(theirs);
    const beat = new Worker(
      `const { utimesSync } = require('node:fs');
      const { parentPort, workerData } = require('node:worker_threads');
      const beat = () => utimesSync(workerData, new Date(), new Date());
      beat();
      parentPort.postMessage('beats');
      setInterval(beat, 20);`,
      { eval: true, workerData: `${file}.lock` },
    );
    await new Promise((resolve) => beat.once('message', resolve));
    try {
      expect(() => openJournal(file)).toThrow(`is held by process ${process.pid} on ${hostname()}`);
    } finally {
      await beat.terminate();
    }
  });

  it('of another machine is taken when that has said nothing for long', async () => {
    const file = heldBy({ host: 'elsewhere', pid: 1, started: '1' });
    expect(() => openJournal(file)).toThrow('is held by process 1 on elsewhere');
    utimesSync(`${file}.lock`, silent, silent);
    expect(await found(file)).toEqual([]);
  });

  it.each(['is gone', 'is another one by now'])('ends what is acknowledged where it %s, and says so', async (what) => {
    const { cache } = await openMemory();
    const table = new Table();
    const file = newFile();
    const { load, save } = table;
    const rows = cache.through({
      ...{ name: 'rows', mode: 'write-behind', ttl: 60, flushOnSignal: false, journal: file },
      load,
      save,
    });
    await rows.set('a', 1);
    if (what === 'is gone') rmSync(`${file}.lock`);
    else writeFileSync(`${file}.lock`, '{}');
    await expect(rows.set('b', 2)).rejects.toMatchObject({ code: 'ERR_CACHE_WRITE_REFUSED', reason: 'journal' });
    await expect(rows.set('c', 3)).rejects.toThrow('another process has taken it');
    // The other one saves what it has found: a second time, and later, would be older over newer.
    await rows.flush();
    await rows.close();
    expect(table.taken()).toEqual([]);
    expect(existsSync(`${file}.lock`)).toBe(what !== 'is gone');
    rmSync(`${file}.lock`, { force: true });
    expect(await found(file)).toEqual(['a']);
  });

  it('is looked at once more before a write is acknowledged that was under way when another one took it', async () => {
    const file = newFile();
    const journal = openJournal(file);
    const writing = journal.append(writeOf('a', 1));
    const refused = writing.then(
      () => false,
      () => true,
    );
    // It has been sent to the disk.
    await Promise.resolve();
    await Promise.resolve();
    rmSync(`${file}.lock`);
    const other = openJournal(file);
    await other.append(writeOf('b', 2));
    expect(await refused).toBe(true);
    await journal.close();
    await other.close();
    // How far it had come when the other one read the file, nobody knows: it is refused, and may be in there.
    expect((await found(file)).filter((key) => key !== 'a')).toEqual(['b']);
  });

  it('acknowledges nothing in a file whose place another one has taken', async () => {
    const file = newFile();
    const journal = openJournal(file);
    await journal.append(writeOf('a', 1));
    renameSync(file, `${file}.old`);
    writeFileSync(file, '');
    await expect(journal.append(writeOf('b', 2))).rejects.toThrow('another file has taken its place');
    await journal.close();
  });
});

describe('the name of a journal', () => {
  it('is one, however it is spelled', async () => {
    const file = newFile();
    const journal = openJournal(file);
    const spellings = [relative(process.cwd(), file), join(folder, '..', basename(folder), basename(file))];
    const link = newFile();
    symlinkSync(file, link);
    const other = `${folder}-link`;
    symlinkSync(folder, other);
    try {
      for (const spelled of [...spellings, link, join(other, basename(file))])
        expect(() => openJournal(spelled)).toThrow(`is held by process ${process.pid}`);
    } finally {
      rmSync(other);
    }
    await journal.append(writeOf('a', 1));
    await journal.close();
    expect(await found(link)).toEqual(['a']);
  });

  it('may be a link, also to what is not there yet, which stays one', async () => {
    const volume = newFile();
    mkdirSync(volume);
    const link = newFile();
    symlinkSync(join(relative(folder, volume), 'rows.journal'), link);
    const journal = openJournal(link);
    await journal.append(writeOf('a', 1));
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readdirSync(volume).sort()).toEqual(['rows.journal', 'rows.journal.lock']);
    await journal.close();
    expect(await found(join(volume, 'rows.journal'))).toEqual(['a']);
  });

  it('leads nowhere where links go round', () => {
    const [one, two] = [newFile(), newFile()];
    symlinkSync(one, two);
    symlinkSync(two, one);
    expect(() => openJournal(one)).toThrow('through.journal: ');
  });
});

describe('who may read a journal', () => {
  const modeOf = (file: string): number => statSync(file).mode & 0o777;

  it('is its user alone, or whoever may read what is there', async () => {
    const file = newFile();
    const journal = openJournal(file);
    expect([modeOf(file), modeOf(`${file}.lock`)]).toEqual([0o600, 0o600]);
    await journal.close();
    chmodSync(file, 0o664);
    expect(await found(file)).toEqual([]);
    expect(modeOf(file)).toBe(0o664);
    const torn = newFile();
    await openJournal(torn).close();
    writeFileSync(torn, 'torn', { flag: 'a' });
    expect(await found(torn)).toEqual([]);
    expect(modeOf(`${torn}.damaged`)).toBe(0o600);
  });

  it('makes nothing of another file, by a link that somebody has laid beside it', async () => {
    const file = newFile();
    const precious = newFile();
    writeFileSync(precious, 'precious');
    symlinkSync(precious, `${file}.new`);
    // What a process has left that ended while it wrote the file anew.
    linkSync(precious, `${file}.abcdefghijkl.new`);
    const journal = openJournal(file);
    expect(readFileSync(precious, 'utf8')).toBe('precious');
    expect(existsSync(`${file}.abcdefghijkl.new`)).toBe(false);
    await journal.close();
  });
});
