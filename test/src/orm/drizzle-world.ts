import { type CacheOptions, createCache } from '@viewcache/core';
import type { WatchDrizzleOptions } from '@viewcache/orm/drizzle';
import { type DrizzleConfig, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { type Database, DrizzleDriver } from './drizzle-driver.js';
import { schema } from './drizzle-tables.js';
import { PgWorld } from './pg-world.js';
import { ViewsSite } from './views-site.js';

/** What a test asks for beyond the usual. */
interface Wanted {
  readonly cache?: CacheOptions;
  readonly watch?: WatchDrizzleOptions;
  /** Of Drizzle. */
  readonly database?: DrizzleConfig;
}

/** A {@link PgWorld} whose tests go to its database through Drizzle. */
export class DrizzleWorld extends PgWorld {
  /** A database that nobody watches yet. */
  database(config: DrizzleConfig = {}) {
    return drizzle(this.pool(), { ...config, schema });
  }

  async reach(wanted: Wanted = {}) {
    const cache = this.closing(createCache(wanted.cache));
    const db = this.database(wanted.database);
    const driver = this.closing(await DrizzleDriver.open(db, { ...wanted.watch, cache }));
    const site = this.closing(await ViewsSite.open(cache, driver.reads));
    return { cache, driver, site, db };
  }
}

export const rename = async (db: Pick<Database, 'execute'>, id = 1) =>
  await db.execute(sql`UPDATE users SET name = 'x' WHERE id = ${id}`);
