import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { type CacheOptions, createCache } from '@viewcache/core';
import type { WatchMysql2Options } from '@viewcache/orm/mysql2';
import mysql from 'mysql2/promise';
import { MariaDbServer } from '../servers/mariadb.js';
import { Mysql2Driver } from './mysql2-driver.js';
import { seedOf, tablesOf } from './schema.js';
import { ViewsSite } from './views-site.js';

/** What a test asks for beyond the usual. */
interface Wanted {
  readonly cache?: CacheOptions;
  readonly watch?: WatchMysql2Options;
  readonly pool?: mysql.PoolOptions;
}

/** A MariaDB, an unwatched way to it, and for each test a watched pool, a cache, and the views that read through it. */
export class Mysql2World {
  #server: MariaDbServer | undefined;
  #admin: mysql.Connection | undefined;
  #close: (() => Promise<unknown>)[] = [];

  /** Registers with the runner: one server for the file, tables as they were for each test. */
  constructor() {
    beforeAll(async () => {
      this.#server = await MariaDbServer.start();
      this.#admin = await mysql.createConnection({ uri: this.url, multipleStatements: true });
      for (const sql of tablesOf('mysql')) await this.admin.query(sql);
    });
    afterAll(async () => {
      await this.#admin?.end();
      await this.#server?.stop();
    });
    beforeEach(async () => {
      for (const sql of seedOf('mysql')) await this.admin.query(sql);
    });
    afterEach(async () => {
      // What was opened last may stand on what was opened first.
      for (const close of this.#close.splice(0).reverse()) await close();
    });
  }

  get url(): string {
    if (this.#server === undefined) throw new Error('the server is not running');
    return this.#server.url;
  }

  /** A connection that nobody watches. */
  get admin(): mysql.Connection {
    if (this.#admin === undefined) throw new Error('the server is not running');
    return this.#admin;
  }

  /** To be closed when the test ends. */
  closing<T extends { close(): Promise<unknown> }>(opened: T): T {
    this.#close.push(() => opened.close());
    return opened;
  }

  /** The same for what ends. */
  ending<T extends { end(): Promise<unknown> }>(opened: T): T {
    this.#close.push(() => opened.end());
    return opened;
  }

  async open({ cache: cacheOptions, watch, pool }: Wanted = {}) {
    const cache = this.closing(createCache(cacheOptions));
    const driver = this.closing(await Mysql2Driver.open(this.url, cache, watch, pool));
    const site = this.closing(await ViewsSite.open(cache, driver.reads));
    return { cache, driver, site, pool: driver.pool };
  }
}
