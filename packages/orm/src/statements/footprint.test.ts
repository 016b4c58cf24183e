import { describe, expect, it } from '@jest/globals';
import { summary } from './corpus/summary.test.support.js';
import { footprints } from './footprint.js';
import type { Dialect } from './footprint-types.js';
import { endsIn, HUGE } from './huge-texts.test.support.js';
import { checkRandomTexts } from './random-texts.test.support.js';

const DIALECTS: readonly Dialect[] = ['postgres', 'mysql', 'sqlite'];

/** Texts that are long in one way each; times the number of characters of the first part. */
const HOSTILE: ReadonlyArray<readonly [name: string, text: (size: number) => string]> = [
  ['round brackets', (size) => '('.repeat(size)],
  ['square brackets', (size) => `SELECT ${'['.repeat(size)}`],
  ['closing brackets', (size) => ')'.repeat(size)],
  ['quotes', (size) => "'".repeat(size)],
  ['quotes and blanks', (size) => `' " \` `.repeat(size / 6)],
  ['open comments', (size) => '/*'.repeat(size / 2)],
  ['executed comments', (size) => 'SELECT /*! 1 '.repeat(size / 13)],
  ['semicolons', (size) => 'a;'.repeat(size / 2)],
  ['dollar quotes', (size) => '$a$b'.repeat(size / 4)],
  ['triggers', (size) => 'CREATE TRIGGER BEGIN;'.repeat(size / 21)],
  ['queries in queries', (size) => 'SELECT 1 FROM a WHERE x IN ('.repeat(size / 28)],
  ['brackets around conditions', (size) => `SELECT 1 FROM a WHERE ${'('.repeat(size / 3)}a=1${')'.repeat(size / 3)}`],
  ['conditions', (size) => `SELECT 1 FROM a WHERE a=1${' AND b=2'.repeat(size / 8)}`],
  ['queries of WITH', (size) => `WITH ${'c AS (SELECT 1 FROM c), '.repeat(size / 25)} d AS (SELECT 1) SELECT 1`],
  ['targets of a DELETE', (size) => `DELETE ${'a, '.repeat(size / 6)} b FROM ${'a, '.repeat(size / 6)} b`],
  ['assignments', (size) => `UPDATE ${'a, '.repeat(size / 9)} b SET ${'a.x=1, '.repeat(size / 14)} b.x=1`],
  [
    'tables with conditions',
    (size) => `SELECT 1 FROM ${'a, '.repeat(size / 9)} b WHERE b.x=1${' AND a.x=1'.repeat(size / 20)}`,
  ],
  ['conflicts', (size) => `INSERT INTO a VALUES (1) ${'ON CONFLICT (x) '.repeat(size / 16)}`],
  ['rows', (size) => `INSERT INTO a (x) VALUES ${"(1), ('b'), ".repeat(size / 12)} (2)`],
  ['blocks of a body', (size) => `DO $$ ${'BEGIN '.repeat(size / 6)} $$`],
  ['names', (size) => Array.from({ length: size / 10 }, (_, at) => `name${at}`).join(' ')],
  ['points', (size) => `SELECT a${'.a'.repeat(size / 2)}`],
  ['escapes', (size) => `SELECT U&"${'\\0061'.repeat(size / 5)}"`],
];

/** How much longer it may take for a text eight times as long: linear is 8, square is 64. */
const STEEPEST = 32;

describe('footprints of hostile and huge texts', () => {
  it.each(HOSTILE)('takes time in proportion to %s', (_name, text) => {
    for (const dialect of DIALECTS) {
      const short = text(5_000);
      const long = text(40_000);
      const least = Math.min(...[1, 2].map(() => millisecondsOf(short, dialect)));
      const most = Math.min(...[1, 2].map(() => millisecondsOf(long, dialect)));
      expect(most).toBeLessThan(STEEPEST * Math.max(least, 1));
    }
  });

  it.each(HUGE)('gets to the end of 100 KB of %s', (_name, part) => {
    for (const dialect of DIALECTS) expect(endsIn(part, 100_000, dialect)).toBe(true);
  });

  it('never throws, whatever the text', () => {
    checkRandomTexts(200);
  });

  it('counts what is left after a thousand statements by its names', () => {
    const all = footprints(`${'SELECT 1;'.repeat(1_000)} DELETE FROM posts; DELETE FROM users`, 'postgres');
    expect(all).toHaveLength(1_001);
    expect(all.at(-1)).toMatchObject({ isUnderstood: false, isOpaque: true });
    expect([...(all.at(-1)?.names ?? [])]).toEqual(expect.arrayContaining(['posts', 'users']));
  });
});

describe('names of statements', () => {
  it.each([
    ['postgres', `SELECT * FROM "Posts" JOIN Users ON TRUE`, ['r:Posts r:users']],
    ['mysql', 'SELECT * FROM `Posts` JOIN Users', ['r:Posts r:Users']],
    ['sqlite', 'SELECT * FROM "Posts" JOIN Users', ['r:posts r:users']],
    ['postgres', `SELECT * FROM ${'x'.repeat(70)}`, [`r:${'x'.repeat(63)}`]],
    ['postgres', `SELECT * FROM "${'é'.repeat(40)}"`, [`r:${'é'.repeat(31)}`]],
    ['postgres', 'SELECT * FROM ÄÖ', ['r:ÄÖ']],
  ] as const)('are folded as %s folds them: %s', (dialect, sql, [comesTo]) => {
    expect(summary(footprints(sql, dialect))).toBe(comesTo);
  });

  it('are those of functions where all was understood, and every word where not', () => {
    const [understood] = footprints(`SELECT my_fn(1), 'posts' FROM a WHERE a.users = 1`, 'postgres');
    expect(understood?.names.has('my_fn')).toBe(true);
    expect(understood?.names.has('users')).toBe(false);
    expect(understood?.names.has('posts')).toBe(false);
    const [not] = footprints(`SELEC my_fn(1), 'from "Posts"' /* users */`, 'postgres');
    expect([...(not?.names ?? [])]).toEqual(expect.arrayContaining(['my_fn', 'Posts', 'posts', 'users']));
  });
});

function millisecondsOf(sql: string, dialect: Dialect): number {
  const start = process.cpuUsage();
  footprints(sql, dialect);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}
