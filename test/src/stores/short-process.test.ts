import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MemcachedServer } from '../servers/memcached.js';
import { RedisServer } from '../servers/redis.js';

const MAIN = fileURLToPath(new URL('./short-process.js', import.meta.url));

/** Runs a process that has a cache and nothing else, to its end. */
async function run(store: string, what: string, haste = 1): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [MAIN, store, what, String(haste)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  // One that does not end by itself is ended, and then has no code.
  const timer = setTimeout(() => child.kill('SIGKILL'), 100_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, said };
}

describe('a process with nothing but a cache', () => {
  let redis: RedisServer;
  let memcached: MemcachedServer;
  beforeAll(async () => {
    [redis, memcached] = await Promise.all([RedisServer.start(), MemcachedServer.start()]);
  });
  afterAll(async () => {
    await Promise.all([redis.stop(), memcached.kill()]);
  });
  const all = ['nothing', 'ready', 'invalidate', 'confirm', 'close'];
  const runs = (stores: readonly string[], haste?: number) =>
    Promise.all(stores.flatMap((store) => all.map(async (what) => ({ what, ...(await run(store, what, haste)) }))));
  const ended = [...all, ...all].map((what) => ({ what, code: 0, said: 'done' }));

  it('ends by itself, and not before what it awaits', async () => {
    expect(await runs([redis.url, `memcached://127.0.0.1:${memcached.port}`])).toEqual(ended);
  }, 120_000);

  it('goes on with its work after ten seconds where the store is not there', async () => {
    expect(await runs(['redis://127.0.0.1:1', 'memcached://127.0.0.1:1'], 20)).toEqual(ended);
  }, 120_000);
});
