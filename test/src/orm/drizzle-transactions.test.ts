import { describe, expect, it } from '@jest/globals';
import { afterCommit } from '@viewcache/orm';
import { eq, sql } from 'drizzle-orm';
import { gate } from '../support/gate.js';
import { posts, users } from './drizzle-tables.js';
import { DrizzleWorld, rename } from './drizzle-world.js';
import { heardBy } from './pg-world.js';

const USER_1 = ['users', 'users#1'];

describe('transactions of Drizzle', () => {
  const world = new DrizzleWorld();

  it('invalidate nothing before the commit, and all of it once with it (31)', async () => {
    const { cache, db } = await world.reach();
    const heard = heardBy(cache);
    await db.transaction(async (tx) => {
      await tx.update(users).set({ name: 'Anabela' }).where(eq(users.id, 1));
      await rename(tx, 2);
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([['users', 'users#1', 'users#2']]);
  });

  it('that the app rolls back invalidate nothing, of which a cache of Drizzle is told (32, 64)', async () => {
    const told: unknown[] = [];
    const own = {
      strategy: () => 'explicit',
      get: async () => undefined,
      put: async () => {},
      onMutate: async ({ tables }: { tables: unknown }) => void told.push(tables),
    };
    const { cache, db } = await world.reach({ database: { cache: own as never } });
    const heard = heardBy(cache);
    const failing = db.transaction(async (tx) => {
      await tx.update(users).set({ name: 'Anabela' }).where(eq(users.id, 1));
      tx.rollback();
    });
    await expect(failing).rejects.toThrow('Rollback');
    expect([told, heard]).toEqual([[['users']], []]);
  });

  it('that PostgreSQL rolls back at their COMMIT, since something in them has failed, invalidate nothing (37)', async () => {
    const { cache, db } = await world.reach();
    const heard = heardBy(cache);
    await db.transaction(async (tx) => {
      await rename(tx);
      await tx.execute(sql`SELECT 1 / 0`).catch(() => {});
    });
    expect(await db.select().from(users).where(eq(users.id, 1))).toMatchObject([{ name: 'Ana' }]);
    expect(heard).toEqual([]);
  });

  it('in which a nested one has failed invalidate the rest (34)', async () => {
    const { cache, db } = await world.reach();
    const heard = heardBy(cache);
    await db.transaction(async (tx) => {
      await rename(tx);
      const nested = tx.transaction(async (inner) => {
        await inner.insert(posts).values({ title: 'Third', userId: 1 });
        await inner.insert(posts).values({ title: 'of nobody', userId: 4711 });
      });
      await expect(nested).rejects.toThrow();
    });
    expect(heard).toEqual([USER_1]);
  });

  it('whose COMMIT is refused invalidate nothing, and their repetition once (38, 39)', async () => {
    const { cache, db } = await world.reach();
    const heard = heardBy(cache);
    const attempt = (beside: () => Promise<unknown>) =>
      db.transaction(
        async (tx) => {
          await tx.$count(posts);
          await rename(tx);
          await beside();
        },
        { isolationLevel: 'serializable' },
      );
    const failed = attempt(async () => {
      const other = await world.admin.connect();
      await other.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
      await other.query('SELECT count(*) FROM users');
      await other.query("INSERT INTO posts (title) VALUES ('beside')");
      await other.query('COMMIT');
      other.release();
    });
    await expect(failed).rejects.toMatchObject({ cause: { code: '40001' } });
    expect(heard).toEqual([]);
    await attempt(async () => {});
    expect(heard).toEqual([USER_1]);
  });

  it('stay apart from each other (41)', async () => {
    const { cache, db } = await world.reach();
    const heard = heardBy(cache);
    const [written, undone] = [gate(), gate()];
    const kept = db.transaction(async (tx) => {
      await rename(tx);
      written.open();
      await undone.passed;
    });
    await written.passed;
    const failing = db.transaction(async (tx) => {
      await rename(tx, 2);
      throw new Error('undone');
    });
    await expect(failing).rejects.toThrow('undone');
    undone.open();
    await kept;
    expect(heard).toEqual([USER_1]);
  });

  it('whose connection dies leave nothing behind for the next (42)', async () => {
    const { cache, db } = await world.reach();
    db.$client.on('error', () => {});
    db.$client.on('acquire', (client) => client.on('error', () => {}));
    // The pool may have it back before it knows.
    const removed = new Promise((resolve) => db.$client.once('remove', resolve));
    const heard = heardBy(cache);
    const failing = db.transaction(async (tx) => {
      await rename(tx);
      const { rows } = await tx.execute<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`);
      await world.admin.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
      await tx.$count(users);
    });
    await expect(failing).rejects.toThrow();
    await removed;
    await rename(db, 2);
    expect(heard).toEqual([['users', 'users#2']]);
  });

  it('that are begun and committed by statements count as well (43)', async () => {
    const { cache, db } = await world.reach();
    const heard = heardBy(cache);
    await db.execute(
      sql`BEGIN; UPDATE users SET name = 'x' WHERE id = 1; UPDATE users SET name = 'y' WHERE id = 2; COMMIT`,
    );
    expect(heard).toEqual([['users', 'users#1', 'users#2']]);
  });

  it('deliver tags of the app with what they write, and not when they are rolled back', async () => {
    const { cache, db } = await world.reach();
    const heard = heardBy(cache);
    await db.transaction(async (tx) => {
      await afterCommit(tx, ['prices', 'menu']);
      await tx.transaction(async (inner) => {
        await afterCommit(inner, 'inner');
        await rename(inner);
      });
      const undone = tx.transaction(async (inner) => {
        await afterCommit(inner, 'undone');
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([['inner', 'menu', 'prices', ...USER_1]]);
    const failing = db.transaction(async (tx) => {
      await afterCommit(tx, 'prices');
      throw new Error('undone');
    });
    await expect(failing).rejects.toThrow('undone');
    expect(heard).toHaveLength(1);
    await afterCommit(db, 'prices');
    expect(heard.at(-1)).toEqual(['prices']);
  });

  it('hold what a view reads back from being stored, once they have written (46)', async () => {
    const { cache, driver, site, db } = await world.reach();
    const { user } = driver.reads;
    const failing = db.transaction(async (tx) => {
      await rename(tx);
      Object.assign(driver.reads, {
        user: async (id: number) => (await tx.select().from(users).where(eq(users.id, id)))[0],
      });
      expect(await site.get('V1')).toMatchObject({ name: 'x' });
      throw new Error('undone');
    });
    await expect(failing).rejects.toThrow('undone');
    Object.assign(driver.reads, { user });
    expect(await site.get('V1')).toMatchObject({ name: 'Ana' });
    expect(cache.stats().refused).toMatchObject({ 'uncommitted-read': 1 });
  });
});
