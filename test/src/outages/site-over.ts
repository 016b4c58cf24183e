import { type Cache, type CacheEvent, type CacheOptions, view } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express from 'express';
import { makeCache, type Reply, type Site, serve } from '../support/site.js';

/** The same for all processes of an app: it is part of what names a page. */
const HOST = { host: 'shop.example' };

/** An app over a shared store: one process, as far as the store can tell. Closed when the test ends. */
export interface SiteOver {
  readonly cache: Cache;
  readonly site: Site;
  readonly events: readonly CacheEvent[];
  get(path: string): Promise<Reply>;
  /** Asks until it is answered from what is stored: what a handler answers is sent there afterwards. */
  untilHit(path: string): Promise<Reply>;
}

/** @param body - what the handler of a path answers with */
export async function siteOver(options: CacheOptions, body: (path: string) => string): Promise<SiteOver> {
  const cache = makeCache({ deadline: '5s', ...options });
  const events: CacheEvent[] = [];
  cache.on((event) => events.push(event));
  await cache.ready();
  const app = express();
  app.use(cachePage({ ttl: '1h', cache, keyPrefix: 'outages' }));
  app.use((req, res) => {
    view().dependsOn('all pages');
    res.send(body(req.url));
  });
  const site = await serve(app);
  const get = (path: string): Promise<Reply> => site.get(path, HOST);
  const untilHit = async (path: string): Promise<Reply> => {
    for (let i = 0; i < 300; i++) {
      const reply = await get(path);
      if (reply.isHit) return reply;
    }
    throw new Error(`${path} is not stored`);
  };
  return { cache, site, events, get, untilHit };
}
