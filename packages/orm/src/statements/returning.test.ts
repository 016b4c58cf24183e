import { describe, expect, it } from '@jest/globals';
import { footprints } from './footprint.js';
import type { Dialect } from './footprint-types.js';

describe('rows that a statement has written and hands back', () => {
  it.each<[Dialect, string, boolean]>([
    ['postgres', 'UPDATE posts SET views = views + 1 WHERE id = $1 RETURNING *', true],
    ['postgres', 'UPDATE posts SET views = views + 1 WHERE id = $1', false],
    ['postgres', 'UPDATE posts SET "returning" = 1', false],
    ['postgres', 'WITH x AS (UPDATE posts SET views = 1 RETURNING *) SELECT * FROM x', true],
    ['postgres', 'WITH x AS (UPDATE posts SET views = 1) SELECT * FROM users', false],
    ['postgres', 'DELETE FROM posts WHERE id = 1 RETURNING title', true],
    ['postgres', 'SELECT returning FROM posts', false],
    // What a row shows that nothing can be in the way of is what it was given.
    ['postgres', 'INSERT INTO log (line) VALUES ($1)', false],
    ['postgres', 'INSERT INTO log (line) VALUES ($1) RETURNING id', false],
    ['postgres', 'INSERT INTO log (line) VALUES ($1) ON CONFLICT (line) DO UPDATE SET n = 1 RETURNING *', true],
    ['postgres', 'INSERT INTO log (line) VALUES ($1) ON CONFLICT DO NOTHING RETURNING *', true],
    ['postgres', 'INSERT INTO log (line) VALUES ($1) ON CONFLICT DO NOTHING', false],
    ['postgres', 'MERGE INTO a USING b ON a.x = b.x WHEN NOT MATCHED THEN INSERT VALUES (b.x) RETURNING a.*', true],
    ['postgres', 'DO $$ BEGIN UPDATE a SET b = 1 RETURNING b INTO x; END $$', true],
    ['postgres', 'DO $$ BEGIN UPDATE a SET b = 1; END $$', false],
    ['mysql', 'INSERT INTO a (b) VALUES (1) ON DUPLICATE KEY UPDATE b = 2 RETURNING *', true],
    ['mysql', 'INSERT IGNORE INTO a (b) VALUES (1) RETURNING *', true],
    ['mysql', 'REPLACE INTO a (b) VALUES (1) RETURNING *', true],
    ['mysql', 'DELETE FROM a /*! WHERE b = 1 RETURNING * */', true],
    ['mysql', 'UPDATE a SET b = LAST_INSERT_ID(b + 1)', true],
    ['mysql', 'UPDATE a SET b = (@b := b)', true],
    ['mysql', 'UPDATE a SET b = ? WHERE c = 1', false],
    ['mysql', 'INSERT INTO a VALUES (LAST_INSERT_ID())', false],
    ['sqlite', 'UPDATE a SET b = :b RETURNING b', true],
    ['sqlite', 'UPDATE a SET b = :b', false],
    ['sqlite', 'INSERT OR IGNORE INTO a VALUES (1) RETURNING *', true],
    ['sqlite', 'INSERT OR REPLACE INTO a VALUES (1) RETURNING *', true],
  ])('%s: %s', (dialect, sql, returns) => {
    const [footprint] = footprints(sql, dialect);
    expect(footprint).toMatchObject({ returnsWritten: returns });
  });
});
