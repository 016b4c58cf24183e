import { describe, expect, it } from '@jest/globals';
import { footprints } from './footprint.js';
import type { Dialect } from './footprint-types.js';
import { ownsReturned } from './returned.js';

describe('the key of the written table behind RETURNING', () => {
  it.each<[Dialect, string, boolean]>([
    ['postgres', 'UPDATE users SET name = $1 RETURNING id', true],
    ['postgres', 'UPDATE users SET name = $1 RETURNING *', true],
    ['postgres', 'UPDATE "users" SET name = $1 RETURNING "users"."id", name AS "n"', true],
    ['postgres', 'INSERT INTO "public"."users" ("name") VALUES ($1) RETURNING "public"."users"."id"', true],
    ['postgres', 'INSERT INTO users (name) SELECT name FROM teams RETURNING id, (xmax = 0) AS isnew', true],
    ['postgres', 'DELETE FROM ONLY users WHERE a IS DISTINCT FROM b RETURNING users.id AS id', true],
    ['postgres', 'UPDATE users AS u SET name = t.n FROM teams t RETURNING u.id, t.n', true],
    ['postgres', 'WITH x AS (SELECT 1) UPDATE users u SET name = x.n FROM x RETURNING u.id', true],
    ['postgres', 'MERGE INTO users u USING teams t ON u.id = t.id WHEN MATCHED THEN DELETE RETURNING u.id', true],
    ['mysql', 'DELETE FROM users WHERE name = ? RETURNING ID', true],
    ['sqlite', 'INSERT OR REPLACE INTO users VALUES (1) RETURNING "Id"', true],
    // Of another table, or of another row of this one.
    ['postgres', 'UPDATE users u SET name = t.n FROM teams t RETURNING t.id', false],
    ['postgres', 'UPDATE users u SET name = t.n FROM teams t RETURNING u.id, t.id', false],
    ['postgres', 'UPDATE users u SET name = t.n FROM teams t RETURNING t.id, u.*', false],
    ['postgres', 'UPDATE users u SET name = t.n FROM teams t RETURNING *', false],
    ['postgres', 'UPDATE users u SET name = t.n FROM teams t RETURNING id', false],
    ['postgres', 'UPDATE users u SET name = v.name FROM users v RETURNING v.id', false],
    ['postgres', 'UPDATE users u SET name = users.n FROM teams users RETURNING users.id', false],
    ['postgres', 'UPDATE users SET name = v.n FROM (VALUES (1, 2)) v(n, id) RETURNING v.id', false],
    ['postgres', 'UPDATE users SET name = v.n FROM unnest($1::int[], $2::int[]) AS v(n, id) RETURNING v.id', false],
    ['postgres', 'DELETE FROM users u USING teams t RETURNING t.id', false],
    ['postgres', 'MERGE INTO users u USING teams t ON u.id = t.id WHEN MATCHED THEN DELETE RETURNING *', false],
    ['postgres', 'UPDATE users SET name = $1 RETURNING old.id', false],
    // What was given its name.
    ['postgres', 'UPDATE users SET name = $1 RETURNING parent AS id', false],
    ['postgres', 'UPDATE users SET name = $1 RETURNING parent id', false],
    ['postgres', 'UPDATE users SET name = $1 RETURNING *, parent id', false],
    ['postgres', 'UPDATE users SET name = $1 RETURNING parent + 1 AS id, *', false],
    ['postgres', 'UPDATE users SET name = $1 RETURNING id, (parent)::id', false],
    ['postgres', 'UPDATE users SET name = $1 RETURNING WITH (OLD AS users) users.id', false],
    ['mysql', 'DELETE FROM users RETURNING "id"', false],
    // Handed back by another statement than the one that writes.
    ['postgres', 'WITH x AS (UPDATE users SET name = $1 RETURNING id) SELECT id FROM x', false],
  ])('%s: %s: %s', (dialect, sql, isOwned) => {
    const [footprint] = footprints(sql, dialect);
    const { returned } = footprint ?? {};
    expect(returned === undefined || ownsReturned(returned, ['id'])).toBe(isOwned);
  });
});
