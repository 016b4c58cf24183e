import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { watchPostgresNotify } from '@viewcache/orm/postgres-notify';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { NotifyWorld, until } from './notify-world.js';

describe('watchPostgresNotify, of what is written outside the app (57)', () => {
  const world = new NotifyWorld();

  it.each<[string, readonly string[][], string]>([
    ['an insert', [['users', 'users#3']], "INSERT INTO users (name) VALUES ('Eva')"],
    ['an update', [['users', 'users#1']], "UPDATE users SET name = 'x' WHERE email = 'ana@example.com'"],
    ['an update of a key', [['tags', 'tags#2', 'tags#9']], 'UPDATE tags SET id = 9 WHERE id = 2'],
    [
      'a delete',
      [
        ['tags', 'tags#1'],
        ['post_tags', 'post_tags#1,1'],
      ],
      "DELETE FROM tags WHERE name = 'news'",
    ],
    ['several rows', [['users', 'users#1', 'users#2']], "UPDATE users SET name = 'x'"],
    ['no row', [], "UPDATE users SET name = 'x' WHERE id = 99"],
    ['nothing new', [], "INSERT INTO users (id, name) VALUES (1, 'x') ON CONFLICT DO NOTHING"],
    [
      'an insert that updates',
      [['users', 'users#1']],
      "INSERT INTO users (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = 'x'",
    ],
    [
      'WITH that writes',
      [['comments', 'comments#2', 'tags', 'tags#1']],
      "WITH c AS (DELETE FROM comments WHERE id = 2) UPDATE tags SET name = 'x' WHERE id = 1",
    ],
    ['a truncate', [['comments', 'comments!bulk']], 'TRUNCATE comments'],
  ])('hears of %s', async (_name, expected, sql) => {
    const { heard, told } = await world.listen();
    await world.admin.query(sql);
    await told();
    expect(flat(heard)).toEqual(flat(expected));
  });

  it('hears what cascades, row by row and level by level (23, 24, 25)', async () => {
    const { heard, told } = await world.listen();
    await world.admin.query('DELETE FROM users WHERE id = 1');
    await told();
    expect(flat(heard)).toEqual([
      'comments',
      'comments#1',
      'post_tags',
      'post_tags#1,1',
      'posts',
      'posts#1',
      'profiles',
      'profiles#1',
      'users',
      'users#1',
    ]);
  });

  it('hears TRUNCATE … CASCADE of each table', async () => {
    const { heard, told } = await world.listen();
    await world.admin.query('TRUNCATE posts CASCADE');
    await told();
    expect(flat(heard)).toEqual(['comments', 'comments!bulk', 'post_tags', 'post_tags!bulk', 'posts', 'posts!bulk']);
  });

  it('hears what functions and triggers of the database write', async () => {
    await world.admin.query(`
      CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE posts SET views = views + 1 WHERE id = NEW.post_id; RETURN NEW; END';
      CREATE TRIGGER bump AFTER INSERT ON comments FOR EACH ROW EXECUTE FUNCTION bump()`);
    const { heard, told } = await world.listen();
    await world.admin.query("DO $$ BEGIN INSERT INTO comments (body, post_id) VALUES ('hm', 2); END $$");
    await told();
    await world.admin.query('DROP FUNCTION bump CASCADE');
    expect(flat(heard)).toEqual(['comments', 'comments#3', 'posts', 'posts#2']);
  });

  it.each([
    ['a view that is made anew', "CREATE OR REPLACE VIEW names AS SELECT 'x'::text AS name"],
    [
      'a function that is',
      "CREATE OR REPLACE FUNCTION called() RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL::text'",
    ],
    ['a value of a type that is called otherwise', "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'"],
  ])('hears %s', async (_, change) => {
    await world.admin.query(`CREATE TYPE mood AS ENUM ('sad'); CREATE VIEW names AS SELECT name FROM users;
      CREATE FUNCTION called() RETURNS text LANGUAGE sql STABLE AS 'SELECT name FROM users LIMIT 1'`);
    const { cache, told } = await world.listen();
    await told();
    const heard = until(cache, (tags) => tags.includes('users!bulk'));
    await world.admin.query(change);
    await heard;
    await world.admin.query('DROP VIEW names; DROP FUNCTION called; DROP TYPE mood');
  });

  it('hears COPY', async () => {
    const { heard, told } = await world.listen();
    const client = await world.admin.connect();
    const stream = client.query(copyFrom('COPY users (name) FROM STDIN') as never) as unknown as NodeJS.WritableStream;
    await new Promise((resolve, reject) => {
      stream.on('finish', resolve).on('error', reject);
      stream.end('Eva\nLeo\n');
    });
    client.release();
    await told();
    expect(flat(heard)).toEqual(['users', 'users#3', 'users#4']);
  });

  it('hears one commit at once, after it, and nothing of what was taken back (31, 32, 34, 35)', async () => {
    const { heard, told } = await world.listen();
    const client = await world.admin.connect();
    await client.query('BEGIN');
    await client.query("UPDATE users SET name = 'x' WHERE id = 1");
    await client.query('SAVEPOINT a');
    await client.query("UPDATE users SET name = 'x' WHERE id = 2");
    await client.query('ROLLBACK TO a');
    await client.query("UPDATE posts SET title = 'x' WHERE id = 2");
    await told();
    expect(heard).toEqual([]);
    await client.query('COMMIT');
    await told();
    expect(heard).toEqual([['posts', 'posts#2', 'users', 'users#1']]);
    await client.query('BEGIN');
    await client.query("UPDATE users SET name = 'y'");
    await client.query('ROLLBACK');
    client.release();
    await told();
    expect(heard).toHaveLength(1);
  });

  it('takes many rows of one statement, and a payload that is too long, for any of the table', async () => {
    await world.admin.query('CREATE TABLE words (word text PRIMARY KEY)');
    const { heard, told } = await world.listen();
    try {
      await world.admin.query("INSERT INTO users (name) SELECT 'x' FROM generate_series(1, 64)");
      await told();
      expect(heard.pop()).toHaveLength(65);
      await world.admin.query("INSERT INTO users (name) SELECT 'x' FROM generate_series(1, 65)");
      await world.admin.query('UPDATE users SET name = name');
      await world.admin.query('INSERT INTO words SELECT repeat(chr(64 + n), 2000) FROM generate_series(1, 5) AS n');
      await told();
      expect(flat(heard)).toEqual(['users', 'users!bulk', 'users!ins', 'words', 'words!ins']);
    } finally {
      await world.admin.query('DROP TABLE words');
    }
  });

  it('sends little of a large transaction: thousands of statements are a few notifications', async () => {
    const { heard, told, watch } = await world.listen();
    const client = await world.admin.connect();
    await client.query('BEGIN');
    await client.query(
      "DO $$ BEGIN FOR n IN 1..3000 LOOP INSERT INTO users (name) VALUES ('x'); UPDATE posts SET views = n WHERE id = 1; END LOOP; END $$",
    );
    await client.query('COMMIT');
    client.release();
    await told();
    expect(watch.counts().notifications).toBeLessThan(80);
    expect(flat(heard)).toEqual(expect.arrayContaining(['posts!bulk', 'users!ins']));
    // The next transaction names rows again.
    heard.splice(0);
    await world.admin.query('UPDATE posts SET views = 0 WHERE id = 1');
    await told();
    expect(heard).toEqual([['posts', 'posts#1']]);
  });

  it('hears partitions as the table that they are parts of, whoever is written to', async () => {
    await world.admin.query(`
      CREATE TABLE logs (id int, day date, line text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
      CREATE TABLE keyed (id int PRIMARY KEY) PARTITION BY RANGE (id);
      CREATE TABLE keyed_1 PARTITION OF keyed FOR VALUES FROM (0) TO (10)`);
    const { heard, told } = await world.listen();
    try {
      await world.admin.query('INSERT INTO keyed VALUES (3)');
      await world.admin.query('INSERT INTO keyed_1 VALUES (4)');
      await told();
      expect(flat(heard)).toEqual(['keyed', 'keyed#3', 'keyed#4']);
    } finally {
      await world.admin.query('DROP TABLE logs, keyed');
    }
  });

  it('never fails a write, whatever has become of the table', async () => {
    const { told, heard } = await world.listen();
    // The key is called otherwise, and nobody has told the triggers.
    await world.admin.query('ALTER EVENT TRIGGER viewcache_followed DISABLE');
    await world.admin.query('CREATE TABLE notes (id int PRIMARY KEY, "a""b" text)');
    await world.admin.query("SELECT viewcache.viewcache_cover('notes'::regclass)");
    await world.admin.query('ALTER TABLE notes RENAME id TO number');
    try {
      const { rowCount } = await world.admin.query('INSERT INTO notes VALUES (1)');
      expect(rowCount).toBe(1);
      const client = await world.admin.connect();
      await client.query("BEGIN; SET LOCAL viewcache.told = 'no number'");
      await client.query("UPDATE users SET name = 'x' WHERE id = 1");
      await client.query('COMMIT');
      client.release();
      await told();
      expect(flat(heard)).toEqual(['notes', 'notes!ins', 'users', 'users!bulk']);
    } finally {
      await world.admin.query('DROP TABLE notes');
      await world.admin.query('ALTER EVENT TRIGGER viewcache_followed ENABLE');
    }
  });

  it('has the tags of the same rows that a watch beside it has, and tells each of them (55)', async () => {
    const { cache, driver, site } = await world.open({}, { namespace: 'shop' });
    const watch = watchPostgresNotify(driver.pool, { cache, namespace: 'shop' });
    await watch.ready;
    await site.ran();
    await world.admin.query("UPDATE users SET name = 'Anabela' WHERE id = 1");
    await untilSeen(async () => (await site.get('V1')) as { name: string }, 'Anabela');
    expect(site.runs.get('/users/2')).toBe(1);
    watch();
  });

  it('takes tables of other schemas by their schema, and names with anything in them', async () => {
    await world.admin.query(`CREATE SCHEMA billing; CREATE TABLE billing.users (id int PRIMARY KEY);
      CREATE TABLE "a'b""; DROP TABLE users; --" ("i'd""" int PRIMARY KEY)`);
    const { heard, told } = await world.listen();
    try {
      await world.admin.query('INSERT INTO billing.users VALUES (7)');
      await world.admin.query(`INSERT INTO "a'b""; DROP TABLE users; --" VALUES (8)`);
      await told();
      const [first, ...others] = flat(heard).filter((tag) => tag.includes('#'));
      expect(others).toEqual(['billing.users#7']);
      expect(first?.endsWith('#8')).toBe(true);
    } finally {
      await world.admin.query(`DROP SCHEMA billing CASCADE; DROP TABLE "a'b""; DROP TABLE users; --"`);
    }
  });

  it('takes what it cannot read for a write of every table', async () => {
    const { heard, told } = await world.listen();
    for (const payload of ['', 'no json', '{"v":3,"op":"insert"}', '{"v":2,"op":"insert","s":1,"t":2}'])
      await world.admin.query("SELECT pg_notify('viewcache', $1)", [payload]);
    await told();
    expect(heard.length).toBeGreaterThan(0);
    for (const tags of heard) expect(tags).toEqual(expect.arrayContaining(['users!bulk', 'posts!bulk', 'tags!bulk']));
  });

  it('listens once for a cache, however often it is asked to, until all have stopped', async () => {
    const cache = world.closing(createCache());
    const pool = world.idle();
    const stops = [watchPostgresNotify(pool, cache), watchPostgresNotify(pool, { cache })];
    await Promise.all(stops.map(({ ready }) => ready));
    expect(await world.listeners()).toHaveLength(1);
    stops[0]?.();
    stops[0]?.();
    expect(stops[1]?.isListening()).toBe(true);
    await world.toldBefore(cache);
    stops[1]?.();
    expect(stops[1]?.isListening()).toBe(false);
    while ((await world.listeners()).length > 0);
  });

  it('leaves nothing invalidated by itself where the module is watched', async () => {
    const { watchPg } = await import('@viewcache/orm/pg');
    const cache = world.closing(createCache());
    const stop = watchPg(pg, { cache, readTables: false });
    const heard: unknown[] = [];
    cache.on((event) => event.type === 'invalidated' && heard.push(event));
    const other = world.closing(createCache());
    const watch = watchPostgresNotify(world.idle(), other);
    await watch.ready;
    watch();
    stop();
    expect(heard).toEqual([]);
  });
});

function flat(heard: readonly (readonly string[])[]): string[] {
  return [...new Set(heard.flat())].sort();
}

/** Notifications take some milliseconds: asks again until it is there. */
async function untilSeen(get: () => Promise<{ name: string }>, name: string): Promise<void> {
  while ((await get()).name !== name);
}
