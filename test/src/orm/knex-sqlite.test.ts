import { describe, expect, it } from '@jest/globals';
import { type Cache, createCache } from '@viewcache/core';
import { KnexDriver } from './knex-driver.js';
import { heardBy } from './pg-world.js';
import { runScenarios } from './run-scenarios.js';
import { seedOf, tablesOf } from './schema.js';
import { tablesRead } from './watch-rules.js';

// better-sqlite3 13 ends Node.js 20 when it is loaded.
const describeHere = Number.parseInt(process.versions.node, 10) >= 22 ? describe : describe.skip;

const CONFIG = { client: 'better-sqlite3', connection: { filename: ':memory:' }, useNullAsDefault: true };
const LACKS = {
  3: 'Knex has no entities: what is not to be changed is not sent',
  12: 'SQLite has no DELETE in a WITH',
  13: 'SQLite has no TRUNCATE',
  40: 'SQLite has one connection: a write beside the transaction waits for its end',
  65: 'SQLite cannot alter a column',
};
const USER_1 = ['users', 'users#1'];

async function seed({ db }: KnexDriver): Promise<void> {
  for (const sql of seedOf('sqlite')) await db.raw(sql);
}

async function opened(cache: Cache): Promise<KnexDriver> {
  const driver = await KnexDriver.open(CONFIG, cache, LACKS);
  for (const sql of tablesOf('sqlite')) await driver.db.raw(sql);
  await tablesRead(driver, cache);
  return driver;
}

describeHere('writes through Knex on SQLite, by better-sqlite3', () => {
  runScenarios(async (cache) => {
    const driver = await opened(cache);
    return { driver: driver as never, seed: () => seed(driver) };
  }, Object.keys(LACKS));
});

describeHere('Knex on SQLite', () => {
  async function reached(work: (driver: KnexDriver, heard: string[][], cache: Cache) => Promise<void>): Promise<void> {
    const cache = createCache();
    const driver = await opened(cache);
    try {
      await seed(driver);
      await work(driver, heardBy(cache), cache);
    } finally {
      await driver.close();
      await cache.close();
    }
  }

  it('knows the key of a new row, also of one of many at once', async () => {
    await reached(async ({ db }, heard) => {
      const ids = await Promise.all(
        Array.from({ length: 5 }, async (_, i) => (await db('users').insert({ name: `${i}` }))[0]),
      );
      expect(
        heard
          .flat()
          .filter((tag) => tag.includes('#'))
          .sort(),
      ).toEqual(ids.map((id) => `users#${id}`).sort());
    });
  });

  it('tells of each statement that fails that it has done nothing', async () => {
    await reached(async ({ db }, heard) => {
      await expect(db('users').insert({ id: 1, name: null })).rejects.toThrow();
      expect(heard).toEqual([]);
      await db('users').where('id', 1).update({ name: 'x' });
      expect(heard).toEqual([USER_1]);
    });
  });

  it('holds nothing back when a statement has ended the transaction', async () => {
    await reached(async ({ db }, heard) => {
      const tx = await db.transaction();
      await tx('users').where('id', 1).update({ name: 'x' });
      await expect(tx.raw("INSERT OR ROLLBACK INTO users (id, name) VALUES (1, 'y')")).rejects.toThrow();
      await tx('tags').where('id', 1).update({ name: 'x' });
      const last = heard.at(-1);
      await tx.rollback().catch(() => {});
      await tx.executionPromise?.catch(() => {});
      expect(last).toEqual(['tags', 'tags#1']);
    });
  });

  it('knows a table by its key from its creation on, and streams', async () => {
    await reached(async (driver, heard, cache) => {
      const { db } = driver;
      await db.schema.createTable('Notes', (table) => {
        table.increments('id');
        table.integer('user_id').references('users.id').onDelete('CASCADE');
      });
      await tablesRead(driver, cache);
      await db('Notes').insert({ user_id: 1 });
      await db('users').where('id', 1).delete();
      expect(heard.at(-2)).toEqual(['notes', 'notes#1']);
      expect(heard.at(-1)).toEqual(expect.arrayContaining(['notes!bulk', 'users#1']));
      await db.raw("UPDATE tags SET name = 'x' WHERE id = 1 RETURNING id").stream((stream) => void stream.resume());
      expect(heard.at(-1)).toEqual(['tags', 'tags#1']);
    });
  });
});
