import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { readViewOptions } from '@viewcache/core/node';
import { Asked } from './asked.js';
import { BuiltProcess, candidate } from './harness.js';

/*
 * What is held does not grow with the number of URLs that were ever asked for.
 */

// More than the index of variants has room for, which outlives what is stored: 10,000.
const URLS = 12_000;
const ENTRIES = 1_000;

describe(`${URLS} URLs, and ${ENTRIES} stored responses at most`, () => {
  it('leave that many, their tags, and one timer', async () => {
    const asked = new Asked({ maxEntries: ENTRIES });
    let most = 0;
    for (let i = 0; i < URLS; i++) {
      asked.get(`/items/${i}?page=${i % 7}`, { tags: [`items#${i}`, 'items!bulk', 'items!ins'] });
      most = Math.max(most, asked.clock.pendingTimers);
    }
    const { entries, bytes, evicted } = asked.cache.stats();
    expect({ entries, evicted, most }).toEqual({ entries: ENTRIES, evicted: URLS - ENTRIES, most: 1 });
    expect(bytes).toBeLessThan(ENTRIES * 3_000);
    // Two of its URL, two of its path, one of its row; all else is shared.
    expect(asked.tagRecords).toBeLessThan(ENTRIES * 5 + 10);
    await asked.clock.advanceAsync(62_000);
    expect([asked.cache.stats().entries, asked.cache.stats().bytes, asked.tagRecords]).toEqual([0, 0, 0]);
    expect(asked.clock.pendingTimers).toBe(0);
  });

  it('that cannot be stored leave nothing', () => {
    const asked = new Asked({ maxEntries: ENTRIES });
    for (let i = 0; i < URLS; i++) asked.get(`/items/${i}`, 'refuse');
    expect([asked.cache.stats().entries, asked.tagRecords, asked.clock.pendingTimers]).toEqual([0, 0, 0]);
  });

  it('whose tags are invalidated again and again leave no more records than there may be', async () => {
    const asked = new Asked({ maxEntries: ENTRIES });
    for (let i = 0; i < 2 * ENTRIES; i++) {
      asked.get(`/items/${i}`, { tags: [`items#${i}`] });
      await asked.cache.invalidate({ tags: [`items#${i}`, `nowhere-${i}`] });
    }
    for (let i = 0; i < 700; i++) {
      await asked.cache.invalidate({ tags: Array.from({ length: 100 }, (_, j) => `nothing-${i}-${j}`) });
    }
    expect(asked.tagRecords).toBeLessThanOrEqual(65_536 + ENTRIES * 5);
  });

  it('with variants leave an index that is bounded too', () => {
    const process = new BuiltProcess({ maxEntries: ENTRIES });
    const keys = readViewOptions<object, object>('bounds', 60).keys;
    for (let i = 0; i < URLS; i++) {
      process.engine.fetch({
        key: keys.plain('GET', 'https', 'example.org', `/${i}`),
        fields: { get: () => `value ${i}` },
        policyNames: [],
        isGone: false,
        answer: () => {},
        lead: (lead) => lead.complete({ ...candidate, selecting: ['accept-language'] }),
      });
    }
    expect(process.local.size).toBe(ENTRIES);
    expect(process.variants.size).toBeLessThanOrEqual(10_000 + ENTRIES);
  });

  it('leave a heap that does not grow by asking for as many again', () => {
    setFlagsFromString('--expose-gc');
    const gc: () => void = runInNewContext('gc');
    const asked = new Asked({ maxEntries: ENTRIES });
    const heap = (): number => {
      gc();
      return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
    };
    const ask = (from: number): void => {
      for (let i = from; i < from + URLS; i++) asked.get(`/a/rather/long/path/to/items/${i}?page=${i % 7}`);
    };
    ask(0);
    const before = heap();
    ask(URLS);
    // Of so many responses with keys and tags, some 18 MB, nothing.
    expect(heap() - before).toBeLessThan(4 * 1024 * 1024);
  });
});
