import { describe, expect, it } from '@jest/globals';
import { footprints } from '../footprint.js';
import { MYSQL } from './mysql.test.support.js';
import { POSTGRES } from './postgres.test.support.js';
import { SQLITE } from './sqlite.test.support.js';
import { summary } from './summary.test.support.js';

describe('footprints of statements that libraries and people write', () => {
  it.each(POSTGRES)('PostgreSQL: %s', (sql, comesTo) => {
    expect(summary(footprints(sql, 'postgres'))).toBe(comesTo);
  });

  it.each(MYSQL)('MySQL: %s', (sql, comesTo) => {
    expect(summary(footprints(sql, 'mysql'))).toBe(comesTo);
  });

  it.each(SQLITE)('SQLite: %s', (sql, comesTo) => {
    expect(summary(footprints(sql, 'sqlite'))).toBe(comesTo);
  });
});
