import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { createCache, type WriteBehindOptions } from '@viewcache/core';
import { RedisServer } from '../servers/redis.js';
import { Table } from './table.js';

const redis = await RedisServer.start();
const folder = mkdtempSync(join(tmpdir(), 'viewcache-outage-'));
afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true });
});

const MOST = 2_000;
const ways: readonly (readonly [string, Partial<WriteBehindOptions<string, unknown>>])[] = [
  ['in process', {}],
  ['with a journal', { journal: join(folder, 'rows.journal') }],
  ['with a queue', { queue: { url: redis.url, prefix: 'outage' } }],
];

describe('a database that is down for a minute', () => {
  it.each(ways)('costs no write that was acknowledged, and no more memory than was said, %s', async (_how, way) => {
    const cache = createCache();
    const table = new Table();
    const { load, saveMany, remove } = table;
    const rows = cache.through<string, unknown>({
      ...{ name: 'rows', mode: 'write-behind', ttl: 60, load, saveMany, remove },
      ...{ maxPending: MOST, fullTimeout: '1s', ...way },
    } as WriteBehindOptions<string, unknown>);
    const acknowledged = new Map<string, number>();
    const under: Promise<void>[] = [];
    let refused = 0;
    table.isDown = true;
    const end = Date.now() + 60_000;
    for (let n = 0; Date.now() < end; n++) {
      // Each key is written by one after the other.
      const [key, value] = [`k${n % 5_000}`, n];
      under.push(
        rows.set(key, value).then(
          () => void acknowledged.set(key, value),
          () => void refused++,
        ),
      );
      if (n % 200 === 0) await new Promise((resolve) => setTimeout(resolve, 100));
      expect(rows.pending).toBeLessThanOrEqual(MOST);
    }
    await Promise.all(under);
    expect(refused).toBeGreaterThan(0);
    expect(table.calls.length).toBeLessThan(1_000);
    table.isDown = false;
    await rows.flush();
    const lost = [...acknowledged].filter(([key, value]) => Number(table.rows.get(key) ?? -1) < value);
    expect(lost).toEqual([]);
    expect(table.disordered).toEqual([]);
    expect(rows.pending).toBe(0);
    await cache.close();
  });
});
