import type { Duplex } from 'node:stream';
import type { Cache } from '@viewcache/core';
import { StandIn } from './stand-in.js';

/** Reads and writes one row by its primary key, as an app does with one library. */
export interface OrmClient {
  read(id: number): Promise<{ readonly id: number } | undefined | null>;
  write(id: number, name: string): Promise<unknown>;
  /** From now on, and never for the one it is compared with. */
  watch(cache: Cache): Promise<void>;
}

/** The connection options of `pg`, by which each of them gets the stand-in. */
const STAND_IN = { host: 'stand-in', user: 'bench', ssl: false, max: 1, stream: (): Duplex => new StandIn() } as const;

const COLUMNS = 'id, name, email';

/** Each loads what it needs and nothing else. */
export const CLIENTS = {
  async pg(): Promise<OrmClient> {
    const { default: pg } = await import('pg');
    const pool = new pg.Pool(STAND_IN);
    return {
      read: async (id) => (await pool.query(`SELECT ${COLUMNS} FROM users WHERE id = $1`, [id])).rows[0],
      write: (id, name) => pool.query('UPDATE users SET name = $1 WHERE id = $2', [name, id]),
      async watch(cache) {
        const { watchPg } = await import('@viewcache/orm/pg');
        await watchPg(pool, cache).ready;
      },
    };
  },
  async drizzle(): Promise<OrmClient> {
    const { default: pg } = await import('pg');
    const { drizzle } = await import('drizzle-orm/node-postgres');
    const { integer, pgTable, text } = await import('drizzle-orm/pg-core');
    const { eq } = await import('drizzle-orm');
    const users = pgTable('users', { id: integer('id').primaryKey(), name: text('name'), email: text('email') });
    const db = drizzle(new pg.Pool(STAND_IN));
    return {
      read: async (id) => (await db.select().from(users).where(eq(users.id, id)))[0],
      write: (id, name) => db.update(users).set({ name }).where(eq(users.id, id)),
      async watch(cache) {
        const { watchDrizzle } = await import('@viewcache/orm/drizzle');
        await watchDrizzle(db, cache).ready;
      },
    };
  },
  async typeorm(): Promise<OrmClient> {
    const { DataSource, EntitySchema } = await import('typeorm');
    const user = new EntitySchema<{ id: number; name: string; email: string }>({
      name: 'User',
      tableName: 'users',
      columns: { id: { type: 'int', primary: true }, name: { type: 'text' }, email: { type: 'text' } },
    });
    const source = await new DataSource({ type: 'postgres', extra: STAND_IN, entities: [user] }).initialize();
    const users = source.getRepository(user);
    return {
      read: (id) => users.findOneBy({ id }),
      write: (id, name) => users.update(id, { name }),
      async watch(cache) {
        const { watchTypeOrm } = await import('@viewcache/orm/typeorm');
        await watchTypeOrm(source, cache).ready;
      },
    };
  },
  async prisma(): Promise<OrmClient> {
    const { PrismaPg } = await import('@prisma/adapter-pg');
    // The tests have one: what Prisma generates is no small thing.
    const { openClient } = await import('../../../test/dist/orm/prisma/client.js');
    const client = openClient('', new PrismaPg(STAND_IN));
    return {
      read: async (id) => (await client.user.findUnique({ where: { id } })) as { readonly id: number } | null,
      write: (id, name) => client.user.update({ where: { id }, data: { name } }),
      async watch(cache) {
        const { watchPrisma } = await import('@viewcache/orm/prisma');
        await watchPrisma(client, cache).ready;
      },
    };
  },
} as const satisfies Readonly<Record<string, () => Promise<OrmClient>>>;

export type OrmName = keyof typeof CLIENTS;
