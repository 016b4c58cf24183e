import { type CacheOptions, createCache } from '@viewcache/core';
import type { WatchOptions } from '@viewcache/orm/mongoose';
import { MongoWorld } from './mongo-world.js';
import { MongooseDriver, type Version } from './mongoose-driver.js';
import { ViewsSite } from './views-site.js';

/** A {@link MongoWorld} whose views read by one version of Mongoose. */
export class MongooseWorld extends MongoWorld {
  async reach(version: Version, wanted: { readonly cache?: CacheOptions; readonly watch?: WatchOptions } = {}) {
    const cache = this.closing(createCache(wanted.cache));
    const driver = this.closing(await MongooseDriver.open(version, this.url, { ...wanted.watch, cache }));
    const site = this.closing(await ViewsSite.open(cache, driver.reads));
    return { cache, driver, site, connection: driver.connection, models: driver.models };
  }
}
