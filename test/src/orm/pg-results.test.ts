import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { watchKnex } from '@viewcache/orm/knex';
import { watchPg } from '@viewcache/orm/pg';
import knex from 'knex';
import pg from 'pg';
import { heardBy, PgWorld } from './pg-world.js';

/** What a database says of a result may be of other rows than those that were written. */
const WRITES = [
  "WITH x AS (UPDATE users SET name = 'z' WHERE id = 1) UPDATE users SET name = 'q' WHERE id = 999",
  "WITH x AS (UPDATE users SET name = 'z' WHERE id = 1) UPDATE users SET name = 'q' WHERE id = 2 RETURNING id",
  'WITH x AS (DELETE FROM users WHERE id = 1) DELETE FROM users WHERE id = 999',
  "UPDATE users u SET name = 'z' FROM tags t WHERE t.name = 'old' AND u.name = 'Ana' RETURNING t.id",
  "UPDATE users u SET name = 'z' FROM tags t WHERE t.name = 'old' AND u.name = 'Ana' RETURNING u.id, t.id",
  "UPDATE users u SET name = 'z' FROM users v WHERE u.name = 'Ana' AND v.id = 2 RETURNING v.id",
  "UPDATE users SET name = 'z' FROM (VALUES ('Ana', 2)) v(n, id) WHERE users.name = v.n RETURNING v.id",
  "DELETE FROM users u USING tags t WHERE t.name = 'old' AND u.name = 'Ana' RETURNING t.id",
  "UPDATE users SET name = 'z' WHERE name = 'Ana' RETURNING id + 1 id",
];

const parsers = { getTypeParser: () => (text: string) => `u_${text}` };

describe('results of PostgreSQL that speak of other rows than were written', () => {
  const world = new PgWorld();

  async function open() {
    const cache = world.closing(createCache());
    const pool = world.pool();
    const watch = watchPg(pool, { cache });
    await watch.ready;
    return { pool, heard: heardBy(cache) };
  }

  const names = (tags: string[][]) => tags.flat().filter((tag) => /^users#1$|^users!bulk$/.test(tag));

  it.each(WRITES)('%s', async (sql) => {
    const { pool, heard } = await open();
    await pool.query(sql);
    expect(names(heard)).not.toEqual([]);
  });

  it('where a driver does not say which table a column is of', async () => {
    const db = knex({ client: 'pg', connection: world.url });
    world.closing({ close: () => db.destroy() });
    const cache = world.closing(createCache());
    const watch = watchKnex(db, { cache, readTables: false, tables: { users: { pk: ['id'] } } });
    await watch.ready;
    const heard = heardBy(cache);
    for (const sql of WRITES) {
      await world.admin.query(
        "INSERT INTO users (id, name) VALUES (1, 'Ana') ON CONFLICT (id) DO UPDATE SET name = 'Ana'",
      );
      heard.splice(0);
      await db.raw(sql);
      expect([sql, names(heard).length > 0]).toEqual([sql, true]);
    }
  });

  it('a row that an earlier INSERT of the statement adds', async () => {
    const { pool, heard } = await open();
    await pool.query(
      "WITH x AS (INSERT INTO users (id, name) VALUES (9, 'n')) INSERT INTO users (id, name) VALUES (10, 'm') RETURNING id",
    );
    expect(heard.flat()).not.toContain('users#10');
    expect(heard.flat()).toContain('users');
  });

  it('are those rows where the written table has its own name there', async () => {
    const { pool, heard } = await open();
    await pool.query(
      "UPDATE users u SET name = 'z' FROM tags t WHERE t.name = 'old' AND u.name = 'Ana' RETURNING u.id, t.name",
    );
    await pool.query("INSERT INTO users (name) VALUES ('Eva') RETURNING *, id AS number");
    expect(heard).toEqual([
      ['users', 'users#1'],
      ['users', 'users#3'],
    ]);
  });

  it('keys that somebody reads as something else', async () => {
    const { pool, heard } = await open();
    const text = "UPDATE users SET name = 'z' WHERE name = 'Ana' RETURNING id";
    await pool.query({ text, types: parsers } as pg.QueryConfig);
    expect(heard.flat()).toContain('users!bulk');
    heard.splice(0);
    await pool.query({ text: text.replace('Ana', 'Rui'), types: pg.types } as pg.QueryConfig);
    expect(heard).toEqual([['users', 'users#2']]);
  });
});
