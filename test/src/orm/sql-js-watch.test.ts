import { describe, expect, it } from '@jest/globals';
import { watchSqlJs } from '@viewcache/orm/sql-js';
import { type Database, openSqlJs, sqlJsEngine } from './sql-js-engine.js';
import { describeSqlite } from './sqlite-suite.js';
import { CacheWorld, SETUP } from './sqlite-world.js';

describeSqlite<Database>('sql.js', describe, {
  open: openSqlJs,
  callsOf: (database) => ({
    run: (sql, ...values) => database.run(sql, values),
    exec: (sql) => database.exec(sql),
    get: (sql, ...values) => sqlJsEngine(database).rows(sql, values)[0],
  }),
  watch: watchSqlJs,
});

describe('ways to call sql.js', () => {
  const world = new CacheWorld();
  const USER_1 = ['users', 'users#1'];

  async function reach() {
    const database = (await openSqlJs()).run(SETUP);
    const { cache, heard } = world.cache();
    watchSqlJs(database, cache);
    return { database, heard };
  }

  it('run() and exec() without values, by position and by name', async () => {
    const { database, heard } = await reach();
    database.run("UPDATE users SET name = 'x' WHERE id = 1");
    database.exec('UPDATE users SET name = ? WHERE id = ?', ['x', 1]);
    database.run('UPDATE users SET name = $name WHERE id = :id', { $name: 'x', ':id': 1 });
    database.run('UPDATE users SET name = ?2 WHERE id = ?1', [1, 'x']);
    expect(heard).toEqual([USER_1, USER_1, USER_1, USER_1]);
  });

  it('a statement that is used again and again, each time for itself', async () => {
    const { database, heard } = await reach();
    const statement = database.prepare('UPDATE users SET name = ? WHERE id = ?', ['x', 1]);
    statement.step();
    statement.step();
    statement.bind(['x', 2]);
    statement.step();
    statement.run(['x', 1]);
    statement.reset();
    statement.get(['x', 2]);
    statement.getAsObject(['x', 1]);
    statement.free();
    const USER_2 = ['users', 'users#2'];
    expect(heard).toEqual([USER_1, USER_1, USER_2, USER_1, USER_2, USER_1]);
  });

  it('values that are changed after they were bound', async () => {
    const { database, heard } = await reach();
    const values = ['x', 1];
    const statement = database.prepare('UPDATE users SET name = ? WHERE id = ?');
    statement.bind(values);
    values[1] = 2;
    statement.step();
    statement.free();
    expect(heard).toEqual([USER_1]);
  });

  it('rows that a write returns, by its first step', async () => {
    const { database, heard } = await reach();
    const one = database.prepare('INSERT INTO users (name) VALUES (?) RETURNING id', ['Eva']);
    expect(one.step()).toBe(true);
    expect(heard).toEqual([['users', 'users#3']]);
    expect(one.get()).toEqual([3]);
    expect(one.step()).toBe(false);
    one.free();
    const two = database.prepare("INSERT INTO users (name) VALUES ('a'), ('b') RETURNING id");
    expect(two.getAsObject([])).toEqual({ id: 4 });
    two.free();
    expect(heard.slice(1)).toEqual([['users', 'users!ins']]);
  });

  it('each(), whose callback may write', async () => {
    const { database, heard } = await reach();
    const done: unknown[] = [];
    const rename = (row: object) =>
      database.run("UPDATE users SET name = 'x' WHERE id = ?", [(row as { id: number }).id]);
    database.each('SELECT id FROM users WHERE id = ?', [1], rename, () => done.push('one'));
    database.each('SELECT id FROM users WHERE id = 2', rename, () => done.push('two'));
    expect([heard, done]).toEqual([
      [USER_1, ['users', 'users#2']],
      ['one', 'two'],
    ]);
  });

  it('iterateStatements()', async () => {
    const { database, heard } = await reach();
    const texts: string[] = [];
    for (const statement of database.iterateStatements("UPDATE users SET name = 'x' WHERE id = 1; SELECT 1")) {
      texts.push(statement.getSQL().trim());
      statement.step();
    }
    expect(texts).toEqual(["UPDATE users SET name = 'x' WHERE id = 1;", 'SELECT 1']);
    expect(heard).toEqual([USER_1]);
  });

  it('export(), behind which nothing is open in versions that open the database anew', async () => {
    const database = (await openSqlJs()).run(SETUP);
    const { exec } = database;
    const reopen = (): Uint8Array => {
      exec.call(database, 'ROLLBACK');
      return new Uint8Array();
    };
    Object.assign(database, { export: reopen });
    const { cache, heard } = world.cache();
    world.stopping(watchSqlJs(database, cache));
    database.run('BEGIN');
    database.run("UPDATE users SET name = 'x' WHERE id = 1");
    database.export();
    database.run("UPDATE users SET name = 'x' WHERE id = 2");
    expect(heard).toEqual([['users', 'users#2']]);
  });
});
