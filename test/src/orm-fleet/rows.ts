import type pg from 'pg';

export interface UserRow {
  readonly id: number;
  readonly name: string;
  readonly email: string | null;
}
export interface PostRow {
  readonly id: number;
  readonly title: string;
  readonly views: number;
  readonly user_id: number | null;
}
export interface CommentRow {
  readonly id: number;
  readonly body: string;
  readonly post_id: number | null;
}
export interface ProfileRow {
  readonly id: number;
  readonly bio: string;
  readonly user_id: number | null;
}
export interface PostTagRow {
  readonly post_id: number;
  readonly tag_id: number;
}

/** Every row of the database that is written. */
export interface Rows {
  readonly users: readonly UserRow[];
  readonly posts: readonly PostRow[];
  readonly comments: readonly CommentRow[];
  readonly profiles: readonly ProfileRow[];
  readonly post_tags: readonly PostTagRow[];
}

const TABLES = ['users', 'posts', 'comments', 'profiles'] as const;

/** All of them as they are together at one moment: one statement sees one state. */
const READ = `SELECT json_build_object(${TABLES.map(
  (table) => `'${table}', (SELECT coalesce(json_agg(t ORDER BY id), '[]') FROM ${table} t)`,
).join(', ')}, 'post_tags', (SELECT coalesce(json_agg(t ORDER BY post_id, tag_id), '[]') FROM post_tags t)) AS rows`;

export async function readRows(pool: pg.Pool): Promise<Rows> {
  const { rows } = await pool.query<{ rows: Rows }>(READ);
  const [row] = rows;
  if (row === undefined) throw new Error('the database has answered nothing');
  return row.rows;
}

/** Who writes a row says so in its text: `2:…`. */
export function laneOf(text: string): number {
  return Number.parseInt(text, 10);
}

/** The rows that one of the writers has written. */
export function rowsOfLane({ users, posts, comments, profiles, post_tags }: Rows, lane: number): Rows {
  const mine = posts.filter(({ title }) => laneOf(title) === lane);
  const ids = new Set(mine.map(({ id }) => id));
  return {
    users: users.filter(({ name }) => laneOf(name) === lane),
    posts: mine,
    comments: comments.filter(({ body }) => laneOf(body) === lane),
    profiles: profiles.filter(({ bio }) => laneOf(bio) === lane),
    post_tags: post_tags.filter(({ post_id }) => ids.has(post_id)),
  };
}
