import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SOAK } from '../races/internals.js';
import type { WriterOrders } from './crash-writer.js';
import { faultsOf, savesOf, Writer } from './writer.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function place(): { readonly database: string; readonly journal: string } {
  const folder = mkdtempSync(join(tmpdir(), 'viewcache-journal-'));
  folders.push(folder);
  const database = join(folder, 'database');
  writeFileSync(database, '');
  return { database, journal: join(folder, 'rows.journal') };
}

const many = { writes: 10_000, keys: 500, atOnce: 50 };
const none = { writes: 0, keys: 1, atOnce: 1 };

describe('a process that writes behind, with a journal', () => {
  // Without it a crash of the process takes no other way.
  const ways = [
    ['with fsync', true],
    ['without fsync', false],
  ] as const;
  it.each(SOAK ? ways : ways.slice(0, 1))(
    'ended by kill -9 in the middle of 10,000 writes, loses none that was acknowledged, %s',
    async (_how, fsync) => {
      const { database, journal } = place();
      const options: WriterOrders['options'] = { journal: { file: journal, fsync } };
      const acknowledged = new Map<string, number>();
      let writes = 0;
      for (const until of SOAK ? [4_000, 1_000] : [2_500, 500]) {
        const writer = new Writer({ ...many, database, options });
        await writer.acknowledges(until);
        expect(await writer.end('SIGKILL')).toBe('SIGKILL');
        for (const [key, value] of writer.acknowledged) acknowledged.set(key, value);
        writes += writer.count;
        // The next one counts from 1 again: what it was to save of this one has to be there before.
        const next = new Writer({ ...none, database, options });
        expect(await next.end()).toBe(0);
        expect(faultsOf(database, writer.acknowledged).filter((fault) => fault.endsWith('is lost'))).toEqual([]);
        if (until > 1_000) {
          expect(faultsOf(database, writer.acknowledged)).toEqual([]);
          writeFileSync(database, '');
        }
      }
      expect(writes).toBeGreaterThanOrEqual(3_000);
      // Of what was acknowledged most had been coalesced.
      expect(savesOf(database)).toBeLessThan(writes);
      expect(existsSync(`${journal}.lock`)).toBe(false);
      expect(statSync(journal).size).toBeLessThan(100_000);
    },
  );

  it('saves all that is pending when it is told to end, and ends by that signal', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const { database } = place();
      // No journal: what is not saved by now nobody has.
      const writer = new Writer({
        ...{ database, writes: 300, keys: 300, atOnce: 3, isForgetful: true },
        options: { flushEvery: '1h', flushSize: 10_000 },
      });
      await writer.says('written');
      expect(savesOf(database)).toBe(0);
      expect(await writer.end(signal)).toBe(signal);
      expect(faultsOf(database, writer.acknowledged)).toEqual([]);
      expect(savesOf(database)).toBeGreaterThan(250);
    }
  });

  it('is kept by what it has yet to save, also where it has nothing else to do', async () => {
    const { database } = place();
    const writer = new Writer({
      ...{ database, writes: 20, keys: 20, atOnce: 1, isForgetful: true },
      options: { flushEvery: '300ms' },
    });
    expect(await writer.end()).toBe(0);
    expect(faultsOf(database, writer.acknowledged)).toEqual([]);
    expect(savesOf(database)).toBe(20);
  });
});
