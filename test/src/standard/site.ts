import { type CacheOptions, formatCacheControl } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import express, { type RequestHandler } from 'express';
import { makeCache, type Site, serve } from '../support/site.js';

export interface StandardSite {
  readonly site: Site;
  readonly clock: FakeClock;
  readonly cache: ReturnType<typeof makeCache>;
  /** How often the handler has run. */
  calls(): number;
}

/** An app whose one handler stands behind the standard profile, or behind what `options` say. */
export async function standardSite(
  handler: RequestHandler,
  options: Partial<CachePageOptions> = {},
  store?: CacheOptions['store'],
): Promise<StandardSite> {
  let calls = 0;
  const clock = new FakeClock();
  const cache = makeCache({ clock, ...(store === undefined ? {} : { store }) });
  const app = express();
  app.use(cachePage({ ttl: 'origin', cache, ...options }));
  app.use((req, res, next) => {
    calls++;
    handler(req, res, next);
  });
  return { site: await serve(app), clock, cache, calls: () => calls };
}

/** A field that lets a response be stored for a minute. */
export const minute: { readonly 'Cache-Control': string } = { 'Cache-Control': formatCacheControl({ maxAge: 60 }) };
