import { describe, expect, it } from '@jest/globals';
import { type Cache, ConfigError, createCache } from '@viewcache/core';
import { installPostgresNotify, removePostgresNotify, watchPostgresNotify } from '@viewcache/orm/postgres-notify';
import pg from 'pg';
import { SilentProxy } from '../servers/silent-proxy.js';
import { NotifyWorld, until } from './notify-world.js';

const isFlush = (tags: readonly string[]): boolean => tags.includes('users!bulk') && tags.includes('posts!bulk');

/** The next warning. */
function warned(cache: Cache, pattern: RegExp): Promise<string> {
  return new Promise((resolve) => {
    const stop = cache.on((event) => {
      if (event.type !== 'warning' || !pattern.test(event.message)) return;
      stop();
      resolve(event.message);
    });
  });
}

describe('the connection of watchPostgresNotify', () => {
  const world = new NotifyWorld();

  it('is made again when it was ended, and everything is let go of: no answer after that is stale (58)', async () => {
    const { cache, site } = await world.warm();
    const pool = world.idle();
    const watch = watchPostgresNotify(pool, { cache });
    world.closing({ close: async () => watch() });
    await watch.ready;
    await site.ran();
    for (let round = 1; round <= 5; round++) {
      const broke = warned(cache, /the connection has broken/);
      const flushed = until(cache, isFlush);
      await world.admin.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'listener'",
      );
      // Nobody listens while this is written, or somebody has just begun to: either way it must not be missed.
      await world.admin.query('UPDATE users SET name = $1 WHERE id = 1', [`round ${round}`]);
      await broke;
      await flushed;
      await world.toldBefore(cache);
      expect(await site.get('V1')).toMatchObject({ name: `round ${round}` });
    }
    expect(watch.counts()).toMatchObject({ breaks: 5, failures: 0 });
    expect(await world.listeners()).toHaveLength(1);
  });

  it('serves what is stored while there is no server, and lets go of it when there is one again', async () => {
    const { cache, watch, heard } = await world.listen();
    await cache.getOrSet('names', () => 'before', { tags: ['users'] });
    const broke = warned(cache, /the connection has broken/);
    const refused = warned(cache, /could not be made/);
    const flushed = until(cache, isFlush);
    world.admin.on('error', () => {});
    await world.server.restart(async () => {
      await broke;
      expect(watch.isListening()).toBe(false);
      // Attempts that come to nothing are no reason to let go of anything.
      await refused;
      expect(await cache.get('names')).toBe('before');
      expect(heard).toEqual([]);
    });
    await flushed;
    expect(await cache.get('names')).toBeUndefined();
    await world.toldBefore(cache);
    expect(watch.isListening()).toBe(true);
  });

  it('is given up when nothing comes through it any more, without having been closed', async () => {
    const proxy = await SilentProxy.start(world.server.port);
    try {
      const pool = world.idle({ connectionString: world.url.replace(String(world.server.port), String(proxy.port)) });
      const { cache, watch } = await world.listen({ checkEvery: '100ms' }, {}, pool);
      const broke = warned(cache, /has broken \(no answer within 100 ms\)/);
      proxy.silence();
      await broke;
      const flushed = until(cache, isFlush);
      await world.admin.query("UPDATE users SET name = 'x'");
      proxy.heal();
      await flushed;
      expect(watch.counts().breaks).toBe(1);
    } finally {
      proxy.close();
    }
  });

  it('lets go of everything at the start, too, unless somebody else has listened', async () => {
    for (const [flushOnStart, left] of [
      [true, undefined],
      [false, 'before'],
    ] as const) {
      const cache = world.closing(createCache());
      await cache.getOrSet('names', () => 'before', { tags: ['users'] });
      await cache.getOrSet('other', () => 'before', { tags: ['of no table'] });
      const watch = watchPostgresNotify(world.idle(), { cache, flushOnStart });
      await watch.ready;
      expect([await cache.get('names'), await cache.get('other')]).toEqual([left, 'before']);
      watch();
    }
  });

  it('says what is missing where no triggers are, and begins to listen when they are there', async () => {
    await removePostgresNotify(world.admin);
    const cache = world.closing(createCache());
    const watch = watchPostgresNotify(world.idle(), cache);
    world.closing({ close: async () => watch() });
    await expect(watch.ready).rejects.toThrow('no triggers are installed; call installPostgresNotify()');
    const flushed = until(cache, isFlush);
    await installPostgresNotify(world.admin);
    await flushed;
    await world.toldBefore(cache);
  });

  it('says so where there is no server, or it lets nobody in', async () => {
    const cache = world.closing(createCache());
    const nowhere = watchPostgresNotify(new pg.Pool({ connectionString: 'postgresql://x@127.0.0.1:1/x' }), cache);
    await expect(nowhere.ready).rejects.toThrow('ECONNREFUSED');
    nowhere();
    const nobody = watchPostgresNotify(world.idle({ connectionString: world.url.replace('test@', 'nobody@') }), cache);
    await expect(nobody.ready).rejects.toThrow('"nobody" does not exist');
    nobody();
  });

  it('hears nothing once it has stopped, also where it had not begun', async () => {
    const { watch, heard, cache } = await world.listen();
    watch();
    watch();
    const late = watchPostgresNotify(world.idle(), cache);
    late();
    await late.ready;
    while ((await world.listeners()).length > 0);
    await world.admin.query("UPDATE users SET name = 'x'");
    expect(heard).toEqual([]);
  });

  it('leaves views as they are where nothing else is watched: they name tags themselves', async () => {
    const { cache, told } = await world.listen();
    const shown = () => cache.getOrSet('user:1', async () => 'Ana', { tags: ['users#1'], ttl: 'forever' });
    await shown();
    expect(await cache.get('user:1')).toBe('Ana');
    await world.admin.query("UPDATE users SET name = 'x' WHERE id = 2");
    await told();
    expect(await cache.get('user:1')).toBe('Ana');
    await world.admin.query("UPDATE users SET name = 'x' WHERE id = 1");
    await told();
    expect(await cache.get('user:1')).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['watchPostgresNotify.trackReads', { trackReads: false }],
    ['watchPostgresNotify.cache', { cache: {} }],
    ['watchPostgresNotify.namespace', { namespace: 'a:b' }],
    ['watchPostgresNotify.onWrite', { onWrite: 'delete' }],
    ['watchPostgresNotify.channel', { channel: 'a b' }],
    ['watchPostgresNotify.checkEvery', { checkEvery: 'often' }],
    ['watchPostgresNotify.checkEvery', { checkEvery: 0 }],
    ['watchPostgresNotify.flushOnStart', { flushOnStart: 1 }],
  ])('refuses %s: %j', (setting, options) => {
    const refused = () => watchPostgresNotify(world.idle(), options as never);
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(`${setting}: `);
  });
});
