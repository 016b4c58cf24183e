import { describe, expect, it } from '@jest/globals';
import { ConfigError, createCache } from '@viewcache/core';
import { watchSequelize } from '@viewcache/orm/sequelize';
import { DataTypes, Sequelize } from 'sequelize';
import { heardBy } from './pg-world.js';
import { seedOf, tablesOf } from './schema.js';
import { SequelizeDriver } from './sequelize-driver.js';
import { SequelizeWorld } from './sequelize-world.js';
import { sqlite3StandIn } from './sqlite3-stand-in.js';

const UPDATE_1 = "UPDATE users SET name = 'x' WHERE id = 1";
const USER_1 = ['users', 'users#1'];

describe('watchSequelize', () => {
  const world = new SequelizeWorld();

  it('watches a Sequelize once for a cache, however often it is asked to, until all have stopped (68)', async () => {
    const { cache, driver, sequelize } = await world.reach();
    const again = watchSequelize(sequelize, cache);
    const heard = heardBy(cache);
    await sequelize.query(UPDATE_1);
    expect(heard).toEqual([USER_1]);
    again();
    again();
    await sequelize.query(UPDATE_1);
    expect(heard).toHaveLength(2);
    expect(again.counts()).toEqual(driver.watch.counts());
  });

  it('hears nothing once it has stopped, and leaves everything as it was (68)', async () => {
    const { cache, driver, sequelize } = await world.reach({ sequelize: { pool: { max: 1 } } });
    const heard = heardBy(cache);
    const manager = (sequelize as unknown as { connectionManager: object }).connectionManager;
    const tx = await sequelize.transaction();
    const { connection } = tx as unknown as { connection: object };
    await tx.commit();
    await sequelize.query(UPDATE_1);
    expect([heard, Object.hasOwn(manager, 'getConnection'), Object.hasOwn(connection, 'query')]).toEqual([
      [USER_1],
      true,
      true,
    ]);
    driver.watch();
    expect([Object.hasOwn(manager, 'getConnection'), Object.hasOwn(manager, 'connect')]).toEqual([false, false]);
    expect([Object.hasOwn(connection, 'query'), sequelize.hasHook('afterDefine' as never)]).toEqual([false, false]);
    await sequelize.query(UPDATE_1);
    expect(heard).toHaveLength(1);
    // And once more, with the connection that is there.
    const stop = watchSequelize(sequelize, cache);
    await stop.ready;
    await sequelize.query(UPDATE_1);
    stop();
    expect(heard).toHaveLength(2);
  });

  it('tells each of several caches', async () => {
    const { cache, sequelize } = await world.reach();
    const other = world.closing(createCache());
    const stop = watchSequelize(sequelize, { cache: other, namespace: 'shop' });
    await stop.ready;
    const heard = [heardBy(cache), heardBy(other)];
    await sequelize.query(UPDATE_1);
    expect(heard).toEqual([[USER_1], [['shop:users', 'shop:users#1']]]);
    stop();
    await sequelize.query(UPDATE_1);
    expect(heard.map(({ length }) => length)).toEqual([2, 1]);
  });

  it('knows models and foreign keys that are told of later, where the database is not asked', async () => {
    const { cache, sequelize, models } = await world.reach({ watch: { readTables: false } });
    await world.admin.query(
      'CREATE TABLE IF NOT EXISTS likes (id serial PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE)',
    );
    const heard = heardBy(cache);
    await sequelize.query('DELETE FROM likes WHERE id = 1 OR id = 2');
    const like = sequelize.define('Like', {}, { tableName: 'likes', timestamps: false });
    models.user.hasMany(like, { foreignKey: 'user_id', onDelete: 'CASCADE' });
    await like.create({ user_id: 2 });
    await models.user.destroy({ where: { id: 2 } });
    expect(heard[0]).toEqual(['likes', 'likes#1']);
    expect(heard[1]).toEqual(expect.arrayContaining(['likes', 'likes!bulk', 'posts!bulk', 'users#2']));
    await world.admin.query('DROP TABLE likes');
  });

  it('knows tables in schemas, keys of other names, and keys that cannot be told apart', async () => {
    await world.admin.query(`CREATE SCHEMA office; CREATE TABLE office.desks ("deskCode" uuid PRIMARY KEY, at int);
      CREATE TABLE days (day date PRIMARY KEY, note text)`);
    const { cache, sequelize } = await world.reach();
    const heard = heardBy(cache);
    const timestamps = false;
    const code = { type: DataTypes.UUID, primaryKey: true, field: 'deskCode' };
    const desk = sequelize.define(
      'Desk',
      { code, at: DataTypes.INTEGER },
      { tableName: 'desks', schema: 'office', timestamps },
    );
    const key = { type: DataTypes.DATEONLY, primaryKey: true };
    const day = sequelize.define('Day', { day: key, note: DataTypes.TEXT }, { tableName: 'days', timestamps });
    await desk.create({ code: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' });
    await desk.update({ at: 1 }, { where: { code: 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11' } });
    await day.create({ day: '2026-02-01' });
    const tag = 'office.desks#a0eebc999c0b4ef8bb6d6bb9bd380a11';
    expect(heard.slice(0, 2).map((tags) => tags.slice(0, 1).concat(tags.at(-1) ?? ''))).toEqual([
      ['office.desks', tag],
      ['office.desks', tag],
    ]);
    expect(heard[2]).toEqual(['days', 'days!ins']);
    await world.admin.query('DROP SCHEMA office CASCADE; DROP TABLE days');
  });

  it('knows what only the database says: foreign keys, views, triggers, tables that are made later', async () => {
    await world.admin.query(`CREATE TABLE likes (id serial PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE);
      CREATE VIEW authors AS SELECT u.id, u.name FROM users u JOIN posts p ON p.user_id = u.id`);
    const { cache, driver, site, sequelize } = await world.reach();
    const heard = heardBy(cache);
    await driver.writes.deleteUser(2);
    expect(heard[0]).toEqual(expect.arrayContaining(['likes', 'likes!bulk', 'posts!bulk', 'users#2']));
    const author = sequelize.define('Author', { name: DataTypes.TEXT }, { tableName: 'authors', timestamps: false });
    Object.assign(driver.reads, { comments: () => author.findAll() });
    await site.ran();
    await driver.writes.renameUser(1, 'Anabela');
    expect(await site.ran()).toContain('comments');
    await sequelize.query('CREATE TABLE notes (id serial PRIMARY KEY, post_id int REFERENCES posts ON DELETE CASCADE)');
    await watchSequelize(sequelize, cache).ready;
    await sequelize.query('DELETE FROM posts WHERE id = 1');
    expect(heard.at(-1)).toEqual(expect.arrayContaining(['notes', 'notes!bulk', 'posts#1']));
    await world.admin.query('DROP VIEW authors; DROP TABLE likes, notes');
  });

  it('takes options for what the models do not say', async () => {
    const { cache, sequelize } = await world.reach({
      watch: { tables: { visits: { pk: 'id' }, users: { cascadesTo: ['visits'] } }, triggers: { posts: ['audit'] } },
    });
    const heard = heardBy(cache);
    await sequelize.query('UPDATE posts SET views = 1 WHERE id = 1');
    await sequelize.query('DELETE FROM users WHERE id = 2');
    expect(heard[0]).toEqual(['audit', 'audit!bulk', 'posts', 'posts#1']);
    expect(heard[1]).toEqual(expect.arrayContaining(['visits!bulk', 'posts!bulk']));
  });

  it('takes what is read from a replica for what is written to its primary', async () => {
    const { hostname: host, port, username } = new URL(world.url);
    const one = { host, port: Number(port), username, database: 'postgres' };
    const { driver, site } = await world.reach({ sequelize: { replication: { write: one, read: [one] } } as never });
    await site.ran();
    await driver.writes.renameUser(1, 'x');
    expect((await site.ran()).sort()).toEqual(['V1', 'VL', 'VP']);
  });

  it('leaves errors and results as they are', async () => {
    const { driver, sequelize } = await world.reach();
    const bare = world.closing(await SequelizeDriver.open({ dialect: 'postgres' }, createCache(), {}, world.url));
    bare.watch();
    for (const it of [driver, bare]) {
      await expect(it.sequelize.query('SELECT * FROM nowhere')).rejects.toMatchObject({
        name: 'SequelizeDatabaseError',
      });
      await expect(it.writes.insertUserAs(1, 'x')).rejects.toMatchObject({ name: 'SequelizeUniqueConstraintError' });
    }
    expect(await driver.writes.renameUser(1, 'x')).toEqual(await bare.writes.renameUser(1, 'x'));
    expect(await sequelize.query(UPDATE_1)).toEqual(
      await bare.sequelize
        .query(UPDATE_1)
        .then(([rows, it]) => [rows, expect.objectContaining({ rowCount: (it as { rowCount: number }).rowCount })]),
    );
  });

  it('has one connection on SQLite in memory: what is written beside a transaction is in it', async () => {
    const cache = world.closing(createCache());
    const dialectModule = await sqlite3StandIn();
    const driver = world.closing(await SequelizeDriver.open({ dialect: 'sqlite', dialectModule }, cache));
    for (const sql of [...tablesOf('sqlite'), ...seedOf('sqlite')]) await driver.sequelize.query(sql);
    await watchSequelize(driver.sequelize, cache).ready;
    const heard = heardBy(cache);
    await driver.transaction(async (tx) => {
      await driver.writes.renameUser(1, 'x', tx);
      await driver.writes.renameUser(2, 'y');
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([[...USER_1, 'users#2']]);
    await expect(driver.writes.insertUserAs(1, 'x')).rejects.toThrow();
    await driver.writes.renameUser(99, 'nobody');
    expect(heard).toHaveLength(1);
    await driver.models.user.upsert({ id: 1, name: 'z' });
    await driver.models.user.bulkCreate([{ name: 'a' }, { name: 'b' }]);
    expect(heard.slice(1)).toEqual([USER_1, ['users', 'users!ins']]);
  });
});

describe('watchSequelize', () => {
  const sequelize = new Sequelize('postgres://localhost/x', { logging: false });

  it.each([
    ['watchSequelize', {}, {}],
    ['watchSequelize', undefined, {}],
    ['watchSequelize', Object.create(sequelize, { getDialect: { value: () => 'mssql' } }), {}],
    ['watchSequelize', Object.create(sequelize, { config: { value: { native: true } } }), {}],
    ['watchSequelize.readTables', sequelize, { readTables: 'yes' }],
    ['watchSequelize.cach', sequelize, { cach: 1 }],
    ['watchSequelize.tables.users.key', sequelize, { tables: { users: { key: 'id' } } }],
  ])('refuses %s', (setting, target, options) => {
    const refused = () => watchSequelize(target as typeof sequelize, options as never);
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(new RegExp(`^${setting.replace(/[.]/g, '\\.')}: `));
  });
});
