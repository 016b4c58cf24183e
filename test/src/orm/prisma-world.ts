import { beforeAll, beforeEach } from '@jest/globals';
import { type Cache, type CacheOptions, createCache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import type { WatchPrismaOptions } from '@viewcache/orm/prisma';
import express from 'express';
import { serve } from '../support/site.js';
import { PgWorld } from './pg-world.js';
import { type Client, openClient } from './prisma/client.js';
import { PRISMA_TABLES, PrismaDriver } from './prisma-driver.js';
import { ViewsSite } from './views-site.js';

/** A {@link PgWorld} whose tests go to its database through Prisma. */
export class PrismaWorld extends PgWorld {
  constructor() {
    super();
    beforeAll(async () => void (await this.admin.query(PRISMA_TABLES)));
    beforeEach(async () => void (await this.admin.query('TRUNCATE labels RESTART IDENTITY CASCADE')));
  }

  /** A client that nobody watches yet. */
  client(...given: Parameters<typeof openClient> | []): Client {
    const client = openClient(given[0] ?? this.url, given[1]);
    this.closing({ close: () => client.$disconnect() });
    return client;
  }

  async prisma(cacheOptions: CacheOptions = {}, watchOptions: WatchPrismaOptions = {}) {
    const cache = this.closing(createCache(cacheOptions));
    const driver = this.closing(await PrismaDriver.open(openClient(this.url), { ...watchOptions, cache }));
    const site = this.closing(await ViewsSite.open(cache, driver.reads));
    return { cache, driver, site, prisma: driver.client };
  }
}

/** A page for each of some reads, by path, and how often each of them ran. */
export async function pagesOf(cache: Cache, reads: Readonly<Record<string, () => Promise<unknown>>>) {
  const runs: Record<string, number> = {};
  const app = express();
  app.use(cachePage({ ttl: '5m', cache }));
  for (const [path, read] of Object.entries(reads)) {
    app.get(path, async (_req, res) => {
      runs[path] = (runs[path] ?? 0) + 1;
      res.json({ shown: (await read()) ?? null });
    });
  }
  const site = await serve(app);
  return {
    runs,
    get: async (path: string) => JSON.parse((await site.get(path)).text).shown as unknown,
    /** What a page's read depends on, once it is stored. */
    tagsOf: async (path: string) => {
      await site.get(path);
      return [...(cache.explain(path).stored[0]?.tags ?? [])].sort();
    },
  };
}
