import type { Cache } from '@viewcache/core';
import type { ScenarioDriver } from '../orm/driver.js';
import type { OrmName } from './orders.js';

type Open = (database: string, cache: Cache) => Promise<ScenarioDriver>;

/** Loaded only where they are used: each of them is large. */
const OPENERS: Readonly<Record<OrmName, () => Promise<Open>>> = {
  async typeorm() {
    const { TypeOrmDriver } = await import('../orm/typeorm-driver.js');
    return async (url, cache) => plain(await TypeOrmDriver.open('1', { type: 'postgres', url }, { cache }));
  },
  async prisma() {
    const { PrismaDriver } = await import('../orm/prisma-driver.js');
    const { openClient } = await import('../orm/prisma/client.js');
    return async (url, cache) => plain(await PrismaDriver.open(openClient(url), { cache }));
  },
  async drizzle() {
    const { DrizzleDriver } = await import('../orm/drizzle-driver.js');
    const { drizzle } = await import('drizzle-orm/node-postgres');
    const { schema } = await import('../orm/drizzle-tables.js');
    return async (url, cache) => plain(await DrizzleDriver.open(drizzle(url, { schema }), { cache }));
  },
};

/** What an ORM reads and writes by, watched for a cache. */
export async function openDriver(orm: OrmName, database: string, cache: Cache): Promise<ScenarioDriver> {
  const open = await OPENERS[orm]();
  return await open(database, cache);
}

/** Transactions of one driver come from it and go back to it: what they are is nobody else's business. */
function plain<Tx>(driver: ScenarioDriver<Tx>): ScenarioDriver {
  return driver as unknown as ScenarioDriver;
}
