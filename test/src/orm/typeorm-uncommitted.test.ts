import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { watchTypeOrm } from '@viewcache/orm/typeorm';
import typeorm, { type QueryRunner } from 'typeorm';

const RENAME = "UPDATE users SET name = 'x' WHERE id = 1";
const NAME = 'SELECT name FROM users WHERE id = 1';

/** better-sqlite3 13 ends a Node.js 20 by a segmentation fault. */
const isNative = Number(process.versions.node.split('.')[0]) >= 22;
const KINDS = [
  { type: 'sqljs' },
  ...(isNative ? [{ type: 'better-sqlite3', database: ':memory:' } as const] : []),
] as const;

/** Opens an SQLite that is watched, with one row, and closes it after the test. */
async function reach(options: (typeof KINDS)[number]) {
  const source = new typeorm.DataSource(options);
  const cache = createCache();
  const stop = watchTypeOrm(source, { cache, tables: { users: { pk: 'id' } } });
  await source.initialize();
  await source.query('CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)');
  await source.query("INSERT INTO users VALUES (1, 'Ana')");
  /** Reads within a value, after so many turns of the event loop's own queue. */
  const read = (turns: number): Promise<string> => {
    const name = async (): Promise<string> => {
      for (let turn = 0; turn < turns; turn++) await undefined;
      return (await source.query(NAME))[0].name;
    };
    return cache.getOrSet(`name:${turns}`, name, { ttl: '5m' });
  };
  const close = async (): Promise<void> => {
    stop();
    await source.destroy();
    await cache.close();
  };
  return { source, cache, read, close };
}

/** Writes and takes it back, by a runner of its own. */
const WAYS: Record<string, (runner: QueryRunner) => Promise<unknown>> = {
  'awaits each step': async (runner) => {
    await runner.startTransaction();
    await runner.query(RENAME);
    await runner.rollbackTransaction();
  },
  'awaits nothing': (runner) => Promise.all(['BEGIN', RENAME, 'ROLLBACK'].map((sql) => runner.query(sql))),
  'awaits the end alone': async (runner) => {
    const sent = Promise.all([runner.query('BEGIN'), runner.query(RENAME)]);
    for (let turn = 0; turn < 40; turn++) await undefined;
    await Promise.all([sent, runner.query('ROLLBACK')]);
  },
};

describe.each(KINDS)('SQLite by TypeORM, $type', (options) => {
  it.each(Object.entries(WAYS))(
    'keeps nothing that a view has read of a transaction which %s and is taken back, at whatever moment',
    async (_, write) => {
      const { source, cache, read, close } = await reach(options);
      const kept: unknown[] = [];
      const seen = new Set<string>();
      for (let turns = 0; turns < 60; turns++) {
        const reading = read(turns);
        const writing = write(source.createQueryRunner());
        seen.add(await reading);
        await writing;
        kept.push(await cache.get(`name:${turns}`));
      }
      expect(seen).toContain('Ana');
      expect(kept).not.toContain('x');
      await close();
    },
  );
});
