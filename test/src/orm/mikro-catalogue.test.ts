import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { type MikroOrmWatch, type WatchMikroOrmOptions, watchMikroOrm } from '@viewcache/orm/mikro-orm';
import { MariaDbServer } from '../servers/mariadb.js';
import { Keeping } from './kept.js';
import { describeVersions } from './mikro/describe-versions.js';
import { type Options, openOrm } from './mikro/driver.js';
import type { Database, Em, Orm } from './mikro/versions.js';
import { MikroWorld } from './mikro/world.js';
import { heardBy } from './pg-world.js';
import { tablesOf } from './schema.js';
import { DROP_UNSAID, ELSEWHERE, isDropped, ON_POSTGRES, UNSAID, warningsOf } from './unsaid-tables.js';

const UPDATE_1 = "UPDATE users SET name = 'x' WHERE id = 1";
const USER_1 = ['users', 'users#1'];

describeVersions('the tables of an ORM of MikroORM %s', (version) => {
  const world = new MikroWorld(version);
  let mariadb: MariaDbServer;
  beforeAll(async () => {
    mariadb = await MariaDbServer.start();
  });
  afterAll(async () => await mariadb.stop());

  /** An ORM that nobody has connected. */
  async function ormOf(database: Database, options: Options = {}): Promise<Orm> {
    const { orm } = await openOrm(version, database, { connect: false, ...options });
    return world.closing({ close: async () => void (await orm.close(true)), orm }).orm;
  }

  /** The same, watched. */
  async function watched(database: Database, options: Options = {}, wanted: WatchMikroOrmOptions = {}) {
    const cache = world.closing(createCache());
    const orm = await ormOf(database, options);
    const watch: MikroOrmWatch = watchMikroOrm(orm, { ...wanted, cache });
    return { cache, orm, watch, send: senderOf(orm) };
  }

  const senderOf = (orm: Orm) => (sql: string) => (orm.em.fork() as Em).execute(sql);

  it.each(ON_POSTGRES)('are known from the catalogue when it has been connected: %s', async (...unsaid) => {
    for (const sql of UNSAID.postgres) await world.admin.query(sql);
    try {
      const { cache, orm, send } = await watched('postgres', { clientUrl: world.url });
      await orm.connect();
      expect(await isDropped(new Keeping(cache), send, unsaid)).toBe(true);
      const told = await watched('postgres', { clientUrl: world.url }, { readTables: false });
      await told.orm.connect();
      await told.watch.ready;
      expect(await isDropped(new Keeping(told.cache), told.send, unsaid)).toBe(false);
    } finally {
      await world.admin.query(DROP_UNSAID);
    }
  });

  it.each(ELSEWHERE)('are known from that of SQLite: %s', async (...unsaid) => {
    const { cache, orm, send, watch } = await watched('sqlite');
    await orm.connect();
    for (const sql of [...tablesOf('sqlite'), ...UNSAID.sqlite]) await send(sql);
    await send("INSERT INTO users (id, name) VALUES (1, 'x'), (2, 'y')");
    await send("INSERT INTO tags (id, name) VALUES (1, 'x')");
    await watch.ready;
    expect(await isDropped(new Keeping(cache), send, unsaid)).toBe(true);
  });

  it('are known from that of MariaDB', async () => {
    const { cache, orm, send } = await watched('mariadb', { clientUrl: mariadb.url });
    const setup = await ormOf('mariadb', { clientUrl: mariadb.url });
    await setup.connect();
    for (const sql of [...tablesOf('mysql'), ...UNSAID.mysql]) await senderOf(setup)(sql);
    await senderOf(setup)("INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'y')");
    await senderOf(setup)("INSERT INTO tags (id, name) VALUES (1, 'a')");
    await orm.connect();
    const keeping = new Keeping(cache);
    for (const unsaid of ELSEWHERE)
      expect([...unsaid, await isDropped(keeping, send, unsaid)]).toEqual([...unsaid, true]);
  });

  it('are read again when the schema generator has made some', async () => {
    const { cache, orm, send, watch } = await watched('sqlite');
    await orm.connect();
    const schema = orm.schema as unknown as { create?(): Promise<void>; createSchema?(): Promise<void> };
    await (schema.create?.() ?? schema.createSchema?.());
    await send('CREATE TABLE likes (id integer PRIMARY KEY, user_id int REFERENCES users (id) ON DELETE CASCADE)');
    await watch.ready;
    const heard = heardBy(cache);
    await send("INSERT INTO users (id, name) VALUES (7, 'x')");
    await send('DELETE FROM users WHERE id = 7');
    expect(heard).toEqual([['users', 'users#7'], expect.arrayContaining(['likes!bulk', 'posts!bulk', 'users#7'])]);
  });

  it('that cannot be read keep the app from nothing but what is stored, until they can', async () => {
    await world.admin.query('CREATE ROLE guest LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO guest');
    const refused = 'SELECT ON pg_catalog.pg_trigger';
    await world.admin.query(`REVOKE ${refused} FROM PUBLIC`);
    const one = { clientUrl: world.url.replace('test@', 'guest@'), pool: { min: 0, max: 1 } };
    const { cache, orm, send, watch } = await watched('postgres', one);
    const [heard, warnings] = [heardBy(cache), warningsOf(cache)];
    await orm.connect();
    expect(warnings).toEqual([expect.stringMatching(/^watchMikroOrm: the tables could not be read \(.*pg_trigger\)/)]);
    await expect(watch.ready).rejects.toThrow('pg_trigger');
    await cache.getOrSet('users', () => send('SELECT * FROM users'), { ttl: '5m' });
    expect(await cache.get('users')).toBeUndefined();
    await send(UPDATE_1);
    expect(heard).toEqual([[]]);
    await world.admin.query(`GRANT ${refused} TO PUBLIC`);
    await watch.ready;
    await send(UPDATE_1);
    expect(heard).toEqual([[], USER_1]);
    await orm.close(true);
    await world.admin.query('DROP OWNED BY guest; DROP ROLE guest');
  });

  it('that are not told for five seconds do not hold up connect() any longer', async () => {
    const clock = new FakeClock(Date.now());
    const cache = world.closing(createCache({ clock }));
    const locking = await world.admin.connect();
    await locking.query('BEGIN; LOCK TABLE pg_catalog.pg_trigger IN ACCESS EXCLUSIVE MODE');
    const orm = await ormOf('postgres', { clientUrl: world.url });
    const watch = watchMikroOrm(orm, cache);
    let isDone = false;
    const done = orm.connect().then(() => {
      isDone = true;
    });
    const waiting = async () => (await world.admin.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rows.length;
    while ((await waiting()) === 0);
    // The tables are asked for before it waits for them.
    while (!isDone) {
      clock.advance('5s');
      await world.admin.query('SELECT 1');
    }
    await done;
    await locking.query('ROLLBACK');
    locking.release();
    await watch.ready;
    const heard = heardBy(cache);
    await senderOf(orm)(UPDATE_1);
    expect(heard).toEqual([USER_1]);
  });

  it.each(['postgres', 'sqlite'] as const)(
    'are read by the one connection there is, whatever is open on it: %s',
    async (database) => {
      const cache = world.closing(createCache());
      const one = database === 'postgres' ? { clientUrl: world.url, pool: { min: 0, max: 1 } } : {};
      const orm = await ormOf(database, one);
      await orm.connect();
      const send = senderOf(orm);
      if (database === 'sqlite') for (const sql of tablesOf('sqlite')) await send(sql);
      let watch: MikroOrmWatch | undefined;
      await orm.em.fork().transactional(async (tx) => {
        watch = watchMikroOrm(orm, cache);
        await (tx as Em).execute(UPDATE_1);
        await (tx as Em).execute('CREATE TABLE inside (id int PRIMARY KEY)');
      });
      await watch?.ready;
      const heard = heardBy(cache);
      await orm.em.fork().transactional(async (tx) => {
        await (tx as Em).execute('INSERT INTO inside (id) VALUES (1)');
        await (tx as Em).execute('DROP TABLE inside');
      });
      expect(heard[0]).toEqual(expect.arrayContaining(['inside', 'inside!bulk']));
      await watch?.ready;
      heard.length = 0;
      await send("INSERT INTO users (id, name) VALUES (70, 'x')");
      await send('DELETE FROM users WHERE id = 70');
      expect(heard).toEqual([['users', 'users#70'], expect.arrayContaining(['posts!bulk', 'users#70'])]);
    },
  );
});
