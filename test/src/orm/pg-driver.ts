import type { Cache } from '@viewcache/core';
import { type PgWatch, type WatchPgOptions, watchPg } from '@viewcache/orm/pg';
import pg from 'pg';
import type { ScenarioDriver } from './driver.js';

/** A transaction of `pg`: its client, and how deep in savepoints it is. */
interface PgTx {
  readonly client: pg.PoolClient;
  readonly depth: number;
}

/** The scenarios' way through `pg`: a pool, and clients of it for transactions. */
export class PgDriver implements ScenarioDriver<PgTx> {
  readonly lacks = { 3: 'pg has no entities: what is not to be changed is not sent' };
  readonly pool: pg.Pool;
  readonly watch: PgWatch;

  private constructor(pool: pg.Pool, watch: PgWatch) {
    this.pool = pool;
    this.watch = watch;
  }

  static async open(url: string, cache: Cache, options: WatchPgOptions = {}): Promise<PgDriver> {
    const pool = new pg.Pool({ connectionString: url });
    const watch = watchPg(pool, { ...options, cache });
    await watch.ready;
    return new PgDriver(pool, watch);
  }

  readonly reads = {
    user: async (id: number) => (await this.#rows('SELECT * FROM users WHERE id = $1', [id]))[0],
    users: () => this.#rows('SELECT id, name FROM users ORDER BY id'),
    posts: () => this.#rows('SELECT p.*, u.name FROM posts p LEFT JOIN users u ON u.id = p.user_id ORDER BY p.id'),
    postCount: () => this.#rows('SELECT count(*) FROM posts'),
    comments: () => this.#rows('SELECT * FROM comments ORDER BY id'),
    profiles: () => this.#rows('SELECT * FROM profiles ORDER BY id'),
    tagsOf: (post: number) =>
      this.#rows('SELECT t.name FROM post_tags pt JOIN tags t ON t.id = pt.tag_id WHERE pt.post_id = $1', [post]),
  };

  readonly writes = {
    insertUser: (name: string, on?: PgTx) => this.#run('INSERT INTO users (name) VALUES ($1) RETURNING id', [name], on),
    insertUsers: (names: readonly string[], on?: PgTx) =>
      this.#run('INSERT INTO users (name) SELECT unnest($1::text[]) RETURNING id', [names], on),
    insertUserAs: (id: number, name: string, on?: PgTx) =>
      this.#run('INSERT INTO users (id, name) VALUES ($1, $2)', [id, name], on),
    insertPost: (title: string, user: number, on?: PgTx) =>
      this.#run('INSERT INTO posts (title, user_id) VALUES ($1, $2) RETURNING id', [title, user], on),
    renameUser: (id: number, name: string, on?: PgTx) =>
      this.#run('UPDATE users SET name = $1 WHERE id = $2', [name, id], on),
    renameUsersWith: (email: string, name: string, on?: PgTx) =>
      this.#run('UPDATE users SET name = $1 WHERE email = $2', [name, email], on),
    renameUserOr: (id: number, email: string, name: string, on?: PgTx) =>
      this.#run('UPDATE users SET name = $1 WHERE id = $2 OR email = $3', [name, id, email], on),
    deleteUser: (id: number, on?: PgTx) => this.#run('DELETE FROM users WHERE id = $1', [id], on),
    increment: (post: number, on?: PgTx) => this.#run('UPDATE posts SET views = views + 1 WHERE id = $1', [post], on),
    upsertUser: (id: number, name: string, on?: PgTx) =>
      this.#run(
        'INSERT INTO users (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name',
        [id, name],
        on,
      ),
    tag: (post: number, tag: number, on?: PgTx) => this.#run('INSERT INTO post_tags VALUES ($1, $2)', [post, tag], on),
    raw: (sql: string, parameters: readonly unknown[] = [], on?: PgTx) => this.#run(sql, parameters, on),
  };

  async transaction<T>(work: (tx: PgTx) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const result = await work({ client, depth: 0 });
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  }

  async nested<T>({ client, depth }: PgTx, work: (tx: PgTx) => Promise<T>): Promise<T> {
    const name = `level_${depth}`;
    await client.query(`SAVEPOINT ${name}`);
    try {
      const result = await work({ client, depth: depth + 1 });
      await client.query(`RELEASE SAVEPOINT ${name}`);
      return result;
    } catch (error) {
      await client.query(`ROLLBACK TO SAVEPOINT ${name}`);
      throw error;
    }
  }

  scopeOf({ client }: PgTx): object {
    return client;
  }

  async close(): Promise<void> {
    this.watch();
    await this.pool.end();
  }

  async #rows(sql: string, parameters: readonly unknown[] = []): Promise<readonly unknown[]> {
    return (await this.pool.query(sql, [...parameters])).rows;
  }

  async #run(sql: string, parameters: readonly unknown[], on: PgTx | undefined): Promise<pg.QueryResult> {
    return await (on?.client ?? this.pool).query(sql, [...parameters]);
  }
}
