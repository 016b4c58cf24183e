import { describe, expect, it } from '@jest/globals';
import { footprints } from './footprint.js';
import type { Dialect } from './footprint-types.js';
import { rowsOf } from './rows.js';

function rowsIn(sql: string, parameters: unknown, pk: readonly string[], dialect: Dialect = 'postgres') {
  const [footprint] = footprints(sql, dialect);
  const table = footprint?.writes[0] ?? footprint?.reads[0];
  return table === undefined ? undefined : rowsOf(table, parameters, pk, dialect);
}

describe('rows that a statement touches at most', () => {
  it.each([
    ['SELECT * FROM a WHERE id = $1', [5], [[5]]],
    ['SELECT * FROM a WHERE ("a"."id" = $1 AND 1=1) LIMIT $2', [5, 1], [[5]]],
    ['UPDATE a SET x = $2 WHERE id = $1', ['9', 'q'], [['9']]],
    ['DELETE FROM a WHERE id IN ($1, $2, 7)', [1, 2n], [[1], [2n], ['7']]],
    ['SELECT * FROM a WHERE id = ANY($1)', [[1, 2]], [[1], [2]]],
    ['SELECT * FROM a WHERE id = ANY($1)', ['{1,2}'], undefined],
    ['SELECT * FROM a WHERE id = $1', [[1]], undefined],
    ['SELECT * FROM a WHERE id = $1', [null], undefined],
    ['SELECT * FROM a WHERE id = $1', [1.5], undefined],
    ['SELECT * FROM a WHERE id = $2', [1], undefined],
    ['SELECT * FROM a WHERE id = $1', undefined, undefined],
    ['DELETE FROM a WHERE id = $1 OR x = 1', [1], undefined],
    ['DELETE FROM a WHERE (id = $1 OR x = 1) AND y = 2', [1], undefined],
    ['UPDATE a SET id = 4 WHERE id = $1', [1], undefined],
    ['UPDATE a SET x = 1', [], undefined],
    ['INSERT INTO a (id, x) VALUES ($1, $2), ($3, 4)', [1, 2, 3], [[1], [3]]],
    ['INSERT INTO a (x, id) VALUES ($1, DEFAULT)', [1], undefined],
    ['INSERT INTO a VALUES ($1, $2)', [1, 2], undefined],
    ['INSERT INTO a (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET x = 2', [], [['1']]],
    ['INSERT INTO a (id) VALUES (1) ON CONFLICT (x) DO UPDATE SET x = 2', [], undefined],
    ['INSERT INTO a (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2', [], undefined],
    ['INSERT INTO a (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id, x = 1', [], [['1']]],
    ['MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE', [], undefined],
    ['TRUNCATE a', [], undefined],
  ])('%s with %j', (sql, parameters, rows) => {
    expect(rowsIn(sql, parameters, ['id'])).toEqual(rows);
  });

  it.each([
    [
      'SELECT * FROM a WHERE x = 1 AND y IN (2, 3)',
      [
        ['1', '2'],
        ['1', '3'],
      ],
    ],
    [
      'INSERT INTO a (y, x) VALUES (2, 1), (4, 3)',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['SELECT * FROM a WHERE x = 1', undefined],
  ] as const)('by a key of several columns: %s', (sql, rows) => {
    expect(rowsIn(sql, [], ['x', 'y'])).toEqual(rows);
  });

  it.each([
    ['SELECT * FROM a WHERE id = ? AND x = ?', [1, 2], [[1]]],
    ['UPDATE a SET x = ? WHERE id = ?', ['q', 9], [[9]]],
    ['SELECT * FROM a WHERE ID IN (?)', [[1, 2]], [[1], [2]]],
    ['SELECT * FROM a WHERE id = ?', [{ id: 1 }], undefined],
    ['SELECT * FROM a WHERE ?? = ? AND id = ?', ['x', 1, 2], [[2]]],
    ['SELECT * FROM a WHERE id = ?', ['5abc'], undefined],
    ['SELECT * FROM a WHERE id = ?', ['05'], undefined],
    ['SELECT * FROM a WHERE id = ?', ['é'], undefined],
    ['SELECT * FROM a WHERE id = ?', [0], undefined],
    ['SELECT * FROM a WHERE id = ?', ['abc'], [['abc']]],
    [
      'SELECT * FROM a WHERE id = ?',
      ['5f0c8a1e-0000-4000-8000-000000000000'],
      [['5f0c8a1e-0000-4000-8000-000000000000']],
    ],
    ["SELECT * FROM a WHERE id = 'a\\'b'", [], undefined],
    ['SELECT * FROM a WHERE id = :id', { id: 3 }, [[3]]],
    ['INSERT INTO a (id) VALUES (1) ON DUPLICATE KEY UPDATE x = 1', [], undefined],
    ['REPLACE INTO a (id) VALUES (1)', [], undefined],
  ])('in MySQL: %s with %j', (sql, parameters, rows) => {
    expect(rowsIn(sql, parameters, ['id'], 'mysql')).toEqual(rows);
  });

  it.each([
    ['SELECT * FROM a WHERE id = ?', [1], [[1]]],
    ['SELECT * FROM a WHERE id = ?2 AND x = ?1', [1, 2], [[2]]],
    ['SELECT * FROM a WHERE id = ?2 AND x = ?', [1, 2, 3], [[2]]],
    ['SELECT * FROM a WHERE id = $id', { $id: 4 }, [[4]]],
    ['SELECT * FROM a WHERE id = @id', { id: 4 }, [[4]]],
    ['SELECT * FROM a WHERE id = :id', [{ id: 4 }], [[4]]],
    ['SELECT * FROM a WHERE id = ? AND x = :x', [1, { x: 2 }], undefined],
    ['INSERT OR IGNORE INTO a (id) VALUES (?)', [1], [[1]]],
    ['INSERT OR REPLACE INTO a (id) VALUES (?)', [1], undefined],
    ['SELECT * FROM a WHERE "ID" = 4', [], [['4']]],
  ])('in SQLite: %s with %j', (sql, parameters, rows) => {
    expect(rowsIn(sql, parameters, ['Id'], 'sqlite')).toEqual(rows);
  });

  it('are any where a thousand values or more stand in it', () => {
    const list = (length: number) => Array.from({ length }, (_, at) => at).join(', ');
    expect(rowsIn(`DELETE FROM a WHERE id IN (${list(1_000)})`, [], ['id'])).toHaveLength(1_000);
    expect(rowsIn(`DELETE FROM a WHERE id IN (${list(1_001)})`, [], ['id'])).toBeUndefined();
  });
});
