import { describe, expect, it } from '@jest/globals';
import { ConfigError, createCache } from '@viewcache/core';
import { afterCommit } from '@viewcache/orm';
import { watchPg } from '@viewcache/orm/pg';
import pg from 'pg';
import another from 'pg811';
import { heardBy, PgWorld } from './pg-world.js';

const UPDATE = "UPDATE users SET name = 'x' WHERE id = 1";
const USER_1 = ['users', 'users#1'];

describe('watchPg', () => {
  const world = new PgWorld();

  it('watches a pool once for a cache, however often it is asked to, until all have stopped (68)', async () => {
    const { cache, pool } = await world.open();
    const again = watchPg(pool, cache);
    const heard = heardBy(cache);
    await pool.query(UPDATE);
    expect(heard).toEqual([USER_1]);
    again();
    again();
    await pool.query(UPDATE);
    expect(heard).toHaveLength(2);
  });

  it('hears nothing once it has stopped, and leaves everything as it was (68)', async () => {
    const cache = world.closing(createCache());
    const pool = world.pool();
    const { query } = pg.Client.prototype;
    const { connect } = pg.Pool.prototype;
    const events = () => ['connect', 'acquire', 'remove'].map((name) => pool.listenerCount(name));
    const before = events();
    const stops = [watchPg(pool, cache), watchPg(pg, { cache, readTables: pool })];
    const heard = heardBy(cache);
    await Promise.all(stops.map(({ ready }) => ready));
    const client = await pool.connect();
    await client.query(UPDATE);
    expect(heard).toEqual([USER_1]);
    for (const stop of stops) stop();
    expect(pg.Client.prototype.query).toBe(query);
    expect(pg.Pool.prototype.connect).toBe(connect);
    expect(Object.hasOwn(client, 'query') || Object.hasOwn(pool, 'connect')).toBe(false);
    expect(events()).toEqual(before);
    await client.query(UPDATE);
    await afterCommit(client, 'prices');
    client.release();
    await pool.query(UPDATE);
    expect(heard).toHaveLength(1);
  });

  it('leaves what others have put over it, and does nothing through that once it has stopped', async () => {
    const cache = world.closing(createCache());
    const client = new pg.Client(world.url);
    await client.connect();
    const stop = watchPg(client, { cache, readTables: false });
    const heard = heardBy(cache);
    const inner = client.query;
    let calls = 0;
    Object.assign(client, {
      query: (...given: Parameters<typeof inner>) => {
        calls++;
        return inner.apply(client, given);
      },
    });
    await client.query(UPDATE);
    stop();
    await client.query(UPDATE);
    expect([calls, heard.length]).toEqual([2, 1]);
    watchPg(client, { cache, readTables: false });
    await client.query(UPDATE);
    await client.end();
    expect([calls, heard.length]).toEqual([3, 2]);
  });

  it('watches the module, and so the pools and clients of each library over it', async () => {
    const cache = world.closing(createCache());
    const pool = world.pool();
    const stop = watchPg(pg, { cache, tables: { users: { pk: 'id', cascadesTo: ['posts'] } } });
    const heard = heardBy(cache);
    await pool.query(UPDATE);
    await pool.query('DELETE FROM users WHERE id = 2');
    await pool.query("UPDATE users SET name = '3' WHERE email = 'ana@example.com' RETURNING id");
    await pool.query("UPDATE users SET name = '3' WHERE email = 'ana@example.com' RETURNING name AS id");
    stop();
    expect(heard).toEqual([USER_1, ['posts', 'posts!bulk', 'users', 'users#2'], USER_1, ['users', 'users!bulk']]);
  });

  it('watches each of two copies of pg by itself (68)', async () => {
    expect(another.Client).not.toBe(pg.Client);
    const cache = world.closing(createCache());
    const stop = watchPg(another, { cache, tables: { users: { pk: 'id' } } });
    const heard = heardBy(cache);
    const client = new another.Client(world.url);
    await client.connect();
    await client.query(UPDATE);
    await client.end();
    await world.admin.query(UPDATE);
    stop();
    expect(heard).toEqual([USER_1]);
  });

  it('tells two caches of one pool each of its own', async () => {
    const { cache, pool } = await world.open();
    const other = world.closing(createCache());
    const stop = watchPg(pool, other);
    await stop.ready;
    const [heard, heardThere] = [heardBy(cache), heardBy(other)];
    await pool.query(UPDATE);
    expect([heard, heardThere]).toEqual([[USER_1], [USER_1]]);
    stop();
    await pool.query(UPDATE);
    expect([heard.length, heardThere.length]).toEqual([2, 1]);
  });

  it('only invalidates where it is told so, and says in a line what came of a write', async () => {
    const lines: string[] = [];
    const { cache, pool, site } = await world.warm({}, { onWrite: 'invalidate', log: (line) => lines.push(line) });
    const modes: string[] = [];
    cache.on((event) => void (event.type === 'invalidated' && modes.push(event.mode)));
    await pool.query(UPDATE);
    await pool.query("UPDATE tags SET name = 'x' WHERE id = 99");
    expect(modes).toEqual(['soft']);
    expect(lines).toEqual([
      expect.stringContaining('viewcache: UPDATE users SET name = ? WHERE id = ? → users, users#1 → '),
    ]);
    expect(lines[0]).toMatch(/→ [1-9] dropped: .*\/users\/1/);
    expect(await site.ran()).toEqual(['V1', 'VL', 'VP']);
  });

  it.each<[string, unknown, unknown]>([
    ['watchPg', undefined, undefined],
    ['watchPg', {}, undefined],
    ['watchPg', pg, null],
    ['watchPg.cach', pg, { cach: 1 }],
    ['watchPg.cache', pg, { cache: {} }],
    ['watchPg.namespace', pg, { namespace: 'a:b' }],
    ['watchPg.tables.users.key', pg, { tables: { users: { key: 'id' } } }],
    ['watchPg.tables.users.pk', pg, { tables: { users: { pk: [1] } } }],
    [
      'watchPg.tables.users.cascadesTo[0].onDelete',
      pg,
      { tables: { users: { cascadesTo: [{ table: 'a', onDelete: 'x' }] } } },
    ],
    ['watchPg.views.v', pg, { views: { v: 'users' } }],
    ['watchPg.functions.f.read', pg, { functions: { f: { read: ['users'] } } }],
    ['watchPg.opaque', pg, { opaque: 'flush' }],
    ['watchPg.onWrite', pg, { onWrite: 'delete' }],
    ['watchPg.trackReads', pg, { trackReads: 1 }],
    ['watchPg.maxRows', pg, { maxRows: 0 }],
    ['watchPg.log', pg, { log: 'yes' }],
    ['watchPg.readTables', pg, { readTables: true }],
  ])('refuses %s', (setting, target, options) => {
    const refused = () => watchPg(target as typeof pg, options as never);
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(new RegExp(`^${setting.replace(/[.[\]]/g, '\\$&')}: `));
  });

  it('refuses the native client, which tells too little', () => {
    class Client {
      query(): void {}
    }
    const native = { Client, Pool: class {} };
    expect(() => watchPg(native as never)).toThrow('pg.native');
  });
});
