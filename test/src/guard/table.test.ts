import { describe, expect, it } from '@jest/globals';
import type { CacheEvent } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, type Reply, type Site, serve } from '../support/site.js';
import type { Carrier, Setup } from './setup.js';
import { setups } from './setups.js';

closeAfterEach();

const PLACES = ['before', 'inside', 'split'] as const;
const rows = setups.flatMap((setup) =>
  PLACES.flatMap((place) => {
    const outcome = setup[place];
    return outcome === undefined ? [] : [{ name: setup.name, place, setup, outcome }];
  }),
);

describe.each(expresses)('the input guard and real middleware, on %s', (_version, express) => {
  it.each(rows)('$name, $place: $outcome.open / $outcome.personal', async ({ setup, place, outcome }) => {
    const { site, heard } = await siteOf(setup, place);
    const [alice, bob] = await visitorsOf(setup, site);

    expect(await openly(site, heard, alice, bob)).toBe(outcome.open);
    for (const path of ['/personal', '/later']) {
      expect([path, await personally(site, heard, path, alice, bob)]).toEqual([path, outcome.personal]);
    }
    if (setup.isGate) expect((await site.get('/open')).status).toBe(401);
  });

  async function siteOf(setup: Setup, place: (typeof PLACES)[number]) {
    const heard: CacheEvent[] = [];
    const cache = makeCache();
    cache.on((event) => heard.push(event));
    const app = express();
    if (setup.trusts) app.set('trust proxy', true);
    const all = setup.make(express);
    const half = place === 'before' ? all.length : place === 'inside' ? 0 : Math.ceil(all.length / 2);
    const view = cachePage({ ttl: 60, cache, cacheStatus: 'full' });
    const use = (middleware: RequestHandler) => app.use(middleware);
    all.slice(0, half).forEach(use);
    app.use(view);
    all.slice(half).forEach(use);
    app.post('/login', (req, res, next) => setup.logIn?.(req as unknown as Carrier, res, next));
    // Authorization alone keeps a response from being stored; what is shown here is not to rest on that.
    const isPublic: RequestHandler = (_req, res, next) => {
      res.set('Cache-Control', 'public');
      next();
    };
    app.get('/open', isPublic, (req, res) => void res.send(setup.open?.(req as unknown as Carrier) ?? 'for all'));
    app.get(
      '/personal',
      isPublic,
      (req, res) => void res.send(String(setup.personal(req as unknown as Carrier, res as never))),
    );
    app.get('/later', isPublic, (req, res, next) => {
      setImmediate(() => {
        try {
          res.json({ for: String(setup.personal(req as unknown as Carrier, res as never)) });
        } catch (error) {
          next(error);
        }
      });
    });
    const answerError: ErrorRequestHandler = (error: { status?: number }, _req, res, _next) => {
      res.status(error.status ?? 500).send(String(error));
    };
    app.use(answerError);
    return { site: await serve(app), heard };
  }
});

type Visitor = Record<string, string>;

async function visitorsOf(setup: Setup, site: Site): Promise<[Visitor, Visitor]> {
  const visitors: Visitor[] = [];
  for (const [at, name] of ['alice', 'bob'].entries()) {
    const agent = at === 0 ? 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36' : 'Firefox/120.0';
    const own = setup.visitors?.(name, at) ?? {};
    const visitor: Visitor = { cookie: `who=${name}; _ga=${at}`, 'user-agent': `Mozilla/5.0 (X11) ${agent}`, ...own };
    if (setup.logIn !== undefined) {
      const reply = await site.ask(`/login?user=${name}`, { method: 'POST', headers: visitor });
      expect(reply.headers['set-cookie']).toBeDefined();
      const cookies = reply.headers['set-cookie']?.map((line) => line.split(';')[0]) ?? [];
      visitor['cookie'] = [visitor['cookie'], ...cookies].join('; ');
    }
    visitors.push(visitor);
  }
  return visitors as [Visitor, Visitor];
}

/** Of a page that is the same for all: whether the second visitor gets what the first one's request has stored. */
async function openly(site: Site, heard: CacheEvent[], alice: Visitor, bob: Visitor): Promise<string> {
  heard.length = 0;
  const first = await site.get('/open', alice);
  expect(first.status).toBe(200);
  const why = whatBecame(heard, first);
  const second = await site.get('/open', bob);
  if (second.isHit) return 'cached';
  return (await site.get('/open', bob)).isHit ? why : `refused ${why}`;
}

/** Of a page that is each visitor's own. */
async function personally(
  site: Site,
  heard: CacheEvent[],
  path: string,
  alice: Visitor,
  bob: Visitor,
): Promise<string> {
  heard.length = 0;
  const first = await site.get(path, alice);
  expect(first.status).toBe(200);
  const why = whatBecame(heard, first);
  const second = await site.get(path, bob);
  if (second.isHit) return second.text.includes('members') ? 'nothing' : 'LEAK';
  const third = await site.get(path, bob);
  expect(third.isHit ? third.text : '').toBe(third.isHit ? second.text : '');
  return why;
}

/** By what a response is selected, or why it was not stored. */
function whatBecame(heard: readonly CacheEvent[], reply: Reply): string {
  for (const event of heard) {
    if (event.type === 'refused') return event.reason === 'input' ? inputOf(reply) : event.reason;
    if (event.type !== 'stored') continue;
    const names = Array.from(event.key.matchAll(/\n~([^=\n]+)/g), ([, name]) => name);
    return `vary ${names.join(', ') || 'url'}`;
  }
  return 'nothing was heard of it';
}

function inputOf(reply: Reply): string {
  return /detail="?input ([^";]+)/.exec(String(reply.headers['cache-status']))?.[1] ?? 'an input';
}
