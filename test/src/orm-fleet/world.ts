import pg from 'pg';
import { TABLES } from '../orm/schema.js';
import { PostgresServer } from '../servers/postgres.js';
import { RedisServer } from '../servers/redis.js';

/** Tags of posts. */
export const TAGS = 4;

/** Of each writer, three users, each with a post, a comment on it, and a profile. */
const SEED = `
WITH lanes AS (SELECT generate_series(0, $1) AS lane), rows AS (SELECT lane, generate_series(1, 3) AS i FROM lanes),
u AS (INSERT INTO users (name) SELECT lane || ': user ' || i FROM rows RETURNING id, name),
p AS (INSERT INTO posts (title, user_id) SELECT name || ', post', id FROM u RETURNING id, title),
pt AS (INSERT INTO post_tags SELECT id, 1 FROM p),
c AS (INSERT INTO comments (body, post_id) SELECT title || ', comment', id FROM p)
INSERT INTO profiles (bio, user_id) SELECT name || ', profile', id FROM u`;

/** A database and a Redis of their own, with the tables of the scenarios. */
export class FleetWorld {
  readonly admin: pg.Pool;
  readonly redis: RedisServer;
  readonly #postgres: PostgresServer;

  private constructor(postgres: PostgresServer, redis: RedisServer) {
    this.#postgres = postgres;
    this.redis = redis;
    this.admin = new pg.Pool({ connectionString: postgres.url });
  }

  static async start(): Promise<FleetWorld> {
    const world = new FleetWorld(await PostgresServer.start(), await RedisServer.start());
    await world.admin.query(TABLES);
    return world;
  }

  get database(): string {
    return this.#postgres.url;
  }

  /** Some rows for each writer, and tags. */
  async reset(writers: number): Promise<void> {
    await this.admin.query('TRUNCATE users, posts, comments, profiles, tags, post_tags RESTART IDENTITY CASCADE');
    await this.admin.query("INSERT INTO tags (name) SELECT 'tag ' || i FROM generate_series(1, $1) i", [TAGS]);
    await this.admin.query(SEED, [writers - 1]);
  }

  async stop(): Promise<void> {
    await this.admin.end();
    await this.#postgres.stop();
    await this.redis.stop();
  }
}
