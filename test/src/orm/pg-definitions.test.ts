import { describe, expect, it } from '@jest/globals';
import { type Cache, createCache } from '@viewcache/core';
import { watchPg } from '@viewcache/orm/pg';
import type pg from 'pg';
import { Keeping } from './kept.js';
import { heardBy, PgWorld } from './pg-world.js';

/** Of what a catalogue is read by. */
const isCatalogue = (sql: unknown): boolean => String(sql).includes('current_schemas');

describe('tables that change through a watched pool', () => {
  const world = new PgWorld();

  async function open(readTables?: pg.Pool) {
    const cache = world.closing(createCache());
    const pool = world.pool();
    const watch = watchPg(pool, { cache, readTables });
    world.closing({
      close: async () => {
        watch();
        await world.admin.query('DROP TABLE IF EXISTS badges, more CASCADE; DROP VIEW IF EXISTS named');
      },
    });
    await watch.ready;
    /** When what is known has been read after all that was changed. */
    const known = async () => {
      const again = watchPg(pool, cache);
      await again.ready;
      again();
    };
    return { cache, pool, known };
  }

  const names = (cache: Cache, pool: pg.Pool) =>
    cache.getOrSet('names', async () => (await pool.query('SELECT * FROM named')).rows, { ttl: '5m' });

  it('are read again: a new foreign key cascades, and a new view stands for what it reads', async () => {
    const { cache, pool, known } = await open();
    await pool.query(
      'CREATE TABLE badges (id int PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE); CREATE VIEW named AS SELECT id, name FROM users',
    );
    await known();
    const heard = heardBy(cache);
    await pool.query('DELETE FROM users WHERE id = 2');
    expect(heard.flat()).toEqual(expect.arrayContaining(['users#2', 'badges', 'badges!bulk']));
    await names(cache, pool);
    await pool.query("UPDATE users SET name = 'x' WHERE id = 1");
    expect(await names(cache, pool)).toEqual([{ id: 1, name: 'x' }]);
    await pool.query('ALTER TABLE badges DROP CONSTRAINT badges_user_id_fkey; DROP VIEW named');
    await known();
    heard.splice(0);
    await pool.query('DELETE FROM users WHERE id = 1');
    expect(heard.flat()).toContain('users#1');
    expect(heard.flat()).not.toContain('badges');
  });

  it.each([
    ['a value is called otherwise', "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'"],
    ['a type has another part', 'ALTER TYPE pair ADD ATTRIBUTE b int CASCADE'],
    ['a column goes with its type', 'DROP TYPE pair CASCADE'],
    ['another one hands its rows on', 'ALTER TABLE kid INHERIT moods'],
  ])('are shown as they are when %s', async (_, change) => {
    await world.admin.query(`
      CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int);
      CREATE TABLE moods (id int PRIMARY KEY, value mood, pair pair); INSERT INTO moods VALUES (1, 'sad', ROW(1));
      CREATE TABLE kid (LIKE moods); INSERT INTO kid VALUES (2)`);
    try {
      const cache = world.closing(createCache());
      const pool = world.pool();
      const watch = watchPg(pool, cache);
      await watch.ready;
      const kept = await new Keeping(cache).keep(() => pool.query('SELECT m::text FROM moods m'));
      await pool.query("ALTER TYPE mood ADD VALUE 'new'");
      expect(await kept.isMadeAgain()).toBe(false);
      await pool.query(change);
      await watch.ready;
      expect(await kept.isMadeAgain()).toBe(true);
      watch();
    } finally {
      await world.admin.query('DROP TABLE moods, kid CASCADE; DROP TYPE mood; DROP TYPE IF EXISTS pair');
    }
  });

  it('are not known until they have been read: nothing is stored, and a write counts as any', async () => {
    const reader = world.pool({ max: 1 });
    const { cache, pool, known } = await open(reader);
    const client = await reader.connect();
    await pool.query('CREATE VIEW named AS SELECT id, name FROM users');
    await cache.getOrSet('other', () => 'before', { tags: ['of no table'] });
    await names(cache, pool);
    expect(await cache.get('names')).toBeUndefined();
    expect(cache.stats().refused).toEqual({ 'older-snapshot': 1 });
    await pool.query('UPDATE users SET name = name WHERE id = 1');
    expect(await cache.get('other')).toBeUndefined();
    client.release();
    await known();
    await names(cache, pool);
    expect(await cache.get('names')).toHaveLength(2);
  });

  it('are read when they are committed, and not when that is taken back', async () => {
    const { cache, pool, known } = await open();
    const heard = heardBy(cache);
    const client = await pool.connect();
    await client.query('BEGIN; CREATE TABLE more (id int PRIMARY KEY); ROLLBACK');
    await client.query('BEGIN');
    await client.query('CREATE VIEW named AS SELECT id, name FROM users');
    await client.query('SAVEPOINT a');
    await pool.query("UPDATE users SET name = 'x' WHERE id = 1");
    expect(heard).toEqual([['users', 'users#1']]);
    await client.query('COMMIT');
    client.release();
    await known();
    await names(cache, pool);
    expect(cache.stats().refused).toEqual({});
    await pool.query("UPDATE users SET name = 'y' WHERE id = 1");
    expect(await cache.get('names')).toBeUndefined();
  });

  it('are read a few times, however many change, and not for those of one connection alone', async () => {
    const reader = world.pool();
    let readings = 0;
    const { query } = reader;
    Object.assign(reader, {
      query: (...given: Parameters<typeof query>) => {
        if (isCatalogue(given[0])) readings++;
        return query.apply(reader, given);
      },
    });
    const { cache, pool, known } = await open(reader);
    expect(readings).toBe(1);
    await pool.query('CREATE TEMP TABLE mine (id int); INSERT INTO mine VALUES (1); DROP TABLE mine');
    await pool.query('CREATE INDEX users_by_name ON users (name); DROP INDEX users_by_name');
    // Once for a name that nobody knew, and is found to be none that matters.
    expect(readings).toBe(2);
    await pool.query('CREATE TABLE more (id int PRIMARY KEY)');
    for (let n = 0; n < 100; n++) await pool.query(`ALTER TABLE more ADD COLUMN c${n} int`);
    const heard = heardBy(cache);
    do {
      await known();
      heard.splice(0);
      await pool.query("UPDATE users SET name = 'x' WHERE id = 1");
    } while (heard[0]?.[0] !== 'users');
    expect(readings).toBeGreaterThan(1);
    expect(readings).toBeLessThan(40);
  });
});
