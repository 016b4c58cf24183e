import { type CacheOptions, createCache } from '@viewcache/core';
import type { WatchMikroOrmOptions } from '@viewcache/orm/mikro-orm';
import { PgWorld } from '../pg-world.js';
import { ViewsSite } from '../views-site.js';
import { MikroDriver, type Options } from './driver.js';
import type { Version } from './versions.js';

/** What a test asks for beyond the usual. */
interface Wanted {
  readonly cache?: CacheOptions;
  readonly watch?: WatchMikroOrmOptions;
  /** Of MikroORM. */
  readonly orm?: Options;
}

/** A {@link PgWorld} whose views read by one version of MikroORM. */
export class MikroWorld extends PgWorld {
  readonly version: Version;

  constructor(version: Version) {
    super();
    this.version = version;
  }

  /** An ORM that is watched, a cache, and the views that read through it. */
  async reach(wanted: Wanted = {}) {
    const cache = this.closing(createCache(wanted.cache));
    const options = { clientUrl: this.url, ...wanted.orm };
    const watched = { ...wanted.watch, cache };
    const driver = this.closing(await MikroDriver.open(this.version, 'postgres', options, watched));
    const site = this.closing(await ViewsSite.open(cache, driver.reads));
    return { cache, driver, site, orm: driver.orm };
  }
}
