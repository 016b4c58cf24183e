import type { SqliteWatch } from '@viewcache/orm/sql-js';
import type { ScenarioDriver } from './driver.js';

/** What the scenarios ask of a library for SQLite. */
export interface Engine {
  rows(sql: string, parameters: readonly unknown[]): readonly unknown[];
  run(sql: string, parameters: readonly unknown[]): unknown;
  /** What it returns is all that it has changed; without it rows are inserted by `run`. */
  returning?(sql: string, parameters: readonly unknown[]): unknown;
  exec(sql: string): unknown;
  close(): void;
}

/** What no library has for SQLite. */
export const SQLITE_LACKS = {
  3: 'there are no entities: what is not to be changed is not sent',
  12: 'SQLite has no DELETE in a WITH',
  13: 'SQLite has no TRUNCATE',
  40: 'a database of SQLite is one connection: a write beside the transaction is in it',
  65: 'SQLite cannot alter a column',
};

/** The scenarios' way through a library for SQLite: its transactions are statements, and know no depth. */
export class SqliteDriver implements ScenarioDriver<number> {
  readonly lacks: Readonly<Record<string, string>>;
  readonly #engine: Engine;
  readonly #watch: SqliteWatch;

  constructor(engine: Engine, watch: SqliteWatch, lacks: Readonly<Record<string, string>> = {}) {
    this.#engine = engine;
    this.#watch = watch;
    this.lacks = { ...SQLITE_LACKS, ...lacks };
  }

  readonly reads = {
    user: async (id: number) => this.#rows('SELECT * FROM users WHERE id = ?', [id])[0],
    users: async () => this.#rows('SELECT id, name FROM users ORDER BY id'),
    posts: async () =>
      this.#rows('SELECT p.*, u.name FROM posts p LEFT JOIN users u ON u.id = p.user_id ORDER BY p.id'),
    postCount: async () => this.#rows('SELECT count(*) AS n FROM posts'),
    comments: async () => this.#rows('SELECT * FROM comments ORDER BY id'),
    profiles: async () => this.#rows('SELECT * FROM profiles ORDER BY id'),
    tagsOf: async (post: number) =>
      this.#rows('SELECT t.name FROM post_tags pt JOIN tags t ON t.id = pt.tag_id WHERE pt.post_id = ?', [post]),
  };

  readonly writes = {
    insertUser: async (name: string) => this.#run('INSERT INTO users (name) VALUES (?)', [name]),
    insertUsers: async (names: readonly string[]) => {
      const sql = `INSERT INTO users (name) VALUES ${names.map(() => '(?)').join(', ')} RETURNING id`;
      return this.#engine.returning === undefined ? this.#run(sql, names) : this.#engine.returning(sql, names);
    },
    insertUserAs: async (id: number, name: string) =>
      this.#run('INSERT INTO users (id, name) VALUES (?, ?)', [id, name]),
    insertPost: async (title: string, user: number) =>
      this.#run('INSERT INTO posts (title, user_id) VALUES (?, ?)', [title, user]),
    renameUser: async (id: number, name: string) => this.#run('UPDATE users SET name = ? WHERE id = ?', [name, id]),
    renameUsersWith: async (email: string, name: string) =>
      this.#run('UPDATE users SET name = ? WHERE email = ?', [name, email]),
    renameUserOr: async (id: number, email: string, name: string) =>
      this.#run('UPDATE users SET name = ? WHERE id = ? OR email = ?', [name, id, email]),
    deleteUser: async (id: number) => this.#run('DELETE FROM users WHERE id = ?', [id]),
    increment: async (post: number) => this.#run('UPDATE posts SET views = views + 1 WHERE id = ?', [post]),
    upsertUser: async (id: number, name: string) =>
      this.#run('INSERT INTO users (id, name) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name', [
        id,
        name,
      ]),
    tag: async (post: number, tag: number) => this.#run('INSERT INTO post_tags VALUES (?, ?)', [post, tag]),
    raw: async (sql: string) => this.#engine.exec(sql),
  };

  async transaction<T>(work: (depth: number) => Promise<T>): Promise<T> {
    return await this.#within(['BEGIN', 'COMMIT', 'ROLLBACK'], () => work(0));
  }

  async nested<T>(depth: number, work: (depth: number) => Promise<T>): Promise<T> {
    const name = `level_${depth}`;
    const ends = [`SAVEPOINT ${name}`, `RELEASE ${name}`, `ROLLBACK TO ${name}; RELEASE ${name}`] as const;
    return await this.#within(ends, () => work(depth + 1));
  }

  scopeOf(): object {
    return this.#engine;
  }

  async close(): Promise<void> {
    this.#watch();
    this.#engine.close();
  }

  async #within<T>([begin, end, undo]: readonly [string, string, string], work: () => Promise<T>): Promise<T> {
    this.#engine.exec(begin);
    try {
      const result = await work();
      this.#engine.exec(end);
      return result;
    } catch (error) {
      this.#engine.exec(undo);
      throw error;
    }
  }

  #rows(sql: string, parameters: readonly unknown[] = []): readonly unknown[] {
    return this.#engine.rows(sql, parameters);
  }

  #run(sql: string, parameters: readonly unknown[]): unknown {
    return this.#engine.run(sql, parameters);
  }
}
