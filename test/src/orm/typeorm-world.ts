import { type CacheOptions, createCache } from '@viewcache/core';
import type { WatchTypeOrmOptions } from '@viewcache/orm/typeorm';
import type { EntitySchema } from 'typeorm';
import { PgWorld } from './pg-world.js';
import { TypeOrmDriver, VERSIONS, type Version } from './typeorm-driver.js';
import { ViewsSite } from './views-site.js';

/** What a test asks for beyond the usual. */
interface Wanted {
  readonly cache?: CacheOptions;
  readonly watch?: WatchTypeOrmOptions;
  /** Of the data source. */
  readonly source?: Readonly<Record<string, unknown>>;
  readonly entities?: readonly EntitySchema<never>[];
}

/** A {@link PgWorld} whose views read by one version of TypeORM. */
export class TypeOrmWorld extends PgWorld {
  readonly version: Version;

  constructor(version: Version) {
    super();
    this.version = version;
  }

  get module() {
    return VERSIONS[this.version];
  }

  /** A data source that is watched, a cache, and the views that read through it. */
  async reach(wanted: Wanted = {}) {
    const cache = this.closing(createCache(wanted.cache));
    const options = { type: 'postgres', url: this.url, ...wanted.source } as const;
    const watched = { ...wanted.watch, cache };
    const driver = this.closing(await TypeOrmDriver.open(this.version, options, watched, {}, wanted.entities));
    const site = this.closing(await ViewsSite.open(cache, driver.reads));
    return { cache, driver, site, source: driver.source };
  }
}
