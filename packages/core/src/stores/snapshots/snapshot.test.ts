import { readdirSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SnapshotRecord } from './record.js';
import { removeLeftovers, replaceFile } from './snapshot-file.js';
import { readSnapshot } from './snapshot-reader.js';
import { type SnapshotChanges, type SnapshotParts, writeSnapshot } from './snapshot-writer.js';
import { bufferSource, type SnapshotSource } from './source.js';

const NO_CHANGES: SnapshotChanges = { keys: new Set(), isCleared: false };
const BEGUN = Date.UTC(2026, 0, 1);

const write = (records: Iterable<SnapshotRecord | undefined>, changes = NO_CHANGES) =>
  whole(writeSnapshot(BEGUN, records, changes));
const whole = ({ parts, last }: SnapshotParts) => Buffer.concat([...parts, last()]);

async function read(bytes: Buffer) {
  const snapshot = await readSnapshot(bufferSource(bytes));
  if (typeof snapshot === 'string') return snapshot;
  const records: SnapshotRecord[] = [];
  for await (const record of snapshot.records()) records.push(record);
  return records;
}

const record = (key: string, value: string | Buffer = `value of ${key}`): SnapshotRecord => ({
  key,
  value,
  expiresAt: BEGUN + 1_000,
});
const three = [record('a'), record('b', Buffer.from([0, 255, 7])), record('€', 'é €')];

describe('a snapshot', () => {
  it('gives back any keys and values, in their order', async () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('\ud800'));
    const value = fc.oneof(
      text,
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    const records = fc.array(fc.record({ key: text, value, expiresAt: fc.oneof(fc.nat(), fc.constant(Infinity)) }));
    await fc.assert(
      fc.asyncProperty(records, async (given) => expect(await read(write(given))).toEqual(given)),
      { seed: 2026, numRuns: 30 },
    );
  });

  it('is written in parts of some 64 KB, and gives back thousands of records and large ones', async () => {
    const many = Array.from({ length: 3_000 }, (_, i) => record(`key ${i}`, 'x'.repeat(i % 300)));
    const large = record('large', Buffer.alloc(1_000_000, 7));
    const { parts, last } = writeSnapshot(BEGUN, [...many, large], NO_CHANGES);
    const all = [...parts];
    expect(all.length).toBeGreaterThan(12);
    expect(await read(Buffer.concat([...all, last()]))).toEqual([...many, large]);
  });

  it('leaves out what could not be written, and what has changed while it was', async () => {
    expect(await read(write([record('a'), undefined, record('b')]))).toEqual([record('a'), record('b')]);
    expect(await read(write(three, { keys: new Set(['b', 'never there']), isCleared: false }))).toEqual([
      three[0],
      three[2],
    ]);
    expect(await read(write(three, { keys: new Set(), isCleared: true }))).toEqual([]);
  });

  it('leaves out what changes up to its last part', async () => {
    const keys = new Set(['a']);
    const changes = { keys, isCleared: false };
    const many = Array.from({ length: 2_000 }, (_, i) => record(`key ${i}`));
    const { parts, last } = writeSnapshot(BEGUN, [...three, ...many], changes);
    const all: Buffer[] = [];
    for (const part of parts) {
      all.push(part);
      // More than are written in a turn, and some at each.
      for (let i = 0; i < 300 && all.length < 5; i++) keys.add(`key ${all.length * 300 + i}`);
    }
    keys.add('€');
    const left = ['b', ...many.map(({ key }) => key).filter((key) => !keys.has(key))];
    const found = await read(Buffer.concat([...all, last()]));
    expect(typeof found === 'string' ? found : found.map(({ key }) => key)).toEqual(left);
    keys.clear();
    changes.isCleared = true;
    expect(await read(Buffer.concat([...all, last()]))).toEqual([]);
  });

  it('is read without its lengths being taken for true', async () => {
    const bytes = write([record('large', Buffer.alloc(3_000_000, 7)), record('b')]);
    for (const claimed of [1_500_000, 2 ** 26, 2 ** 31, 2 ** 32 - 1]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt32BE(claimed, 22);
      const asked: number[] = [];
      // As long as it says, zeros behind.
      const source: SnapshotSource = {
        size: 2 ** 33,
        async read(at, length) {
          asked.push(length);
          const read = Buffer.alloc(Math.min(length, 2 ** 22));
          changed.subarray(at).copy(read);
          return read;
        },
      };
      expect(await readSnapshot(source)).toBe('corrupt');
      expect(Math.max(...asked)).toBeLessThanOrEqual(2 ** 20);
    }
  });

  it('is nothing at all wherever it is cut off', async () => {
    const sound = write(three);
    for (let length = 0; length < sound.length; length++)
      expect(await read(sound.subarray(0, length))).toBe(length < 8 ? 'foreign' : 'corrupt');
    expect(await read(Buffer.concat([sound, Buffer.from([0])]))).toBe('corrupt');
  });

  it('is nothing at all whichever byte of it is another', async () => {
    const sound = write(three);
    for (let at = 0; at < sound.length; at++) {
      const changed = Buffer.from(sound);
      changed[at] = (changed[at] as number) ^ 0x41;
      expect(await read(changed)).toBe(at < 8 ? 'foreign' : at < 10 ? 'version' : 'corrupt');
    }
  });

  it('is refused where it is something else', async () => {
    expect(await read(Buffer.from('{"cache": []}'))).toBe('foreign');
    expect(await read(Buffer.alloc(0))).toBe('foreign');
    expect(await read(Buffer.alloc(5_000, 0xff))).toBe('foreign');
  });
});

const last = () => Buffer.alloc(0);

describe('replaceFile', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'viewcache-snapshot-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('puts the new file in the place of the old one when it is whole, and leaves nothing else', async () => {
    const path = join(folder, 'cache.snap');
    await writeFile(path, 'old');
    const parts = function* () {
      yield Buffer.from('ne');
      yield Buffer.from('w');
    };
    expect(await replaceFile(path, { parts: parts(), last: () => Buffer.from('est') })).toBe(6);
    expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['newest', ['cache.snap']]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('leaves the old file as it was where it fails, and nothing else', async () => {
    const path = join(folder, 'cache.snap');
    await writeFile(path, 'old');
    const parts = function* () {
      yield Buffer.from('ne');
      throw new Error('out of memory');
    };
    await expect(replaceFile(path, { parts: parts(), last })).rejects.toThrow('out of memory');
    expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['old', ['cache.snap']]);
  });

  it('writes one after the other into the same path', async () => {
    const path = join(folder, 'cache.snap');
    await Promise.all(
      ['first', 'second', 'third'].map((text) => replaceFile(path, { parts: [Buffer.from(text)], last })),
    );
    expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['third', ['cache.snap']]);
  });

  it('writes beside into a file that was not there, under a name nobody knows before', async () => {
    const path = join(folder, 'cache.snap');
    const names = new Set<string>();
    for (let i = 0; i < 2; i++) {
      const look = function* () {
        const beside = readdirSync(folder).filter((name) => name !== 'cache.snap');
        expect(beside).toHaveLength(1);
        for (const name of beside) names.add(name);
        yield Buffer.from('x');
      };
      await replaceFile(path, { parts: look(), last });
    }
    expect(names.size).toBe(2);
  });

  it('takes away what a process that is no more has left, and nothing of others', async () => {
    const path = join(folder, 'cache.snap');
    const minutes = (count: number) => new Date(Date.now() - count * 60_000);
    // The first is above what any system gives a process.
    const files: [name: string, written: Date, stays: boolean][] = [
      [`cache.snap.${2 ** 22 + 1}.0123456789ab.tmp`, minutes(2), false],
      [`cache.snap.${2 ** 22 + 1}.0123456789ac.tmp`, minutes(0), true],
      [`cache.snap.${process.ppid}.0123456789ab.tmp`, minutes(30), true],
      [`cache.snap.${process.pid}.0123456789ab.tmp`, minutes(90), false],
      ['cache.snap.old.tmp', minutes(90), true],
      ['other.1.0123456789ab.tmp', minutes(90), true],
    ];
    for (const [name, written] of files) {
      await writeFile(join(folder, name), '');
      await utimes(join(folder, name), written, written);
    }
    await removeLeftovers(path);
    const left = files.filter(([, , stays]) => stays).map(([name]) => name);
    expect(await readdir(folder)).toEqual(left.sort());
  });
});
