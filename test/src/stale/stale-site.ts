import { type CacheEvent, type CacheOptions, isRefresh } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { type CachePageOptions, cachePage, createServer } from '@viewcache/express';
import type { Express, Request, RequestHandler, Response } from 'express';
import { expresses } from '../support/expresses.js';
import { gate } from '../support/gate.js';
import { makeCache, type Reply, type Site, serve } from '../support/site.js';

/** Both Expresses, as `app.listen` serves them and as `createServer` does. */
export const ways = expresses.flatMap(([name, make]) => [
  [`${name}, app.listen`, make, (app: Express) => serve(app)] as const,
  [`${name}, createServer`, make, (app: Express) => serve(createServer(app))] as const,
]);

export type Way = (typeof ways)[number];

/** A page whose handler the test decides on, cached for a minute on a clock of the test's own. */
export interface StaleSite {
  readonly site: Site;
  readonly clock: FakeClock;
  readonly cache: ReturnType<typeof makeCache>;
  readonly events: CacheEvent[];
  /** One word for each run of the handler: `visit` or `refresh`. */
  readonly runs: string[];
  /** Resolves with the next event of this type, or with the last of the next few. */
  next<T extends CacheEvent['type']>(type: T, count?: number): Promise<Extract<CacheEvent, { type: T }>>;
  /** The page: its text and what was said of it. */
  page(path?: string, headers?: Record<string, string>): Promise<string>;
}

/** What a site is made of. */
export interface StaleSiteOptions extends Partial<CachePageOptions> {
  /** In front of the cached view. */
  readonly front?: readonly RequestHandler[];
  /** Inside it. */
  readonly inside?: readonly RequestHandler[];
  /** Answers with the number of the run, unless it says otherwise. */
  readonly handler?: (req: Request, res: Response, run: number) => void | Promise<void>;
  readonly store?: CacheOptions['store'];
}

export async function staleSite([, express, start]: Way, options: StaleSiteOptions = {}): Promise<StaleSite> {
  const { front = [], inside = [], store, handler = numbered, ...rest } = options;
  const clock = new FakeClock();
  const cache = makeCache({ clock, ...(store === undefined ? {} : { store }) });
  const events: CacheEvent[] = [];
  cache.on((event) => void events.push(event));
  const runs: string[] = [];
  const app = express();
  for (const middleware of front) app.use(middleware);
  app.use(cachePage({ ttl: 60, cache, ...rest }));
  for (const middleware of inside) app.use(middleware);
  app.use((req, res) => {
    runs.push(isRefresh(req) ? 'refresh' : 'visit');
    return handler(req, res, runs.length);
  });
  const site = await start(app);
  return {
    ...{ site, clock, cache, events, runs },
    next: (type, count = 1) =>
      new Promise((resolve) => {
        let left = count;
        const end = cache.on((event) => {
          if (event.type !== type || --left > 0) return;
          end();
          resolve(event as never);
        });
      }),
    page: async (path = '/', headers = {}) => told(await site.get(path, headers)),
  };
}

/** A handler whose second run says by `begun` that it has come, and waits for `slow`; each answers with its number. */
export function slowAtSecond(prepare: (res: Response) => unknown = () => {}) {
  const begun = gate();
  const slow = gate();
  const handler = async (_req: Request, res: Response, run: number): Promise<void> => {
    if (run === 2) {
      begun.open();
      await slow.passed;
    }
    prepare(res);
    res.send(`run ${run}`);
  };
  return { begun, slow, handler };
}

/** A reply in one line: status, text and Cache-Status. */
function told({ status, text, headers }: Reply): string {
  const said = String(headers['cache-status'] ?? '').replace('viewcache; ', '');
  return `${status === 200 ? '' : `${status} `}${text} (${said})`;
}

const numbered = (_req: Request, res: Response, run: number): void => {
  res.send(`run ${run}`);
};
