import { describe, expect, it } from '@jest/globals';
import { statementsOf } from '../statements/dialect-statements.js';
import { failureOf, returnedResult } from './outcome-of.js';

const error = (cause: object, name = 'DriverAdapterError') => Object.assign(new Error(name), { name, cause });

describe('a statement that failed', () => {
  it.each<[string, unknown, boolean]>([
    ['a constraint', error({ kind: 'UniqueConstraintViolation', originalCode: '23505' }), false],
    ['a code of PostgreSQL', error({ kind: 'postgres', code: '22012', severity: 'ERROR' }), false],
    ['a conflict', error({ kind: 'TransactionWriteConflict', originalCode: '40001' }), false],
    ['a number of MySQL', error({ kind: 'mysql', code: 1213, state: '40001' }), false],
    ['a code of SQLite', error({ kind: 'sqlite', extendedCode: 1 }), false],
    ['a server that goes down', error({ kind: 'postgres', code: '57P01', severity: 'FATAL' }), true],
    ['a connection that is closed', error({ kind: 'ConnectionClosed' }), true],
    ['a connection that ends', new Error('Connection terminated unexpectedly'), true],
    ['a socket of MariaDB that closes', error({ kind: 'mysql', code: 45038, originalCode: '45038' }), true],
    ['a connection that MySQL has killed', error({ kind: 'mysql', code: 1927 }), true],
    ['an answer that the adapter cannot read', error({ kind: 'UnsupportedNativeDataType', type: 'x' }), true],
    ['something that was thrown', undefined, true],
  ])('by %s', (_, thrown, isUnknown) => {
    expect(failureOf(thrown)).toEqual({ kind: 'failed', isUnknown });
  });
});

describe('the key that a database has counted', () => {
  const lookup = {
    statements: statementsOf('mysql'),
    countedKey: (table: string) => (table === 'users' ? 'id' : undefined),
  };
  const keys = (sql: string, lastInsertId = '7') =>
    returnedResult(sql, { columnNames: [], rows: [], lastInsertId }, lookup).returned?.(['id']);

  it.each([
    ["INSERT INTO users (name) VALUES ('x')", [['7']]],
    ["INSERT INTO users (name) VALUES ('x'), ('y')", undefined],
    ["INSERT INTO users (id, name) VALUES (3, 'x')", undefined],
    ["INSERT INTO users (name) VALUES ('x') ON DUPLICATE KEY UPDATE name = 'x'", undefined],
    ['INSERT INTO users (name) SELECT title FROM posts', undefined],
    ["INSERT INTO visits (name) VALUES ('x')", undefined],
    ["UPDATE users SET name = 'x'", undefined],
  ])('of %s', (sql, rows) => {
    expect(keys(sql)).toEqual(rows);
  });

  it('is none where it counted nothing', () => {
    expect(keys("INSERT INTO users (name) VALUES ('x')", '0')).toBeUndefined();
  });
});

describe('keys among what a statement returns', () => {
  const lookup = { statements: statementsOf('postgres'), countedKey: () => undefined };
  const keys = (sql: string) => returnedResult(sql, { columnNames: ['id'], rows: [[1]] }, lookup).returned?.(['id']);

  it('are those of the one statement in it that writes', () => {
    expect(keys("UPDATE users SET name = 'x' RETURNING id")).toEqual([[1]]);
    expect(keys("WITH x AS (DELETE FROM posts) UPDATE users SET name = 'x' RETURNING id")).toBeUndefined();
    expect(keys('SELECT id FROM users')).toBeUndefined();
  });
});
