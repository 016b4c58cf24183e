import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { watchPostgresNotify } from '@viewcache/orm/postgres-notify';
import { RedisServer } from '../servers/redis.js';
import { NotifyWorld } from './notify-world.js';

const WRITER = fileURLToPath(new URL('./writer.js', import.meta.url));

describe('a process that writes, beside others of the app (60)', () => {
  const world = new NotifyWorld();
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await redis.stop();
  });

  const options = () => ({ store: redis.url, consistency: 'strict', namespace: 'crash', deadline: '10s' }) as const;

  /** @returns how it has ended */
  async function write(name: string, end: 'dies' | 'lives'): Promise<unknown> {
    const child = spawn(process.execPath, [WRITER, world.url, redis.url, end, name], { stdio: 'inherit' });
    const [code, signal] = await once(child, 'exit');
    const { rows } = await world.admin.query('SELECT name FROM users WHERE id = 1');
    expect(rows).toEqual([{ name }]);
    return code ?? signal;
  }

  /** A process that shows the name of a user, and keeps what it shows in the store of all. */
  async function reader() {
    const { cache, pool } = await world.open(options());
    await cache.ready();
    const runs = { count: 0 };
    const shown = () =>
      cache.getOrSet(
        'user:1',
        async () => {
          runs.count++;
          return (await pool.query('SELECT name FROM users WHERE id = 1')).rows[0].name as string;
        },
        { ttl: '5m' },
      );
    return { cache, shown, runs };
  }

  async function firstReader() {
    const first = await reader();
    await first.cache.purge({ all: true });
    expect(await first.shown()).toBe('Ana');
    return first;
  }

  it('is heard by them through the shared store, when it has told', async () => {
    const { shown } = await firstReader();
    expect(await write('Anabela', 'lives')).toBe(0);
    expect(await shown()).toBe('Anabela');
  });

  it('leaves what was stored to them and to the store, when it dies between COMMIT and that: the ttl bounds it', async () => {
    const { shown } = await firstReader();
    expect(await write('Anabela', 'dies')).toBe('SIGKILL');
    expect(await shown()).toBe('Ana');
    const later = await reader();
    expect([await later.shown(), later.runs.count]).toEqual(['Ana', 0]);
  });

  it('leaves nothing stale where one of them listens to the database', async () => {
    const { cache, shown, runs } = await firstReader();
    const other = await reader();
    expect([await other.shown(), other.runs.count]).toEqual(['Ana', 0]);
    const watch = watchPostgresNotify(world.idle(), { cache, flushOnStart: false });
    world.closing({ close: async () => watch() });
    await watch.ready;
    expect(await write('Anabela', 'dies')).toBe('SIGKILL');
    await world.toldBefore(cache);
    expect([await shown(), runs.count]).toEqual(['Anabela', 2]);
    // One that does not listen, and one that has just begun, have it from the store.
    const later = await reader();
    expect([await other.shown(), await later.shown()]).toEqual(['Anabela', 'Anabela']);
    expect([other.runs.count, later.runs.count]).toEqual([0, 0]);
  });

  it('leaves nothing stale to those that begin to listen later, where nobody did', async () => {
    await firstReader();
    expect(await write('Anabela', 'dies')).toBe('SIGKILL');
    const next = await reader();
    const watch = watchPostgresNotify(world.idle(), { cache: next.cache });
    world.closing({ close: async () => watch() });
    await watch.ready;
    expect(await next.shown()).toBe('Anabela');
  });
});
