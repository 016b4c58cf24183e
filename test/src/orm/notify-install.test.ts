import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import {
  installPostgresNotify,
  PostgresNotifyError,
  removePostgresNotify,
  watchPostgresNotify,
} from '@viewcache/orm/postgres-notify';
import pg from 'pg';
import another from 'pg811';
import { NotifyWorld, until } from './notify-world.js';
import { heardBy } from './pg-world.js';

const TABLES = ['comments', 'last_mark', 'post_tags', 'posts', 'profiles', 'tags', 'users'].map((it) => `public.${it}`);

describe('installPostgresNotify', () => {
  const world = new NotifyWorld();

  /** All that is ours in the catalogue: functions, triggers, event triggers and schemas. */
  async function ours(): Promise<string[]> {
    const { rows } = await world.admin.query(`
      SELECT 'function ' || proname AS what FROM pg_proc WHERE proname LIKE 'viewcache%'
      UNION ALL SELECT 'trigger ' || tgrelid::regclass FROM pg_trigger WHERE tgname LIKE 'viewcache%'
      UNION ALL SELECT 'event ' || evtname FROM pg_event_trigger
      UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname = 'viewcache' ORDER BY 1`);
    return rows.map(({ what }) => String(what));
  }

  async function asRole<T>(role: string, sql: string, work: (pool: pg.Pool) => Promise<T>): Promise<T> {
    await world.admin.query(`CREATE ROLE ${role} LOGIN; ${sql}`);
    const pool = world.idle({ connectionString: world.url.replace('test@', `${role}@`) });
    try {
      return await work(pool);
    } finally {
      await removePostgresNotify(world.admin);
      await world.admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  }

  it('says what it has done, does nothing the second time, and is removed without a trace', async () => {
    await removePostgresNotify(world.admin);
    const before = await ours();
    const first = await installPostgresNotify(world.admin);
    expect(first).toEqual({
      schema: 'viewcache',
      channel: 'viewcache',
      tables: TABLES,
      changed: TABLES,
      followsNewTables: true,
    });
    const installed = await ours();
    expect(installed.filter((what) => what.startsWith('trigger'))).toHaveLength(4 * TABLES.length);
    expect(await installPostgresNotify(world.admin)).toEqual({ ...first, changed: [] });
    expect(await ours()).toEqual(installed);
    await removePostgresNotify(world.admin);
    await removePostgresNotify(world.admin);
    expect(before).toEqual([]);
    expect(await ours()).toEqual(before);
  });

  it('locks nothing where nothing is to be done', async () => {
    const client = await world.admin.connect();
    await client.query('BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
    const { changed } = await installPostgresNotify(world.admin);
    await client.query('ROLLBACK');
    client.release();
    expect(changed).toEqual([]);
  });

  it('may be called by several at once', async () => {
    await removePostgresNotify(world.admin);
    const all = await Promise.all([1, 2, 3].map(() => installPostgresNotify(world.admin)));
    expect(all.map(({ changed }) => changed.length).sort()).toEqual([0, 0, TABLES.length]);
  });

  it('repairs what somebody has taken away or disabled, and puts the functions in place of older ones', async () => {
    await world.admin.query(`ALTER TABLE users DISABLE TRIGGER viewcache_update; DROP TRIGGER viewcache_insert ON posts;
      COMMENT ON FUNCTION viewcache.viewcache_written() IS '{"viewcache":0,"channel":"viewcache","coversAll":true}'`);
    expect((await installPostgresNotify(world.admin)).changed).toEqual(['public.posts', 'public.users']);
    const { rows } = await world.admin.query(
      "SELECT obj_description('viewcache.viewcache_written()'::regprocedure) AS said",
    );
    expect(rows[0].said).toContain('"viewcache":2');
  });

  it('leaves what a newer version has installed', async () => {
    await world.admin.query(
      `COMMENT ON FUNCTION viewcache.viewcache_written() IS '{"viewcache":3,"channel":"viewcache","coversAll":true}'`,
    );
    await expect(installPostgresNotify(world.admin)).rejects.toThrow('version 3 is installed');
    const cache = (await world.open()).cache;
    const watch = watchPostgresNotify(world.idle(), cache);
    await expect(watch.ready).rejects.toThrow('of version 3, which this package does not read');
    watch();
  });

  it('may have a schema and a channel of its own, one of them in a database', async () => {
    await expect(installPostgresNotify(world.admin, { schema: 'other' })).rejects.toThrow(
      'installed in the schema viewcache',
    );
    await removePostgresNotify(world.admin, { schema: 'other' });
    expect(await ours()).not.toEqual([]);
    await removePostgresNotify(world.admin);
    await world.admin.query('CREATE SCHEMA other');
    await installPostgresNotify(world.admin, { schema: 'other', channel: 'told' });
    const { told } = await world.listen({ channel: 'told' });
    await told();
    const { cache } = await world.open();
    const deaf = watchPostgresNotify(world.idle(), cache);
    await expect(deaf.ready).rejects.toThrow("on the channel 'told', and not on 'viewcache'");
    deaf();
    await removePostgresNotify(world.admin);
    // It was there before.
    await world.admin.query('DROP SCHEMA other');
  });

  it('tells of some tables alone', async () => {
    await removePostgresNotify(world.admin);
    const { tables } = await installPostgresNotify(world.admin, { tables: ['users', 'public.last_mark'] });
    expect(tables).toEqual(['public.users', 'public.last_mark']);
    const warnings: string[] = [];
    const { heard, told, cache } = await world.listen();
    cache.on((event) => event.type === 'warning' && warnings.push(event.message));
    await world.admin.query(
      'UPDATE posts SET views = 1; CREATE TABLE more (id int PRIMARY KEY); INSERT INTO more VALUES (1)',
    );
    await world.admin.query('DELETE FROM users WHERE id = 2');
    await told();
    await world.admin.query('DROP TABLE more');
    // What cascades to tables that tell nothing is known by their foreign keys.
    expect(heard.flat()).toEqual(
      expect.arrayContaining(['users', 'users#2', 'posts!bulk', 'comments!bulk', 'profiles!bulk']),
    );
    expect(heard.flat().filter((tag) => tag.startsWith('more#'))).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['installPostgresNotify.tabels', { tabels: [] }],
    ['installPostgresNotify.tables', { tables: 'users' }],
    ['installPostgresNotify.tables', { tables: [] }],
    ['installPostgresNotify.tables', { tables: ['users', 'nothing'] }],
    ['installPostgresNotify.tables', { tables: ['users; DROP TABLE users; --'] }],
    ['installPostgresNotify.tables', { tables: ["public.users') OR ('1'='1"] }],
    ['installPostgresNotify.tables', { tables: ['pg_catalog.pg_class'] }],
    ['installPostgresNotify.schema', { schema: 'viewcache; DROP TABLE users' }],
    ['installPostgresNotify.schema', { schema: 'pg_catalog' }],
    ['installPostgresNotify.channel', { channel: "a'; DROP TABLE users; --" }],
    ['installPostgresNotify.channel', { channel: 'Upper' }],
    ['installPostgresNotify.channel', { channel: 'x'.repeat(61) }],
  ])('refuses %s: %j', async (setting, options) => {
    const refused = installPostgresNotify(world.admin, options as never);
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(`${setting}: `);
    expect((await world.admin.query('SELECT FROM users')).rowCount).toBe(2);
  });

  it('takes nothing but a pool', async () => {
    for (const pool of [undefined, {}, new pg.Client(world.url), { options: {}, totalCount: 0, Client: class {} }]) {
      await expect(installPostgresNotify(pool as never)).rejects.toThrow(ConfigError);
      expect(() => watchPostgresNotify(pool as never)).toThrow('watchPostgresNotify: ');
    }
    await expect(removePostgresNotify(world.admin, { schem: 'x' } as never)).rejects.toThrow(
      'removePostgresNotify.schem',
    );
  });

  it('names a table by all that it is called', async () => {
    const name = `a'b"";.%I$viewcache$ \\`;
    const sql = `"${name.replace(/"/g, '""')}"`;
    await removePostgresNotify(world.admin);
    await world.admin.query(`CREATE TABLE ${sql} (${sql} int PRIMARY KEY)`);
    try {
      const all = await installPostgresNotify(world.admin);
      expect(all.tables).toContain(`public.${sql}`);
      const { heard, told } = await world.listen();
      await world.admin.query(`INSERT INTO ${sql} VALUES (1)`);
      await told();
      expect(heard).toHaveLength(1);
    } finally {
      await world.admin.query(`DROP TABLE ${sql}`);
    }
  });

  it('works with the oldest pg, and with a password that a pool does not list', async () => {
    const pool = new another.Pool({ connectionString: world.url, password: 'secret' });
    await installPostgresNotify(pool);
    const { told } = await world.listen({}, {}, pool);
    await told();
  });

  describe('with a role that may little', () => {
    it('says what to grant: a schema', async () => {
      await removePostgresNotify(world.admin);
      await asRole('poor', 'GRANT TRIGGER ON ALL TABLES IN SCHEMA public TO poor', async (pool) => {
        const refused = installPostgresNotify(pool);
        await expect(refused).rejects.toThrow(PostgresNotifyError);
        await expect(refused).rejects.toThrow('GRANT CREATE ON DATABASE postgres TO poor');
        await world.admin.query('CREATE SCHEMA viewcache');
        await expect(installPostgresNotify(pool)).rejects.toThrow('GRANT USAGE, CREATE ON SCHEMA viewcache TO poor');
        await world.admin.query('DROP SCHEMA viewcache');
      });
    });

    it('says what to grant: tables', async () => {
      await removePostgresNotify(world.admin);
      await asRole('poor', 'GRANT TRIGGER ON users TO poor', async (pool) => {
        await expect(installPostgresNotify(pool, { tables: ['users', 'posts', 'tags'] })).rejects.toThrow(
          'GRANT TRIGGER ON public.posts, public.tags TO poor',
        );
      });
      expect(await ours()).toEqual([]);
    });

    it('needs no more than that, and says that it follows no new tables', async () => {
      await removePostgresNotify(world.admin);
      const grants =
        'GRANT CREATE ON DATABASE postgres TO poor; GRANT TRIGGER ON ALL TABLES IN SCHEMA public TO poor; CREATE ROLE writer LOGIN; GRANT INSERT ON last_mark TO writer; GRANT UPDATE, SELECT ON users TO writer';
      await asRole('poor', grants, async (pool) => {
        expect(await installPostgresNotify(pool)).toMatchObject({ tables: TABLES, followsNewTables: false });
        // Neither has who writes to be granted anything, nor who listens.
        const { heard, told } = await world.listen({}, {}, pool);
        const writer = world.pool({ connectionString: world.url.replace('test@', 'writer@') });
        await writer.query("UPDATE users SET name = 'x' WHERE id = 1");
        await told();
        expect(heard.flat()).toEqual(['users', 'users#1']);
        await removePostgresNotify(pool);
        expect(await ours()).toEqual([]);
      });
      await world.admin.query('DROP OWNED BY writer; DROP ROLE writer');
    });

    it('removes only what is its own', async () => {
      await asRole('poor', '', async (pool) => {
        await expect(removePostgresNotify(pool)).rejects.toThrow(
          'by the owner of the functions in the schema viewcache',
        );
        expect(await ours()).not.toEqual([]);
      });
    });
  });

  it('waits for a locked table no longer than 5 s, and keeps what is done already', async () => {
    await removePostgresNotify(world.admin);
    const client = await world.admin.connect();
    await client.query('BEGIN; LOCK TABLE tags');
    const refused = await installPostgresNotify(world.admin).catch((error: unknown) => error);
    await client.query('ROLLBACK');
    client.release();
    expect(refused).toBeInstanceOf(PostgresNotifyError);
    expect(String(refused)).toMatch(/public\.tags: .* within 5 s/);
    expect((await installPostgresNotify(world.admin)).changed).toEqual(['public.tags', 'public.users']);
  });

  describe('when tables come and go', () => {
    it('follows them by itself where it may', async () => {
      const { heard, told } = await world.listen();
      await world.admin.query('CREATE TABLE late (id serial, name text)');
      await world.admin.query('ALTER TABLE late ADD PRIMARY KEY (id)');
      await told();
      heard.splice(0);
      await world.admin.query("INSERT INTO late (name) VALUES ('a')");
      await told();
      expect(heard.flat()).toEqual(['late', 'late#1']);
      await world.admin.query('DROP TABLE late');
      await told();
      expect(heard.flat()).toContain('late!bulk');
    });

    it('lets go of what was read of tables that are put in place of others', async () => {
      await world.admin.query('CREATE TABLE rates (id int PRIMARY KEY); CREATE TABLE rates_new (id int PRIMARY KEY)');
      const { heard, told } = await world.listen();
      await world.admin.query('ALTER TABLE rates RENAME TO rates_old; ALTER TABLE rates_new RENAME TO rates');
      await told();
      await world.admin.query('DROP TABLE rates, rates_old');
      expect(heard.flat()).toContain('rates!bulk');
    });

    it('hears of a materialized view that is made anew', async () => {
      await world.admin.query('CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM posts');
      const { heard, told } = await world.listen();
      await world.admin.query('REFRESH MATERIALIZED VIEW totals');
      await told();
      await world.admin.query('DROP MATERIALIZED VIEW totals');
      expect(heard.flat()).toEqual(expect.arrayContaining(['totals', 'totals!bulk']));
    });

    it('never fails a migration', async () => {
      await world.admin.query('DROP FUNCTION viewcache.viewcache_cover(oid)');
      await world.admin.query('CREATE TABLE late (id int PRIMARY KEY)');
      await world.admin.query('DROP TABLE late');
    });

    it('looks for them where it may not, and says which tell nothing', async () => {
      await world.admin.query('DROP EVENT TRIGGER viewcache_followed; DROP EVENT TRIGGER viewcache_dropped');
      // It is the time that the server has to answer as well: on a busy machine a shorter one breaks the connection.
      const { cache, told } = await world.listen({ checkEvery: '500ms' });
      const warned = new Promise<string>((resolve) => {
        cache.on((event) => void (event.type === 'warning' && resolve(event.message)));
      });
      const flushed = until(cache, (tags) => tags.includes('late!bulk'));
      await world.admin.query('CREATE TABLE late (id int PRIMARY KEY)');
      expect(await warned).toContain('writes to public.late are not told; call installPostgresNotify() again');
      await flushed;
      const again = until(cache, (tags) => tags.includes('late!bulk'));
      await installPostgresNotify(world.admin);
      await again;
      const heard = heardBy(cache);
      await world.admin.query('INSERT INTO late VALUES (5)');
      await told();
      expect(heard.flat()).toContain('late#5');
      const gone = until(cache, (tags) => tags.includes('late!bulk'));
      await world.admin.query('DROP TABLE late');
      await gone;
    });
  });
});
