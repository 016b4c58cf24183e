import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { watchPg } from '@viewcache/orm/pg';
import pg from 'pg';
import { Keeping } from './kept.js';
import { heardBy, PgWorld } from './pg-world.js';

/** Read and then written: what the reads were tagged with is told by what the writes drop. */
describe('the tables of a PostgreSQL', () => {
  const world = new PgWorld();

  it('that are read through a view of it (54)', async () => {
    await world.admin.query(`
      CREATE VIEW user_names AS SELECT id, name FROM users;
      CREATE VIEW authors AS SELECT n.name, p.title FROM user_names n JOIN posts p ON p.user_id = n.id`);
    const { driver, site } = await world.open();
    Object.assign(driver.reads, { comments: async () => (await driver.pool.query('SELECT * FROM authors')).rows });
    await site.ran();
    await driver.writes.renameUser(1, 'Anabela');
    expect(await site.ran()).toContain('comments');
    // A view through which rows can be written.
    await driver.writes.raw("UPDATE user_names SET name = 'Ana Maria' WHERE id = 1");
    expect(await site.ran()).toEqual(expect.arrayContaining(['V1', 'VL', 'comments']));
    await world.admin.query('DROP VIEW authors, user_names');
  });

  it.each([
    [
      'by options',
      {
        functions: { newest_users: ['users'], rename_user: { writes: ['users'] } },
        triggers: { posts: ['tags'] },
      },
    ],
    ['by what the database has of them', {}],
  ])('that functions and triggers touch, %s (54)', async (_, options) => {
    await world.admin.query(`
      CREATE FUNCTION any_users() RETURNS SETOF users LANGUAGE sql STABLE BEGIN ATOMIC SELECT * FROM users; END;
      CREATE FUNCTION newest_users() RETURNS SETOF users LANGUAGE sql AS 'SELECT * FROM Any_Users() ORDER BY id DESC';
      CREATE FUNCTION rename_user(who int) RETURNS void LANGUAGE sql AS 'UPDATE users SET name = ''f'' WHERE id = who';
      CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN NEW.title := trim(NEW.title); IF NEW.views < 1 THEN INSERT INTO tags (name) VALUES (''posted''); END IF; RETURN NEW; END';
      CREATE TRIGGER noting BEFORE INSERT ON posts FOR EACH ROW EXECUTE FUNCTION note()`);
    const { driver, site } = await world.open({}, options);
    Object.assign(driver.reads, {
      comments: async () => (await driver.pool.query('SELECT * FROM newest_users()')).rows,
    });
    await site.ran();
    await driver.writes.renameUser(1, 'Anabela');
    expect(await site.ran()).toContain('comments');
    await driver.writes.raw('SELECT rename_user($1)', [2]);
    // Nobody says what it does to them: it may delete, too.
    expect(await site.ran()).toHaveLength(9);
    await driver.writes.insertPost('Third', 1);
    expect(await site.ran()).toEqual(['VP', 'VC', 'tags']);
    await world.admin.query('DROP TRIGGER noting ON posts; DROP FUNCTION note, newest_users, any_users, rename_user');
  });

  it('that a function empties by the one statement that it is made of', async () => {
    await world.admin.query("CREATE FUNCTION forget() RETURNS void LANGUAGE sql AS 'truncate tags CASCADE'");
    const { cache, driver } = await world.open();
    const kept = await new Keeping(cache).keep(() => driver.pool.query('SELECT * FROM tags'));
    await driver.writes.raw('SELECT forget()');
    expect(await kept.isMadeAgain()).toBe(true);
    await world.admin.query('DROP FUNCTION forget');
  });

  it('with rows that are set to what they are, which is no write unless a trigger makes it one', async () => {
    await world.admin.query(`
      CREATE TABLE parts (LIKE profiles INCLUDING ALL) PARTITION BY RANGE (id);
      CREATE TABLE parts_1 PARTITION OF parts DEFAULT;
      INSERT INTO parts VALUES (1, 'a', 1)`);
    const { driver, site } = await world.open();
    const { raw } = driver.writes;
    Object.assign(driver.reads, { comments: async () => (await driver.pool.query('SELECT * FROM parts')).rows });
    await site.ran();
    await raw('UPDATE users SET name = name, email = users.email WHERE id = 1');
    expect(await site.ran()).toEqual([]);
    await raw('UPDATE users SET name = email WHERE id = 1');
    expect(await site.ran()).toContain('V1');
    // What a partition has for triggers nobody has looked for.
    await raw('UPDATE parts SET bio = bio');
    expect(await site.ran()).toEqual(['comments']);
    await world.admin.query(`
      CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := NEW.name || ''!''; RETURN NEW; END';
      CREATE TRIGGER touching BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch()`);
    const again = await world.open();
    await again.site.ran();
    await again.driver.writes.raw('UPDATE users SET name = name WHERE id = 1');
    expect(await again.site.ran()).toContain('V1');
    await world.admin.query('DROP TRIGGER touching ON users; DROP FUNCTION touch; DROP TABLE parts');
  });

  it('that functions empty, with those that refer to them', async () => {
    await world.admin.query(`
      CREATE TABLE owners (id int PRIMARY KEY); CREATE TABLE cars (id int PRIMARY KEY, owner int REFERENCES owners);
      CREATE FUNCTION clear_cars() RETURNS void LANGUAGE sql AS 'truncate cars';
      CREATE FUNCTION clear_owners() RETURNS void LANGUAGE sql AS 'TRUNCATE owners CASCADE'`);
    const { cache, pool } = await world.open();
    const cars = await new Keeping(cache).keep(() => pool.query('SELECT * FROM cars'));
    for (const clear of ['clear_cars', 'clear_owners']) {
      await pool.query(`SELECT ${clear}()`);
      expect([clear, await cars.isMadeAgain()]).toEqual([clear, true]);
    }
    await world.admin.query('DROP TABLE owners, cars; DROP FUNCTION clear_cars, clear_owners');
  });

  it('that rules write, of a table and of a view; by rules that nobody can read, any', async () => {
    await world.admin.query(`
      CREATE TABLE audit (note text); CREATE VIEW shown AS SELECT 1 AS a;
      CREATE RULE noted AS ON UPDATE TO users WHERE OLD.name <> ' do ' DO ALSO INSERT INTO audit VALUES ('user');
      CREATE RULE two AS ON INSERT TO tags DO (INSERT INTO audit VALUES ('tag'); DELETE FROM audit WHERE note = 'x');
      CREATE RULE in_place AS ON INSERT TO shown DO INSTEAD INSERT INTO audit VALUES ('view');
      CREATE RULE none_of AS ON DELETE TO profiles DO INSTEAD NOTHING`);
    const { cache, driver, pool } = await world.open();
    const warnings: string[] = [];
    cache.on((event) => void (event.type === 'warning' && warnings.push(event.message)));
    const audit = await new Keeping(cache).keep(() => pool.query('SELECT * FROM audit'));
    for (const write of ["UPDATE users SET name = 'Bo' WHERE id = 1", "INSERT INTO tags (name) VALUES ('t')"]) {
      await driver.writes.raw(write);
      expect([write, await audit.isMadeAgain()]).toEqual([write, true]);
    }
    await driver.writes.raw('INSERT INTO shown VALUES (1)');
    expect(await audit.isMadeAgain()).toBe(true);
    await driver.writes.raw('DELETE FROM profiles WHERE id = 1');
    expect(await audit.isMadeAgain()).toBe(false);
    await world.admin.query(`
      CREATE FUNCTION carry(what text) RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE what; END';
      CREATE RULE hidden AS ON DELETE TO comments DO ALSO SELECT carry('DELETE FROM audit')`);
    for (const [triggers, isDropped] of [[undefined, true] as const, [{ comments: ['post_tags'] }, false] as const]) {
      const again = await world.open({}, triggers && { triggers });
      const kept = await new Keeping(again.cache).keep(() => again.pool.query('SELECT * FROM audit'));
      await again.driver.writes.raw('DELETE FROM comments WHERE id = 1');
      expect(await kept.isMadeAgain()).toBe(isDropped);
    }
    expect(warnings).toEqual([]);
    await world.admin.query(`
      DROP RULE noted ON users; DROP RULE two ON tags; DROP RULE none_of ON profiles; DROP RULE hidden ON comments;
      DROP VIEW shown; DROP TABLE audit; DROP FUNCTION carry`);
  });

  it('with triggers of which nobody can tell what they write are warned about once', async () => {
    await world.admin.query(`
      CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE FUNCTION something() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN EXECUTE TG_ARGV[0]; RETURN NEW; END';
      CREATE TRIGGER idle AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION nothing();
      CREATE TRIGGER busy AFTER INSERT ON tags FOR EACH ROW EXECUTE FUNCTION something('DELETE FROM posts');
      CREATE TRIGGER same BEFORE UPDATE ON posts FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`);
    const cache = world.closing(createCache());
    const warnings: string[] = [];
    cache.on((event) => void (event.type === 'warning' && warnings.push(event.message)));
    const stop = watchPg(world.pool(), cache);
    await stop.ready;
    stop();
    const told = watchPg(world.pool(), { cache, triggers: { tags: ['posts'] } });
    await told.ready;
    told();
    await world.admin.query(`
      DROP TRIGGER idle ON users; DROP TRIGGER busy ON tags; DROP TRIGGER same ON posts; DROP FUNCTION nothing, something`);
    expect(warnings).toEqual([expect.stringContaining('watchPg: tags has triggers or rules')]);
  });

  it('are read again once a statement has changed them, and `ready` waits for that', async () => {
    const cache = world.closing(createCache());
    const heard = heardBy(cache);
    const pool = world.pool();
    const watch = watchPg(pool, cache);
    await watch.ready;
    for (const name of ['first', 'second', 'third']) await pool.query(`CREATE TABLE ${name} (id int PRIMARY KEY)`);
    await watch.ready;
    await pool.query('INSERT INTO third (id) VALUES (1)');
    expect(heard.at(-1)).toEqual(['third', 'third#1']);
    watch();
    await world.admin.query('DROP TABLE first, second, third');
  });

  it('of the same names in two databases do not meet, by a namespace (55)', async () => {
    await world.admin.query('CREATE DATABASE other');
    const url = world.url.replace(/postgres$/, 'other');
    const other = new pg.Pool({ connectionString: url });
    await other.query('CREATE TABLE users (id int PRIMARY KEY, name text)');
    const { cache, driver, site } = await world.warm();
    const watch = watchPg(other, { cache, namespace: 'other' });
    await watch.ready;
    const heard = heardBy(cache);
    await other.query("INSERT INTO users (id, name) VALUES (1, 'x')");
    expect(heard).toEqual([['other:users', 'other:users#1']]);
    expect(await site.ran()).toEqual([]);
    await driver.writes.renameUser(1, 'Anabela');
    expect(heard.at(-1)).toEqual(['users', 'users#1']);
    watch();
    await other.end();
    await world.admin.query('DROP DATABASE other');
  });

  it('of the same names in two schemas do not meet (56)', async () => {
    await world.admin.query('CREATE SCHEMA billing; CREATE TABLE billing.users (id int PRIMARY KEY, name text)');
    const { cache, pool, site } = await world.warm();
    const heard = heardBy(cache);
    await pool.query("INSERT INTO billing.users (id, name) VALUES (1, 'x')");
    expect(heard).toEqual([['billing.users', 'billing.users#1']]);
    expect(await site.ran()).toEqual([]);
    const there = await new Keeping(cache).keep(() => pool.query('SELECT * FROM billing.users'));
    await pool.query("UPDATE public.users SET name = 'x' WHERE id = 1");
    expect(await site.ran()).toEqual(['V1', 'VL', 'VP']);
    expect(await there.isMadeAgain()).toBe(false);
    // By a search path that moves, a bare name may be either; other settings move nothing.
    const client = await pool.connect();
    await client.query("SELECT set_config('app.user', '7', false)");
    await client.query("UPDATE users SET name = 'z' WHERE id = 1");
    expect(heard.at(-1)).toEqual(['users', 'users#1']);
    await client.query('SET search_path TO billing');
    await client.query("UPDATE users SET name = 'y' WHERE id = 1");
    expect(heard.at(-1)).toEqual(['users', 'users!bulk']);
    client.release(true);
    await world.admin.query('DROP SCHEMA billing CASCADE');
  });

  it('by keys of several columns, of any text, and only of types whose values can be told apart', async () => {
    await world.admin.query(`
      CREATE TABLE pairs (a text, b text, note text, PRIMARY KEY (b, a));
      CREATE TABLE days (day date PRIMARY KEY, note text);
      CREATE TABLE codes (code uuid PRIMARY KEY, note text)`);
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    await pool.query("INSERT INTO pairs (a, b) VALUES ('x,y', 'z'), ('x', 'y,z')");
    expect(heard.at(-1)).toEqual(['pairs', 'pairs#x%2cy,z', 'pairs#x,y%2cz']);
    await pool.query('INSERT INTO pairs (a, b) VALUES ($1, $2)', ['\n#!', 'É'.repeat(300)]);
    expect(heard.at(-1)?.every((tag) => tag.length <= 256 && !tag.includes('\n'))).toBe(true);
    await pool.query("INSERT INTO days (day) VALUES ('2026-02-01')");
    expect(heard.at(-1)).toEqual(['days', 'days!ins']);
    await pool.query("INSERT INTO codes (code) VALUES ('{A0EEBC99-9C0B4EF8-BB6D6BB9-BD380A11}')");
    expect(heard.at(-1)).toContain('codes#a0eebc999c0b4ef8bb6d6bb9bd380a11');
    await world.admin.query('DROP TABLE pairs, days, codes');
  });

  it('in parts, of which each stands for the whole', async () => {
    await world.admin.query(`
      CREATE TABLE events (id int, note text) PARTITION BY RANGE (id);
      CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (100)`);
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    await pool.query("INSERT INTO events_1 VALUES (1, 'x')");
    expect(heard.at(-1)).toEqual(['events', 'events!ins']);
    await world.admin.query('DROP TABLE events');
  });

  it('all of them, where nobody can tell what a statement does', async () => {
    const sql = "DO $$BEGIN EXECUTE 'UPDATE us' || 'ers SET name = name'; END$$";
    const { driver, site } = await world.warm();
    await driver.writes.raw(sql);
    expect(await site.ran()).toHaveLength(9);
    const ignoring = await world.warm({}, { opaque: 'ignore' });
    await ignoring.driver.writes.raw(sql);
    expect(await ignoring.site.ran()).toEqual([]);
    const naming = await world.warm({}, { opaque: () => ['comments'] });
    await naming.driver.writes.raw(sql);
    expect(await naming.site.ran()).toEqual(['comments']);
  });

  it('that policies of row-level security ask are read with those that they are for', async () => {
    await world.admin.query(`
      CREATE ROLE reader LOGIN; CREATE TABLE members (id int PRIMARY KEY, team int);
      CREATE TABLE notes (id int PRIMARY KEY, team int); CREATE TABLE plans (id int PRIMARY KEY, team int);
      INSERT INTO members VALUES (1, 1); INSERT INTO notes VALUES (1, 1); INSERT INTO plans VALUES (1, 1);
      CREATE FUNCTION is_in(team int) RETURNS bool LANGUAGE sql STABLE SECURITY DEFINER AS
        'SELECT EXISTS (SELECT FROM members m WHERE m.team = $1 AND m.id = current_setting(''app.user'', true)::int)';
      ALTER TABLE notes ENABLE ROW LEVEL SECURITY; ALTER TABLE plans ENABLE ROW LEVEL SECURITY;
      CREATE POLICY a ON notes USING (team IN (SELECT team FROM members)); CREATE POLICY b ON plans USING (is_in(team));
      GRANT SELECT ON members, notes, plans TO reader`);
    const cache = world.closing(createCache());
    const warnings: string[] = [];
    cache.on((event) => void (event.type === 'warning' && warnings.push(event.message)));
    const pool = world.pool({
      connectionString: world.url.replace('test@', 'reader@'),
      options: '-c app.user=1',
    });
    const [watch, watchWriter] = [watchPg(pool, cache), watchPg(world.admin, cache)];
    await Promise.all([watch.ready, watchWriter.ready]);
    const keeping = new Keeping(cache);
    const kept = await Promise.all(
      ['notes', 'plans'].map((table) => keeping.keep(() => pool.query(`SELECT * FROM ${table} WHERE id = 1`))),
    );
    await world.admin.query('UPDATE members SET team = 2 WHERE id = 1');
    for (const each of kept) expect(await each.isMadeAgain()).toBe(true);
    watch();
    watchWriter();
    await world.admin.query(
      'DROP TABLE notes, plans CASCADE; DROP FUNCTION is_in; DROP TABLE members; DROP ROLE reader',
    );
    // Of who asks, only what asks who that is; and nobody is told of what does not hold for him.
    expect(warnings).toEqual([expect.stringContaining('watchPg: plans show each who asks other rows')]);
  });

  it('that functions touch by statements that they put together are warned about', async () => {
    await world.admin.query(`
      CREATE FUNCTION counted(t text) RETURNS bigint LANGUAGE plpgsql STABLE AS
        'DECLARE n bigint; BEGIN EXECUTE format(''SELECT count(*) FROM %I'', t) INTO n; RETURN n; END';
      CREATE FUNCTION counted_twice(t text) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 2 * counted(t)'`);
    const cache = world.closing(createCache());
    const warnings: string[] = [];
    cache.on((event) => void (event.type === 'warning' && warnings.push(event.message)));
    const pool = world.pool();
    const first = watchPg(pool, cache);
    await first.ready;
    first();
    const told = watchPg(pool, { cache, functions: { counted: ['users'], counted_twice: ['users'] } });
    await told.ready;
    told();
    await world.admin.query('DROP FUNCTION counted_twice, counted');
    expect(warnings).toEqual([expect.stringContaining('watchPg: counted(), counted_twice() put statements together')]);
  });
});
