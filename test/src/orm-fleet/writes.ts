import type { Step, WriteOrder } from './orders.js';
import type { Random } from './random.js';
import type { Rows } from './rows.js';
import { TAGS } from './world.js';

/** Rows of a table that one writer keeps at most, so that pages stay small. */
const MOST = 8;
/** Keys that writers give themselves, each of his own. */
const OWN_KEYS = 1_000_000;
const OWN_KEYS_EACH = 6;

/** Who writes, and what his rows are now. */
export interface Writer {
  readonly lane: number;
  readonly random: Random;
  rows(): Rows;
}

/** A user's key that the writer of a lane may give, whether the user is there or not. */
export function ownKey(lane: number, random: Random): number {
  return OWN_KEYS + lane * 100 + random.below(OWN_KEYS_EACH);
}

/** A write as nobody could have guessed it: one statement, or several in a transaction. */
export function makeWrite(writer: Writer): WriteOrder {
  const { random } = writer;
  if (random.is(0.6)) return { within: 'nothing', steps: [makeStep(writer)] };
  const steps = Array.from({ length: 1 + random.below(3) }, () => makeStepIn(writer, 0));
  return { within: random.is(0.3) ? 'failing transaction' : 'transaction', steps };
}

function makeStepIn(writer: Writer, depth: number): Step {
  const { random } = writer;
  if (depth === 2 || random.is(0.7)) return makeStep(writer);
  const steps = Array.from({ length: 1 + random.below(2) }, () => makeStepIn(writer, depth + 1));
  return { steps, fails: random.is(0.5) };
}

function makeStep(writer: Writer): Step {
  const { random } = writer;
  const make = random.of(WAYS.filter(({ isFor }) => isFor === undefined || isFor(writer.rows()))) as Way;
  return make.step(writer, words(writer));
}

interface Way {
  /** Where it is to do something. */
  isFor?(rows: Rows): boolean;
  step(writer: Writer, word: string): Step;
}

/** Texts say whose they are, and no two of them are the same. */
function words({ lane, random }: Writer): string {
  return `${lane}: ${random.below(1e9).toString(36)}`;
}

/** Few, so that several rows have the same. */
function emailOf({ lane, random }: Writer): string {
  return `${lane}-${random.below(3)}@example.com`;
}

const hasRoom =
  (table: 'users' | 'posts' | 'comments' | 'profiles') =>
  (rows: Rows): boolean =>
    rows[table].length < MOST;
const has =
  (table: 'users' | 'posts' | 'comments') =>
  (rows: Rows): boolean =>
    rows[table].length > 0;

function write(name: string, ...given: unknown[]): Step {
  return { write: name, given };
}

function raw(sql: string, ...parameters: unknown[]): Step {
  return { write: 'raw', given: [sql, parameters] };
}

const oneOf = (random: Random, rows: readonly { readonly id: number }[]): number => random.of(rows)?.id ?? 0;
const user = ({ random, rows }: Writer): number => oneOf(random, rows().users);
const post = ({ random, rows }: Writer): number => oneOf(random, rows().posts);

const WAYS: readonly Way[] = [
  { isFor: hasRoom('users'), step: (_, word) => write('insertUser', word) },
  { isFor: hasRoom('users'), step: (_, word) => write('insertUsers', [`${word} a`, `${word} b`]) },
  // It fails where there is one already.
  { step: ({ lane, random }, word) => write('insertUserAs', ownKey(lane, random), word) },
  { step: ({ lane, random }, word) => write('upsertUser', ownKey(lane, random), word) },
  { isFor: has('users'), step: (writer, word) => write('renameUser', user(writer), word) },
  { isFor: has('users'), step: (writer, word) => write('renameUser', user(writer), word) },
  { step: (writer, word) => write('renameUsersWith', emailOf(writer), word) },
  { isFor: has('users'), step: (writer, word) => write('renameUserOr', user(writer), emailOf(writer), word) },
  {
    isFor: has('users'),
    step: (writer) => raw('UPDATE users SET email = $1 WHERE id = $2', emailOf(writer), user(writer)),
  },
  { isFor: has('users'), step: (writer) => write('deleteUser', user(writer)) },
  {
    isFor: (rows) => hasRoom('posts')(rows) && has('users')(rows),
    step: (w, word) => write('insertPost', word, user(w)),
  },
  { isFor: has('posts'), step: (writer) => write('increment', post(writer)) },
  {
    isFor: has('posts'),
    step: (writer, word) =>
      raw(
        'WITH changed AS (UPDATE posts SET title = $1 WHERE id = $2 RETURNING id) SELECT id FROM changed',
        word,
        post(writer),
      ),
  },
  { isFor: has('posts'), step: (writer) => raw('DELETE FROM posts WHERE id = $1', post(writer)) },
  { isFor: has('posts'), step: (writer) => write('tag', post(writer), 1 + writer.random.below(TAGS)) },
  {
    isFor: has('posts'),
    step: (writer) =>
      raw('DELETE FROM post_tags WHERE post_id = $1 AND tag_id <> $2', post(writer), 1 + writer.random.below(TAGS)),
  },
  {
    isFor: (rows) => hasRoom('comments')(rows) && has('posts')(rows),
    step: (w, word) => raw('INSERT INTO comments (body, post_id) VALUES ($1, $2)', word, post(w)),
  },
  {
    isFor: (rows) => hasRoom('profiles')(rows) && has('users')(rows),
    step: (w, word) => raw('INSERT INTO profiles (bio, user_id) VALUES ($1, $2)', word, user(w)),
  },
  {
    isFor: has('comments'),
    step: ({ lane }, word) =>
      raw(
        "UPDATE comments SET body = $1 || ' ' || p.views FROM posts p WHERE p.id = comments.post_id AND p.title LIKE $2",
        word,
        `${lane}:%`,
      ),
  },
  {
    isFor: (rows) => !hasRoom('profiles')(rows),
    step: ({ lane }) => raw('DELETE FROM profiles WHERE bio LIKE $1', `${lane}:%`),
  },
  {
    isFor: (rows) => !hasRoom('users')(rows),
    step: ({ lane }) => raw('DELETE FROM users WHERE name LIKE $1 AND id % 2 = 0', `${lane}:%`),
  },
];
