import { describe, expect, it } from '@jest/globals';
import { TypeOrmWorld } from './typeorm-world.js';

const RENAME = "UPDATE users SET name = 'x' WHERE id = 1";
const READ = 'SELECT name FROM users WHERE id = 1';

describe('statements of a runner of TypeORM that wait for nothing', () => {
  const world = new TypeOrmWorld('1');

  it('are carried out in the order in which they were sent', async () => {
    const { source } = await world.reach();
    const fresh = source.createQueryRunner();
    const [, first] = await Promise.all([fresh.query(RENAME), fresh.query(READ)]);
    expect(first).toEqual([{ name: 'x' }]);
    await fresh.startTransaction();
    const [, second] = await Promise.all([fresh.query("UPDATE users SET name = 'y'"), fresh.query(READ)]);
    expect(second).toEqual([{ name: 'y' }]);
    const [, third] = await Promise.all([fresh.query('ROLLBACK'), fresh.query(READ)]);
    expect(third).toEqual([{ name: 'x' }]);
    await fresh.release();
  });

  it('and a stream among them', async () => {
    const { source } = await world.reach();
    const fresh = source.createQueryRunner();
    const opening = fresh.stream(READ);
    // It waits until the stream has been read.
    const renaming = fresh.query(RENAME);
    expect(await (await opening).toArray()).toEqual([{ name: 'Ana' }]);
    await renaming;
    await fresh.release();
  });
});
