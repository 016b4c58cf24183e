import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { SOAK } from '../races/internals.js';
import { RedisServer } from '../servers/redis.js';
import type { WriterOrders } from './crash-writer.js';
import { faultsOf, savesOf, Writer } from './writer.js';

const redis = await RedisServer.start();
const folder = mkdtempSync(join(tmpdir(), 'viewcache-queue-'));
afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true });
});

const none = { writes: 0, keys: 1, atOnce: 1 };

describe('processes that write behind, with a queue in Redis', () => {
  it('ended by kill -9 in the middle of 10,000 writes, lose none that was acknowledged', async () => {
    const database = join(folder, 'database');
    writeFileSync(database, '');
    const queue = { url: redis.url, prefix: 'crash', lease: '500ms' };
    const orders = { database, writes: 10_000, keys: 500, atOnce: 50 } as const;
    // One that only saves, and one that does both, so that each may be ended with a save under way.
    const options: WriterOrders['options'] = { queue, flushEvery: '20ms' };
    const saver = new Writer({ ...none, database, options, stays: true });
    const writer = new Writer({ ...orders, options });
    const [first, second] = SOAK ? [2_000, 6_000] : [500, 1_500];
    await writer.acknowledges(first);
    expect(await saver.end('SIGKILL')).toBe('SIGKILL');
    await writer.acknowledges(second);
    expect(await writer.end('SIGKILL')).toBe('SIGKILL');
    const next = new Writer({ ...none, database, options });
    expect(await next.end()).toBe(0);
    expect(faultsOf(database, writer.acknowledged)).toEqual([]);
    expect(writer.count).toBeGreaterThanOrEqual(second);
    expect(savesOf(database)).toBeLessThan(writer.count);
  });
});
