import { describe, expect, it } from '@jest/globals';
import { Keeping } from './kept.js';
import { PgWorld } from './pg-world.js';

const DECLARE = 'DECLARE held CURSOR WITH HOLD FOR SELECT name FROM users WHERE id = 1';
const RENAME = "UPDATE users SET name = 'new' WHERE id = 1";

/** What shows rows without naming their table. */
describe('what a statement of PostgreSQL reads that names no table', () => {
  const world = new PgWorld();

  it('is not kept where it comes from a cursor that was there before', async () => {
    const { cache, pool } = await world.open();
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query(DECLARE);
    await client.query('COMMIT');
    await pool.query(RENAME);
    const fetched = () =>
      cache.getOrSet('held', async () => (await client.query('FETCH ABSOLUTE 1 FROM held')).rows, { ttl: '5m' });
    expect(await fetched()).toEqual([{ name: 'Ana' }]);
    await client.query('CLOSE held');
    await client.query(DECLARE);
    expect(await fetched()).toEqual([{ name: 'new' }]);
    await client.query('CLOSE ALL');
    client.release();
  });

  it('is what its cursor reads, in a transaction that has begun meanwhile', async () => {
    const { cache, pool } = await world.open();
    const kept = await new Keeping(cache).keep(async () => {
      const client = await pool.connect();
      await client.query('BEGIN');
      await client.query('DECLARE "C" SCROLL CURSOR FOR SELECT * FROM users WHERE id = $1', [1]);
      await client.query('FETCH FORWARD 5 FROM "C"');
      await client.query('COMMIT');
      client.release();
    });
    await pool.query("UPDATE users SET name = 'x' WHERE id = 2");
    expect(await kept.isMadeAgain()).toBe(false);
    await pool.query(RENAME);
    expect(await kept.isMadeAgain()).toBe(true);
  });

  it('is what its cursor reads, also where somebody else has declared that meanwhile', async () => {
    const { cache, pool } = await world.open();
    const client = await pool.connect();
    let declare = (): void => {};
    const declared = new Promise<void>((resolve) => {
      declare = resolve;
    });
    const name = async () => {
      await declared;
      return (await client.query('FETCH NEXT FROM theirs')).rows[0]?.name ?? 'none';
    };
    const first = cache.getOrSet('name', name, { ttl: '5m' });
    await client.query('BEGIN');
    await client.query('DECLARE theirs CURSOR FOR SELECT name FROM users WHERE id = 1');
    declare();
    expect([await first, await cache.get('name')]).toEqual(['Ana', 'Ana']);
    await client.query('COMMIT');
    client.release();
    await pool.query(RENAME);
    expect(await cache.get('name')).toBeUndefined();
  });

  it('is not kept where a function carries out a text, unless somebody has said what that reads', async () => {
    const sql = "SELECT query_to_xml('SELECT name FROM users WHERE id = 1', true, false, '')::text AS xml";
    const { cache, pool } = await world.open();
    const xml = () => cache.getOrSet('xml', async () => (await pool.query(sql)).rows[0].xml, { ttl: '5m' });
    expect(await xml()).toContain('Ana');
    await pool.query(RENAME);
    expect(await xml()).toContain('new');
    const told = await world.open({}, { functions: { query_to_xml: { reads: ['users'] } } });
    const kept = await new Keeping(told.cache).keep(() => told.pool.query(sql));
    await told.pool.query(RENAME);
    expect(await kept.isMadeAgain()).toBe(true);
  });

  it('is the table of this name where it is one of the connection alone', async () => {
    const { cache, pool } = await world.open();
    const client = await pool.connect();
    await client.query("CREATE TEMP TABLE tags (id int, name text); INSERT INTO pg_temp.tags VALUES (1, 'mine')");
    const keeping = new Keeping(cache);
    const kept = [
      await keeping.keep(() => client.query('SELECT * FROM tags WHERE id = 1')),
      await keeping.keep(() => client.query('SELECT * FROM pg_temp.tags')),
    ];
    await client.query("UPDATE pg_temp.tags SET name = 'yours' WHERE id = 1");
    expect([await kept[0]?.isMadeAgain(), await kept[1]?.isMadeAgain()]).toEqual([true, true]);
    await client.query('DROP TABLE pg_temp.tags');
    client.release();
  });
});
