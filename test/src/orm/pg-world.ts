import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { type Cache, type CacheOptions, createCache } from '@viewcache/core';
import type { WatchPgOptions } from '@viewcache/orm/pg';
import pg from 'pg';
import { PostgresServer } from '../servers/postgres.js';
import { PgDriver } from './pg-driver.js';
import { SEED, TABLES } from './schema.js';
import { ViewsSite } from './views-site.js';

/** A database, an unwatched way to it, and for each test a watched pool, a cache, and the views that read through it. */
export class PgWorld {
  #server: PostgresServer | undefined;
  #admin: pg.Pool | undefined;
  #close: (() => Promise<unknown>)[] = [];

  /** Registers with the runner: one server for the file, tables as they were for each test. */
  constructor() {
    beforeAll(async () => {
      this.#server = await PostgresServer.start();
      this.#admin = new pg.Pool({ connectionString: this.url });
      await this.#admin.query(TABLES);
    });
    afterAll(async () => {
      await this.#admin?.end();
      await this.#server?.stop();
    });
    beforeEach(async () => void (await this.admin.query(SEED)));
    afterEach(async () => {
      // What was opened last may stand on what was opened first.
      for (const close of this.#close.splice(0).reverse()) await close();
    });
  }

  get url(): string {
    return this.server.url;
  }

  get server(): PostgresServer {
    if (this.#server === undefined) throw new Error('the server is not running');
    return this.#server;
  }

  /** Connections that nobody watches. */
  get admin(): pg.Pool {
    if (this.#admin === undefined) throw new Error('the server is not running');
    return this.#admin;
  }

  /** To be closed when the test ends. */
  closing<T extends { close(): Promise<unknown> }>(opened: T): T {
    this.#close.push(() => opened.close());
    return opened;
  }

  pool(options: pg.PoolConfig = {}): pg.Pool {
    const pool = new pg.Pool({ connectionString: this.url, ...options });
    this.#close.push(() => pool.end());
    return pool;
  }

  async open(cacheOptions: CacheOptions = {}, watchOptions: WatchPgOptions = {}) {
    const cache = this.closing(createCache(cacheOptions));
    const driver = this.closing(await PgDriver.open(this.url, cache, watchOptions));
    const site = this.closing(await ViewsSite.open(cache, driver.reads));
    return { cache, driver, site, pool: driver.pool };
  }

  /** The same with every view stored. */
  async warm(cacheOptions: CacheOptions = {}, watchOptions: WatchPgOptions = {}) {
    const opened = await this.open(cacheOptions, watchOptions);
    await opened.site.ran();
    return opened;
  }
}

/** The tags of each invalidation from now on, in order: of one commit together, each table and row once. */
export function heardBy(cache: Cache): string[][] {
  const heard: string[][] = [];
  cache.on((event) => {
    if (event.type === 'invalidated') heard.push(namedOnce(event.tags));
  });
  return heard;
}

/** Tags without the other spellings that writes have of them, which come behind. */
function namedOnce(tags: readonly string[]): string[] {
  const bare = (tag: string): string => {
    const [table = '', row = ''] = tag.split(/(?=[#!])/, 2);
    return table.replace(/(?<=^|:)[^:]+\./, '') + row;
  };
  const isFirst = (tag: string, at: number): boolean => tags.findIndex((each) => bare(each) === bare(tag)) === at;
  return tags.filter((tag, at) => isFirst(tag, at) && !/!(any|away)$/.test(tag)).sort();
}
