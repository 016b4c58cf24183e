import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { Journal } from '../../../packages/core/dist/stores/journal/journal.js';

const folder = mkdtempSync(join(tmpdir(), 'viewcache-journal-room-'));
afterAll(() => rmSync(folder, { recursive: true }));

const writeOf = (key: string, version: number, bytes: Buffer) => ({ key, version, bytes });

function open(file: string, warnings: string[] = []): Journal {
  return Journal.open('through.journal', { file, fsync: false, strategy: 'rows' }, (line) => warnings.push(line));
}

describe('a journal that cannot be written anew, as on a disk that is full', () => {
  it('goes on as it is while it is open, and is written anew later', async () => {
    const file = join(folder, 'open');
    const warnings: string[] = [];
    const journal = open(file, warnings);
    // What it is made as at first, which ends in its token.
    const { token } = JSON.parse(readFileSync(`${file}.lock`, 'utf8')) as { readonly token: string };
    mkdirSync(`${file}.${token}.new`);
    const value = Buffer.alloc(100_000, 'x');
    let version = 0;
    const write = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) await journal.append(writeOf(`k${i % 3}`, ++version, value));
    };
    await write(25);
    expect(statSync(file).size).toBeGreaterThan(2_500_000);
    expect(warnings.map((line) => line.slice(0, line.indexOf(': E')))).toEqual([
      `journal ${file}: it cannot be written anew, and grows until it can`,
      `journal ${file}: it cannot be written anew, and grows until it can`,
    ]);
    rmdirSync(`${file}.${token}.new`);
    await write(15);
    expect(statSync(file).size).toBeLessThan(2_000_000);
    await journal.close();
    const again = open(file);
    expect(again.recovered.map(({ key, version: last }) => [key, last])).toEqual([
      ['k0', 38],
      ['k1', 39],
      ['k2', 40],
    ]);
    await again.close();
  });

  it('is opened, and added to, with what is not whole at its end put aside', async () => {
    const short = join(folder, 'short');
    const journal = open(short);
    await journal.append(writeOf('a', 1, Buffer.from('one')));
    const whole = statSync(short).size;
    await journal.append(writeOf('b', 2, Buffer.from('two')));
    await journal.close();
    truncateSync(short, statSync(short).size - 1);
    // With a name that is just short enough: what it is written anew as has a longer one.
    const file = join(folder, 'l'.repeat(245));
    renameSync(short, file);
    const warnings: string[] = [];
    const added = open(file, warnings);
    expect(warnings).toEqual([
      expect.stringContaining('are no whole record'),
      expect.stringContaining('it cannot be written anew, and grows until it can: ENAMETOOLONG'),
    ]);
    expect(statSync(file).size).toBe(whole);
    await added.append(writeOf('c', 3, Buffer.from('three')));
    await added.close();
    renameSync(file, short);
    const last = open(short, warnings);
    expect(last.recovered.map(({ key, bytes }) => [key, String(bytes)])).toEqual([
      ['a', 'one'],
      ['c', 'three'],
    ]);
    expect(warnings).toHaveLength(2);
    await last.close();
  });

  it('is not begun, and says why', () => {
    const file = join(folder, 'n'.repeat(245));
    expect(() => open(file)).toThrow(ConfigError);
    expect(() => open(file)).toThrow(/^through\.journal: .* a file that can be read and written \(ENAMETOOLONG/);
  });
});
