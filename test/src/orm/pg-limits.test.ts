import { describe, expect, it } from '@jest/globals';
import { installPostgresNotify, removePostgresNotify } from '@viewcache/orm/postgres-notify';
import { heardBy, PgWorld } from './pg-world.js';

/** What docs/reference/limits.md says of watched data sources. */
describe('the limits of a watch of pg', () => {
  const world = new PgWorld();

  it('take a statement for written that query_timeout has given up, which may be carried out later', async () => {
    const { cache, driver } = await world.open();
    const client = await driver.pool.connect();
    const heard = heardBy(cache);
    const config = {
      text: "UPDATE users SET name = 'late' WHERE id = 1 AND pg_sleep(0.3) IS NOT NULL",
      query_timeout: 50,
    };
    await expect(client.query(config)).rejects.toThrow('timeout');
    expect(heard).toEqual([['users', 'users#1']]);
    expect(driver.watch.counts()).toMatchObject({ commits: 1, uncertain: 1 });
    // It is there after all, when the connection is free again.
    const { rows } = await client.query('SELECT name FROM users WHERE id = 1');
    expect(rows).toEqual([{ name: 'late' }]);
    // And told once more, whenever that is: what was read meanwhile may be from before it.
    expect(heard).toEqual([
      ['users', 'users#1'],
      ['users', 'users#1'],
    ]);
    expect(driver.watch.counts()).toMatchObject({ commits: 2, uncertain: 1 });
    client.release();
  });

  it('take a prepared transaction for everything when it is committed, whoever has prepared it', async () => {
    world.admin.on('error', () => {});
    await world.admin.query('ALTER SYSTEM SET max_prepared_transactions = 2');
    await world.server.restart();
    const { cache, driver } = await world.open();
    const client = await driver.pool.connect();
    await client.query('BEGIN');
    await client.query("UPDATE users SET name = 'two' WHERE id = 1");
    await client.query("PREPARE TRANSACTION 'a'");
    client.release();
    await cache.getOrSet('user', async () => (await driver.reads.user(1)) ?? null, { ttl: '5m' });
    expect(await cache.get('user')).toMatchObject({ name: 'Ana' });
    await driver.pool.query("COMMIT PREPARED 'a'");
    expect(await cache.get('user')).toBeUndefined();
    // PostgreSQL lets none be prepared that has notified.
    await installPostgresNotify(world.admin);
    const other = await driver.pool.connect();
    await other.query('BEGIN');
    await other.query("UPDATE users SET name = 'two' WHERE id = 2");
    await expect(other.query("PREPARE TRANSACTION 'b'")).rejects.toThrow('cannot PREPARE a transaction');
    other.release();
    await removePostgresNotify(world.admin);
  });
});
