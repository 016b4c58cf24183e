import { describe, expect, it } from '@jest/globals';
import type { Dialect } from './footprint-types.js';
import { ShownStatements } from './shown-statement.js';

const shown = (sql: string, dialect: Dialect = 'postgres') => new ShownStatements(dialect).shown(sql);
const list = Array.from({ length: 20 }, (_, i) => `"author"."column_${i}" AS "author_${i}"`).join(', ');

describe('a statement for people', () => {
  it.each<[string, string, Dialect?]>([
    ['UPDATE users SET name = $1 WHERE id = $2', 'UPDATE users SET name = $1 WHERE id = $2'],
    [
      "INSERT INTO users VALUES (DEFAULT, 'ana@example.org', 7, E'\\'x')",
      'INSERT INTO users VALUES (DEFAULT, ?, ?, ?)',
    ],
    ['SELECT $tag$secret$tag$, U&"n", a.b FROM t', 'SELECT ?, U&"n", a.b FROM t'],
    ['INSERT INTO `users` VALUES ("ana", 0x616e61)', 'INSERT INTO `users` VALUES (?, ?)', 'mysql'],
    [
      'select  1\n -- for ana\n from "t" /* secret */ ;update t set a=2;',
      'select ? from "t"; update t set a=?',
      'sqlite',
    ],
    ['', ''],
  ])('shows %p without what it holds of rows', (sql, expected, dialect = 'postgres') => {
    expect(shown(sql, dialect)).toBe(expected);
  });

  it('leaves a long list of columns out, and keeps tables and conditions', () => {
    expect(shown(`SELECT ${list} FROM "author" WHERE "id" IN (SELECT ${list} FROM (SELECT 1) x) ORDER BY 1`)).toBe(
      'SELECT … FROM "author" WHERE "id" IN (SELECT … FROM (SELECT ?) x) ORDER BY ?',
    );
    expect(shown(`INSERT INTO t (SELECT ${list}) RETURNING from`)).toContain('"column_19"');
    expect(shown('SELECT id, name FROM users')).toBe('SELECT id, name FROM users');
  });

  it('reads a text once, and each differently by its dialect', () => {
    const statements = new ShownStatements('mysql');
    for (let i = 0; i < 501; i++) statements.shown(`SELECT a${i} FROM t`);
    expect(statements.shown('SELECT "a" FROM t')).toBe('SELECT ? FROM t');
    expect(statements.shown('SELECT "a" FROM t')).toBe('SELECT ? FROM t');
    expect(shown('SELECT "a" FROM t')).toBe('SELECT "a" FROM t');
  });

  it('is not led astray by what does not end', () => {
    for (const sql of [
      "SELECT 'secret",
      'SELECT /* secret',
      'SELECT $a$secret',
      'SELECT ('.repeat(5_000),
      "x'".repeat(5_000),
    ])
      expect(shown(sql)).not.toContain('secret');
  });
});
