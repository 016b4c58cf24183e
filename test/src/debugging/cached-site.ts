import { FakeClock } from '@viewcache/core/testing';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import type { Express } from 'express';
import { makeCache, serve } from '../support/site.js';

/** Pages cached for a minute on a clock of the test's own: what `mount` puts inside the cached part, and one for the rest. */
export async function cachedSite(
  express: () => Express,
  options: Partial<CachePageOptions> = {},
  mount: (app: Express) => unknown = () => {},
) {
  const clock = new FakeClock();
  const cache = makeCache({ clock });
  const app = express();
  app.use(cachePage({ ttl: 60, cache, ...options }));
  mount(app);
  app.use((_req, res) => void res.send('page'));
  return { site: await serve(app), cache, clock };
}
