import { describe, expect, it } from '@jest/globals';
import { footprints } from './footprint.js';
import type { Dialect } from './footprint-types.js';

function keeps(sql: string, dialect: Dialect): boolean | undefined {
  return footprints(sql, dialect)[0]?.writes[0]?.keeps;
}

describe('an UPDATE that sets columns to themselves', () => {
  it.each([
    'UPDATE users SET name = name WHERE id = $1',
    'UPDATE "users" SET "name" = Name',
    'UPDATE users u SET name = u.name, email = email WHERE id = 1 RETURNING *',
    'UPDATE public.users SET name = users.name',
  ])('keeps them: %s', (sql) => {
    expect(keeps(sql, 'postgres')).toBe(true);
  });

  it.each([
    'UPDATE users SET name = $1 WHERE id = $2',
    'UPDATE users SET name = email',
    'UPDATE users SET name = name, email = $1',
    "UPDATE users SET name = name || 'x'",
    'UPDATE users SET name = name::text',
    'UPDATE users SET name = name(id)',
    'UPDATE users SET name = (name)',
    'UPDATE users SET (name, email) = (email, name)',
    'UPDATE users SET "Name" = name',
    'UPDATE users SET name = p.name FROM people p WHERE p.id = users.id',
    'UPDATE users SET address.name = name',
    'UPDATE users SET tags[1] = tags',
    'UPDATE users SET name = public.users.name',
    'INSERT INTO users (id, name) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET name = name',
    'DELETE FROM users',
  ])('does not: %s', (sql) => {
    expect(keeps(sql, 'postgres')).toBe(false);
  });

  it.each(['mysql', 'sqlite'] as const)('is not told in %s, where a name in quotes may be a text', (dialect) => {
    expect(keeps('UPDATE users SET name = "name"', dialect)).toBe(false);
  });
});
