import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CacheEvent } from '@viewcache/core';
import { type CachePageOptions, cachePage, loader } from '@viewcache/express';
import type { Express, Request, RequestHandler } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const storage = new AsyncLocalStorage<{ user: string }>();
const { NODE_ENV } = process.env;
let warned: string[] = [];
beforeEach(() => {
  warned = [];
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void warned.push(String(warning)));
});
afterEach(() => {
  jest.restoreAllMocks();
  process.env['NODE_ENV'] = NODE_ENV;
});

describe.each(expresses)('the warning, on %s', (_version, express) => {
  async function siteWith(
    show: RequestHandler,
    options: Partial<CachePageOptions> = {},
    inside: (app: Express) => void = () => {},
  ) {
    const cache = makeCache();
    const heard: CacheEvent[] = [];
    cache.on((event) => event.type === 'input' && heard.push(event));
    const app = express();
    app.use((req, res, next) => {
      Object.assign(req, { user: { id: 1 } });
      Object.assign(res.locals, { plan: 'free' });
      next();
    });
    app.use(cachePage({ ttl: 60, cache, ...options }));
    inside(app);
    app.get('/offers', show);
    app.get('/others', show);
    return { site: await serve(app), heard };
  }
  const readUser: RequestHandler = (req, res) => void res.send(String(Reflect.get(req, 'user')));
  const place = expect.stringMatching(
    /^ {2}read by {3}the handler of \/offers {3}\(test\/(?:src|dist)\/guard\/warnings\.test\.[jt]s:\d+\)$/,
  );

  it('names route, input, reader and remedy', async () => {
    const { site, heard } = await siteWith(readUser);
    await site.get('/offers');

    expect(warned).toHaveLength(1);
    expect(warned[0]?.split('\n')).toEqual([
      'viewcache: GET /offers was not stored: it read req.user, which is not part of its cache key.',
      place,
      '  if the page differs per user   key: (req) => req.user?.id      one stored response each',
      "  if it does not                 inputs: { 'req.user': 'ignore' }",
      '  why: docs/guides/input-guard.md#req.user',
    ]);
    expect(heard).toEqual([{ type: 'input', route: '/offers', input: 'req.user', stored: false, message: warned[0] }]);
  });

  it('is given once for each route and input', async () => {
    const { site, heard } = await siteWith((req, res) => {
      if (req.query['cookie'] !== undefined) void req.headers.cookie;
      res.send(String(Reflect.get(req, 'user')));
    });
    for (const path of ['/offers', '/offers?1', '/offers?cookie', '/offers?cookie=2', '/others', '/others?1'])
      await site.get(path);
    expect(warned.map((text) => /GET (\S+) .* read (.*),/.exec(text)?.slice(1, 3))).toEqual([
      ['/offers', 'req.user'],
      ['/offers', 'header cookie'],
      ['/others', 'req.user'],
    ]);
    expect(heard).toHaveLength(3);
  });

  it('also names who reads after an await', async () => {
    const { site } = await siteWith(async (req, res) => {
      await Promise.resolve();
      res.send(String(Reflect.get(req, 'user')));
    });
    await site.get('/offers');
    expect(warned[0]?.split('\n')[1]).toEqual(place);
  });

  it('of a middleware says what would be skipped', async () => {
    const loadUser: RequestHandler = (req, _res, next) => next(void req.headers.cookie);
    const { site } = await siteWith(
      (_req, res) => void res.send('x'),
      {},
      (app) => app.use(loadUser),
    );
    await site.get('/offers');
    expect(warned[0]).toContain(
      'viewcache: GET /offers was not stored: middleware loadUser (mounted after the cache) read header cookie and may decide who gets through; on a hit it would be skipped.',
    );
    expect(warned[0]).toContain(
      'Mount it before cachePage, or wrap it in loader(loadUser) if it never refuses a request.',
    );
    expect(warned[0]).toContain('warnings.test');
  });

  it.each<[string, (req: Request) => unknown, string]>([
    ['a copy', (req) => ({ ...req.headers }), 'it copied all request headers (fetch, proxy or SSR adapter?)'],
    ['a copy', (req) => ({ ...req.headers }), "inputs: { cookie: 'hide', authorization: 'hide' }"],
    ['the user-agent', (req) => req.get('user-agent'), 'key: (req) => isMobile(req)'],
    ['the cookie', (req) => req.get('cookie'), "inputs: { 'cookie': 'ignore' }"],
    ['the cookie', (req) => req.get('cookie'), "key: (req) => themeOf(req.get('cookie'))      not all of it"],
    ['credentials', (req) => req.get('authorization'), "key: (req) => roleOf(req.get('authorization'))      not all"],
    ['the address', (req) => req.ip, "inputs: { 'x-forwarded-for': 'ignore', 'socket.remoteAddress': 'ignore' }"],
    ['the address', (req) => req.socket.remoteAddress, 'key: (req) => req.ip'],
    ['a local', (req) => req.res?.locals['plan'], 'key: (req) => req.res?.locals.plan'],
    ['a storage', () => storage.getStore(), 'key: () => storage.getStore()?.user'],
    ['a storage', () => storage.getStore(), 'leave the storage out of watch'],
  ])('of %s names the way out', async (_what, read, text) => {
    const { site } = await siteWith((req, res) => void res.json(read(req) ?? null), { watch: [storage] });
    await site.get('/offers');
    expect(warned).toEqual([expect.stringContaining(text)]);
  });

  it.each<[input: string, options: Partial<CachePageOptions>, read: (req: Request) => unknown]>([
    [
      'the address',
      { inputs: { 'x-forwarded-for': 'ignore', 'socket.remoteAddress': 'ignore' } },
      (req) => req.ip === undefined,
    ],
    ['a local', { key: (req) => req.res?.locals['plan'] }, (req) => req.res?.locals['plan']],
  ])('of %s helps who follows it', async (_what, options, read) => {
    const { site } = await siteWith((req, res) => void res.json(read(req)), options);
    await site.get('/offers');
    expect((await site.get('/offers')).isHit).toBe(true);
    expect(warned).toEqual([]);
  });

  it('of what a loader has set says that no key can have it', async () => {
    const loadPlan: RequestHandler = (req, _res, next) => next(void Object.assign(req, { plan: req.get('cookie') }));
    const { site } = await siteWith(
      (req, res) => void res.send(String(Reflect.get(req, 'plan'))),
      { key: (req) => String(Reflect.get(req, 'plan')) },
      (app) => app.use(loader(loadPlan)),
    );
    await site.get('/offers', { cookie: 'plan=paid' });
    expect(warned[0]?.split('\n')).toEqual([
      'viewcache: GET /offers was not stored: it read req.plan, which a middleware mounted after the cache has set: no key can have it.',
      place,
      '  if the page differs per user   mount that middleware before cachePage, and key: (req) => req.plan',
      "  if it does not                 inputs: { 'req.plan': 'ignore' }",
      '  why: docs/guides/input-guard.md#properties',
    ]);
  });

  it('of credentials that nothing has read says, once for each route, how their owners may share a page', async () => {
    const { site, heard } = await siteWith((_req, res) => void res.send('x'));
    for (const path of ['/offers', '/offers', '/others']) await site.get(path, { authorization: 'Bearer 1' });
    expect(warned).toHaveLength(2);
    expect(warned[0]?.split('\n')).toEqual([
      'viewcache: GET /offers was not stored: its request had Authorization, and nothing of who is asking is part of its cache key.',
      '  if the page differs per user             key: (req) => req.user?.id      one stored response each',
      "  if all who are let in get the same one   inputs: { authorization: 'hide' }",
      '  if anybody may have it                   let it say Cache-Control: public',
      '  why: docs/guides/input-guard.md#authorization',
    ]);
    expect(heard[0]).toEqual(expect.objectContaining({ type: 'input', input: 'header authorization', stored: false }));
  });

  it('of credentials helps who follows it', async () => {
    const { site } = await siteWith(
      (req, res) => void res.send(req.path === '/offers' ? 'x' : String(Reflect.get(req, 'user'))),
      { inputs: { authorization: 'hide' } },
    );
    const isHit = async (path: string, token: number) =>
      (await site.get(path, { authorization: `Bearer ${token}` })).isHit;
    expect([await isHit('/offers', 1), await isHit('/offers', 2)]).toEqual([false, true]);
    expect(warned).toEqual([]);
    // What shows who is asking is nobody else's all the same.
    expect([await isHit('/others', 1), await isHit('/others', 2)]).toEqual([false, false]);
  });

  it('is an event alone in production, unless it is asked for', async () => {
    process.env['NODE_ENV'] = 'production';
    const quiet = await siteWith(readUser);
    await quiet.site.get('/offers');
    expect([warned.length, quiet.heard.length]).toEqual([0, 1]);

    const asked = await siteWith(readUser, { inputs: 'warn' });
    await asked.site.get('/offers');
    expect(warned).toEqual([expect.stringContaining('GET /offers was stored, although it read req.user')]);
    expect((await asked.site.get('/offers')).isHit).toBe(true);
  });

  it('is not given for what is not stored anyway', async () => {
    const { site } = await siteWith(
      (req, res) => void res.set('Cache-Control', 'private').send(String(Reflect.get(req, 'user'))),
    );
    await site.get('/offers');
    expect(warned).toEqual([]);
  });
});

describe.each(expresses)('headers that are cloned, on %s', (_version, express) => {
  const clones: readonly (readonly [how: string, show: RequestHandler])[] = [
    ['structuredClone(req.headers)', (req, res) => void res.json(structuredClone(req.headers).cookie)],
    [
      'structuredClone(req.rawHeaders)',
      (req, res) => void res.json(structuredClone(req.rawHeaders).find((text) => text.startsWith('who='))),
    ],
    [
      'a message to a worker',
      (req, res) => {
        new MessageChannel().port1.postMessage(req.headers);
        res.json(req.headers.cookie);
      },
    ],
  ];
  const asynchronous: RequestHandler = async (req, res, next) => {
    await Promise.resolve();
    try {
      res.json(structuredClone(req.headers).cookie);
    } catch (error) {
      // Express 4 hears of no rejection.
      next(error);
    }
  };

  async function siteWith(show: RequestHandler) {
    let runs = 0;
    const app = express();
    app.use(cachePage({ ttl: 60, cache: makeCache(), cacheStatus: 'full' }));
    app.get('/', (_req, _res, next) => next(void runs++), show);
    return { site: await serve(app), runs: () => runs };
  }

  it.each([...clones, ['after an await', asynchronous] as const])(
    '%s: the visitor is answered, and nothing is stored',
    async (_how, show) => {
      const { site } = await siteWith(show);
      for (const who of ['alice', 'bob', 'alice']) {
        const reply = await site.get('/', { cookie: `who=${who}` });
        expect([reply.status, reply.text, reply.isHit]).toEqual([200, `"who=${who}"`, false]);
      }
      expect(warned).toEqual([expect.stringContaining('structuredClone({ ...req.headers })')]);
    },
  );

  it('what fails to be cloned for another reason is answered as ever', async () => {
    const { site } = await siteWith((_req, res) => void res.json(structuredClone({ show: () => {} })));
    expect((await site.get('/')).status).toBe(500);
    expect(warned).toEqual([]);
  });
});
