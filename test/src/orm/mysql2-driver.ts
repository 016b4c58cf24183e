import type { Cache } from '@viewcache/core';
import { type Mysql2Watch, type WatchMysql2Options, watchMysql2 } from '@viewcache/orm/mysql2';
import mysql from 'mysql2/promise';
import type { ScenarioDriver } from './driver.js';

/** How statements with values are sent. */
export type Way = 'query' | 'execute';

/** A transaction of `mysql2`: its connection, and how deep in savepoints it is. */
interface MysqlTx {
  readonly connection: mysql.PoolConnection;
  readonly depth: number;
}

/** The scenarios' way through `mysql2`: a pool with promises, and connections of it for transactions. */
export class Mysql2Driver implements ScenarioDriver<MysqlTx> {
  readonly lacks = {
    3: 'mysql2 has no entities: what is not to be changed is not sent',
    12: 'MariaDB has no DELETE in a WITH',
    13: 'MariaDB has no TRUNCATE … CASCADE',
  };
  readonly pool: mysql.Pool;
  readonly watch: Mysql2Watch;
  readonly #way: Way;

  private constructor(pool: mysql.Pool, watch: Mysql2Watch, way: Way) {
    this.pool = pool;
    this.watch = watch;
    this.#way = way;
  }

  static async open(
    url: string,
    cache: Cache,
    options: WatchMysql2Options = {},
    pool: mysql.PoolOptions = {},
    way: Way = 'query',
  ): Promise<Mysql2Driver> {
    const opened = mysql.createPool({ uri: url, ...pool });
    const watch = watchMysql2(opened, { ...options, cache });
    await watch.ready;
    return new Mysql2Driver(opened, watch, way);
  }

  readonly reads = {
    user: async (id: number) => (await this.#rows('SELECT * FROM users WHERE id = ?', [id]))[0],
    users: () => this.#rows('SELECT id, name FROM users ORDER BY id'),
    posts: () => this.#rows('SELECT p.*, u.name FROM posts p LEFT JOIN users u ON u.id = p.user_id ORDER BY p.id'),
    postCount: () => this.#rows('SELECT count(*) AS n FROM posts'),
    comments: () => this.#rows('SELECT * FROM comments ORDER BY id'),
    profiles: () => this.#rows('SELECT * FROM profiles ORDER BY id'),
    tagsOf: (post: number) =>
      this.#rows('SELECT t.name FROM post_tags pt JOIN tags t ON t.id = pt.tag_id WHERE pt.post_id = ?', [post]),
  };

  readonly writes = {
    insertUser: (name: string, on?: MysqlTx) => this.#run('INSERT INTO users (name) VALUES (?)', [name], on),
    insertUsers: ([one, two]: readonly string[], on?: MysqlTx) =>
      this.#run('INSERT INTO users (name) VALUES (?), (?) RETURNING id', [one, two], on),
    insertUserAs: (id: number, name: string, on?: MysqlTx) =>
      this.#run('INSERT INTO users (id, name) VALUES (?, ?)', [id, name], on),
    insertPost: (title: string, user: number, on?: MysqlTx) =>
      this.#run('INSERT INTO posts (title, user_id) VALUES (?, ?)', [title, user], on),
    renameUser: (id: number, name: string, on?: MysqlTx) =>
      this.#run('UPDATE users SET name = ? WHERE id = ?', [name, id], on),
    renameUsersWith: (email: string, name: string, on?: MysqlTx) =>
      this.#run('UPDATE users SET name = ? WHERE email = ?', [name, email], on),
    renameUserOr: (id: number, email: string, name: string, on?: MysqlTx) =>
      this.#run('UPDATE users SET name = ? WHERE id = ? OR email = ?', [name, id, email], on),
    deleteUser: (id: number, on?: MysqlTx) => this.#run('DELETE FROM users WHERE id = ?', [id], on),
    increment: (post: number, on?: MysqlTx) => this.#run('UPDATE posts SET views = views + 1 WHERE id = ?', [post], on),
    upsertUser: (id: number, name: string, on?: MysqlTx) =>
      this.#run(
        'INSERT INTO users (id, name) VALUES (?, ?) ON DUPLICATE KEY UPDATE name = VALUES(name) RETURNING id',
        [id, name],
        on,
      ),
    tag: (post: number, tag: number, on?: MysqlTx) => this.#run('INSERT INTO post_tags VALUES (?, ?)', [post, tag], on),
    raw: async (sql: string, parameters?: readonly unknown[], on?: MysqlTx) =>
      await (on?.connection ?? this.pool).query(sql, parameters as unknown[]),
  };

  async transaction<T>(work: (tx: MysqlTx) => Promise<T>): Promise<T> {
    const connection = await this.pool.getConnection();
    try {
      await connection.beginTransaction();
      const result = await work({ connection, depth: 0 });
      await connection.commit();
      return result;
    } catch (error) {
      await connection.rollback();
      throw error;
    } finally {
      connection.release();
    }
  }

  async nested<T>({ connection, depth }: MysqlTx, work: (tx: MysqlTx) => Promise<T>): Promise<T> {
    const name = `level_${depth}`;
    await connection.query(`SAVEPOINT ${name}`);
    try {
      const result = await work({ connection, depth: depth + 1 });
      await connection.query(`RELEASE SAVEPOINT ${name}`);
      return result;
    } catch (error) {
      await connection.query(`ROLLBACK TO SAVEPOINT ${name}`);
      throw error;
    }
  }

  scopeOf({ connection }: MysqlTx): object {
    return connection;
  }

  async close(): Promise<void> {
    this.watch();
    await this.pool.end();
  }

  async #rows(sql: string, values: readonly unknown[] = []): Promise<readonly unknown[]> {
    return (await this.#send(this.pool, sql, values)) as readonly unknown[];
  }

  async #run(sql: string, values: readonly unknown[], on: MysqlTx | undefined): Promise<unknown> {
    return await this.#send(on?.connection ?? this.pool, sql, values);
  }

  async #send(on: mysql.Pool | mysql.PoolConnection, sql: string, values: readonly unknown[]): Promise<unknown> {
    if (this.#way === 'query') return (await on.query(sql, [...values]))[0];
    return (await on.execute(sql, [...values] as mysql.ExecuteValues))[0];
  }
}
