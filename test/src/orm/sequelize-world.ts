import { type CacheOptions, createCache } from '@viewcache/core';
import type { WatchSequelizeOptions } from '@viewcache/orm/sequelize';
import type { Options } from 'sequelize';
import { PgWorld } from './pg-world.js';
import { SequelizeDriver } from './sequelize-driver.js';
import { ViewsSite } from './views-site.js';

/** What a test asks for beyond the usual. */
interface Wanted {
  readonly cache?: CacheOptions;
  readonly watch?: WatchSequelizeOptions;
  readonly sequelize?: Options;
}

/** A {@link PgWorld} whose views read by Sequelize. */
export class SequelizeWorld extends PgWorld {
  /** A `Sequelize` that is watched, a cache, and the views that read through it. */
  async reach(wanted: Wanted = {}) {
    const cache = this.closing(createCache(wanted.cache));
    const options = { dialect: 'postgres', ...wanted.sequelize } as const;
    const driver = this.closing(await SequelizeDriver.open(options, { ...wanted.watch, cache }, {}, this.url));
    const site = this.closing(await ViewsSite.open(cache, driver.reads));
    return { cache, driver, site, sequelize: driver.sequelize, models: driver.models };
  }
}
