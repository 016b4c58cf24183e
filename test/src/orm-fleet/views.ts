import type { Random } from './random.js';
import { type CommentRow, laneOf, type PostRow, type ProfileRow, type Rows, type UserRow } from './rows.js';

/** By writer, the states of his rows of which an answer may show one. */
export type Seen = readonly (readonly Rows[])[];

/** A page that is asked for, and what it may show. */
export interface Asked {
  readonly path: string;
  /** Whether what it shows was so: in one of the states of each writer. */
  isTrue(shown: unknown, seen: Seen): boolean;
}

type Json = Readonly<Record<string, unknown>>;

/** Reads two tables with one statement, and so one state. */
export interface Reading {
  readonly joins: boolean;
}

/** A page of those that the apps have. */
export function askFor(random: Random, ids: Ids, { joins }: Reading): Asked {
  const turn = random.below(12);
  if (turn < 3) return user('users', ids.user(random));
  if (turn < 5) return user('cards', ids.user(random));
  if (turn === 5) return list('/users', ({ users }) => users, nameOf, userShown);
  if (turn === 6) return list('/comments', ({ comments }) => comments, bodyOf, shows<CommentRow>(['id', 'body']));
  if (turn === 7) return list('/profiles', ({ profiles }) => profiles, bioOf, shows<ProfileRow>(['id', 'bio']));
  if (turn === 8) return count();
  if (turn < 11) return tagsOf(ids.post(random));
  return posts(joins);
}

/** Keys that requests name: of rows that are there, were there, or never are. */
export interface Ids {
  user(random: Random): number;
  post(random: Random): number;
}

const nameOf = (row: Json): string => String(row['name']);
const bodyOf = (row: Json): string => String(row['body']);
const bioOf = (row: Json): string => String(row['bio']);
const userShown = shows<UserRow>(['id', 'name', 'email']);
const postShown = shows<PostRow>(['id', 'title', 'views']);

/** Whether what is shown of a row is so, in as many of the columns as are shown, and the first two. */
function shows<T>(columns: readonly (keyof T & string)[]): (shown: Json, row: T) => boolean {
  const needed = columns.slice(0, 2);
  return (shown, row) =>
    needed.every((column) => column in shown) &&
    columns.every((column) => !(column in shown) || shown[column] === row[column]);
}

function user(page: 'users' | 'cards', id: number): Asked {
  return {
    path: `/${page}/${id}`,
    isTrue(shown, seen) {
      const isShown = (rows: Rows): boolean => {
        const row = rows.users.find((each) => each.id === id);
        return row === undefined ? shown === null : shown !== null && userShown(shown as Json, row);
      };
      // Who may have it: a key belongs to one writer, and of the others nobody knows it.
      const lanes = seen.filter((states) => states.some(({ users }) => users.some((each) => each.id === id)));
      return lanes.length === 0 ? shown === null : lanes.every((states) => states.some(isShown));
    },
  };
}

function list<T extends { readonly id: number }>(
  path: string,
  rowsOf: (rows: Rows) => readonly T[],
  textOf: (shown: Json) => string,
  isShown: (shown: Json, row: T) => boolean,
): Asked {
  return {
    path,
    isTrue: (shown, seen) =>
      Array.isArray(shown) &&
      seen.every((states, lane) => {
        const mine = (shown as Json[]).filter((each) => laneOf(textOf(each)) === lane);
        return states.some((rows) => areShown(mine, rowsOf(rows), isShown));
      }),
  };
}

function areShown<T>(shown: readonly Json[], rows: readonly T[], isShown: (shown: Json, row: T) => boolean): boolean {
  return shown.length === rows.length && rows.every((row, i) => isShown(shown[i] as Json, row));
}

function count(): Asked {
  return {
    path: '/posts/count',
    isTrue(shown, seen) {
      let sums = new Set([0]);
      for (const states of seen) {
        const counts = new Set(states.map(({ posts }) => posts.length));
        sums = new Set([...sums].flatMap((sum) => [...counts].map((each) => sum + each)));
      }
      return sums.has(Number(typeof shown === 'object' ? Object.values(shown?.[0 as never] ?? {})[0] : shown));
    },
  };
}

function tagsOf(post: number): Asked {
  return {
    path: `/posts/${post}/tags`,
    isTrue(shown, seen) {
      if (!Array.isArray(shown)) return false;
      const names = (shown as Json[]).map(nameOf).sort().join();
      const isShown = ({ post_tags }: Rows): boolean =>
        post_tags
          .filter(({ post_id }) => post_id === post)
          .map(({ tag_id }) => tagName(tag_id))
          .sort()
          .join() === names;
      const lanes = seen.filter((states) =>
        states.some(({ post_tags }) => post_tags.some((it) => it.post_id === post)),
      );
      return lanes.length === 0 ? names === '' : lanes.every((states) => states.some(isShown));
    },
  };
}

/** Tags are written by nobody. */
function tagName(id: number): string {
  return `tag ${id}`;
}

/** Posts with their authors. */
function posts(joins: boolean): Asked {
  return {
    path: '/posts',
    isTrue: (shown, seen) =>
      Array.isArray(shown) &&
      seen.every((states, lane) => {
        const mine = (shown as Json[]).filter((each) => laneOf(String(each['title'])) === lane);
        const arePosts = (rows: Rows): boolean => areShown(mine, rows.posts, postShown);
        // Of a state of its own, where that takes another statement; whose post it is, is of the first.
        const areAuthors = (rows: Rows, their: readonly PostRow[]): boolean =>
          mine.every((each, i) => {
            const row = rows.users.find(({ id }) => id === their[i]?.user_id);
            const author = each['user'] as Json | null;
            return row === undefined ? author === null : author !== null && userShown(author, row);
          });
        const first = states.filter(arePosts);
        return first.some((those) => (joins ? [those] : states).some((rows) => areAuthors(rows, those.posts)));
      }),
  };
}
