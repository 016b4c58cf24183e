import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SnapshotRecord } from './record.js';
import { removeLeftovers, replaceFile } from './snapshot-file.js';
import { readSnapshot } from './snapshot-reader.js';
import { type SnapshotChanges, writeSnapshot } from './snapshot-writer.js';
import { bufferSource } from './source.js';

const NO_CHANGES: SnapshotChanges = { keys: [], isCleared: false };
const BEGUN = Date.UTC(2026, 0, 1);

const write = (records: Iterable<SnapshotRecord | undefined>, changes = NO_CHANGES) =>
  Buffer.concat([...writeSnapshot(BEGUN, records, changes)]);

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
    const parts = [...writeSnapshot(BEGUN, [...many, large], NO_CHANGES)];
    expect(parts.length).toBeGreaterThan(12);
    expect(await read(Buffer.concat(parts))).toEqual([...many, large]);
  });

  it('leaves out what could not be written, and what has changed while it was', async () => {
    expect(await read(write([record('a'), undefined, record('b')]))).toEqual([record('a'), record('b')]);
    expect(await read(write(three, { keys: ['b', 'never there'], isCleared: false }))).toEqual([three[0], three[2]]);
    expect(await read(write(three, { keys: [], isCleared: true }))).toEqual([]);
  });

  it('is nothing at all wherever it is cut off', async () => {
    const whole = write(three);
    for (let length = 0; length < whole.length; length++)
      expect(await read(whole.subarray(0, length))).toBe(length < 8 ? 'foreign' : 'corrupt');
    expect(await read(Buffer.concat([whole, Buffer.from([0])]))).toBe('corrupt');
  });

  it('is nothing at all whichever byte of it is another', async () => {
    const whole = write(three);
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
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
    expect(await replaceFile(path, parts())).toBe(3);
    expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['new', ['cache.snap']]);
  });

  it('leaves the old file as it was where it fails, and nothing else', async () => {
    const path = join(folder, 'cache.snap');
    await writeFile(path, 'old');
    const parts = function* () {
      yield Buffer.from('ne');
      throw new Error('out of memory');
    };
    await expect(replaceFile(path, parts())).rejects.toThrow('out of memory');
    expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['old', ['cache.snap']]);
  });

  it('writes one after the other into the same path', async () => {
    const path = join(folder, 'cache.snap');
    await Promise.all(['first', 'second', 'third'].map((text) => replaceFile(path, [Buffer.from(text)])));
    expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['third', ['cache.snap']]);
  });

  it('takes away what a process that is no more has left, and nothing of others', async () => {
    const path = join(folder, 'cache.snap');
    // Above what any system gives a process.
    const names = [
      `cache.snap.${2 ** 22 + 1}.tmp`,
      `cache.snap.${process.ppid}.tmp`,
      'cache.snap.old.tmp',
      'other.1.tmp',
    ];
    for (const name of names) await writeFile(join(folder, name), '');
    await removeLeftovers(path);
    expect(await readdir(folder)).toEqual(names.slice(1).sort());
  });
});
