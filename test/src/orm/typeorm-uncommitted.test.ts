import { expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { watchTypeOrm } from '@viewcache/orm/typeorm';
import typeorm from 'typeorm';

const NAME = 'SELECT name FROM users WHERE id = 1';

it('keeps nothing that a view has read of a transaction of SQLite which is taken back, at whatever moment', async () => {
  const source = new typeorm.DataSource({ type: 'sqljs' });
  const cache = createCache();
  const stop = watchTypeOrm(source, { cache, tables: { users: { pk: 'id' } } });
  await source.initialize();
  await source.query('CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)');
  await source.query("INSERT INTO users VALUES (1, 'Ana')");
  const kept: unknown[] = [];
  const seen = new Set<string>();
  for (let turns = 0; turns < 60; turns++) {
    const read = async (): Promise<string> => {
      for (let turn = 0; turn < turns; turn++) await undefined;
      return (await source.query(NAME))[0].name;
    };
    const reading = cache.getOrSet(`name:${turns}`, read, { ttl: '5m' });
    const runner = source.createQueryRunner();
    const writing = (async () => {
      await runner.startTransaction();
      await runner.query("UPDATE users SET name = 'x' WHERE id = 1");
      await runner.rollbackTransaction();
    })();
    seen.add(await reading);
    await writing;
    kept.push(await cache.get(`name:${turns}`));
  }
  expect(seen).toEqual(new Set(['Ana', 'x']));
  expect(kept).not.toContain('x');
  stop();
  await source.destroy();
  await cache.close();
});
