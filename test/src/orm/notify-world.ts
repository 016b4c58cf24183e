import { beforeEach } from '@jest/globals';
import { type Cache, type CacheOptions, createCache } from '@viewcache/core';
import {
  installPostgresNotify,
  removePostgresNotify,
  type WatchNotifyOptions,
  watchPostgresNotify,
} from '@viewcache/orm/postgres-notify';
import pg from 'pg';
import { PgWorld } from './pg-world.js';

/** Written last, to know that all that was told before has been heard: notifications come in the order of the commits. */
const LAST = 'last_mark';

/** A database with triggers that tell of writes, and a listener in a process that writes nothing itself. */
export class NotifyWorld extends PgWorld {
  #marks = 0;

  constructor() {
    super();
    beforeEach(async () => {
      await removePostgresNotify(this.admin);
      await this.admin.query(`CREATE TABLE IF NOT EXISTS ${LAST} (id int PRIMARY KEY); TRUNCATE ${LAST}`);
      await installPostgresNotify(this.admin);
    });
  }

  async listen(options: Omit<WatchNotifyOptions, 'cache'> = {}, cacheOptions: CacheOptions = {}, pool = this.idle()) {
    const cache = this.closing(createCache(cacheOptions));
    const watch = watchPostgresNotify(pool, { ...options, cache });
    this.closing({ close: async () => watch() });
    await watch.ready;
    return { cache, watch, heard: heardOf(cache), told: () => this.toldBefore(cache) };
  }

  /** A pool that never connects: what it is made with is all that is used. */
  idle(options: pg.PoolConfig = {}): pg.Pool {
    return new pg.Pool({ connectionString: this.url, application_name: 'listener', ...options });
  }

  /** Writes something more, and waits until that has been heard. */
  async toldBefore(cache: Cache): Promise<void> {
    const id = ++this.#marks;
    const came = until(cache, (tags) => tags.includes(`${LAST}#${id}`));
    await this.admin.query(`INSERT INTO ${LAST} VALUES ($1)`, [id]);
    await came;
  }

  /** The server's processes for connections of {@link idle} pools. */
  async listeners(): Promise<readonly number[]> {
    const { rows } = await this.admin.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'listener'");
    return rows.map(({ pid }) => Number(pid));
  }
}

/** The tags of each invalidation in order, but for those of the last mark. What comes together may be one. */
function heardOf(cache: Cache): string[][] {
  const heard: string[][] = [];
  cache.on((event) => {
    if (event.type !== 'invalidated') return;
    const tags = event.tags.filter((tag) => !tag.startsWith(LAST)).sort();
    if (tags.length > 0) heard.push(tags);
  });
  return heard;
}

/** Waits for an invalidation. */
export function until(cache: Cache, isIt: (tags: readonly string[]) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = cache.on((event) => {
      if (event.type !== 'invalidated' || !isIt(event.tags)) return;
      stop();
      resolve();
    });
  });
}
