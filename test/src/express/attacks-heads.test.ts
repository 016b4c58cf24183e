import { get as httpGet, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import type { Express, RequestHandler, Response } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, type Site, serve } from '../support/site.js';

closeAfterEach();

/** Runs something as the head is written, as on-headers does. */
const onHead = (res: ServerResponse, run: () => void) => {
  const { writeHead } = res;
  res.writeHead = ((...args: unknown[]) => {
    run();
    return (writeHead as (...given: unknown[]) => ServerResponse).apply(res, args);
  }) as typeof writeHead;
};

type WriteHead = (...args: unknown[]) => Response;

/** What one may give `writeHead` in JavaScript. */
const forms: Readonly<Record<string, readonly unknown[]>> = {
  'a reason and null': [200, 'OK', null],
  'fields and null': [200, { 'X-A': '1' }, null],
  null: [200, null],
  'undefined and fields': [200, undefined, { 'X-A': '1' }],
  'null and fields': [200, null, { 'X-A': '1' }],
  false: [200, false],
  'a status in a string': ['200', { 'X-A': '1' }],
  'a reason of its own': [200, 'Fine'],
  'a field without a name': [200, { '': 'x', 'X-A': '1' }],
  'a list with a field without a name': [200, ['', 'x', 'X-A', '1']],
  'an empty list': [200, []],
  'a list of an empty list': [200, [[]]],
  'a list of pairs': [200, [['X-A', '1']]],
  'an odd list': [200, ['X-A']],
  'a list with a name twice': [200, ['X-A', '1', 'x-a', '2']],
  'a list with lines': [200, ['X-A', ['1', '2']]],
  'a name in two letter cases': [200, { 'X-A': '1', 'x-a': '2' }],
  'a word that forbids storing, and one that does not': [
    200,
    { 'Cache-Control': 'private', 'cache-control': 'public' },
  ],
  'no lines over a cookie': [200, { 'Set-Cookie': 'sid=1', 'set-cookie': [] }],
  'values that are no strings': [200, { 'X-Null': null, 'X-Five': 5, 'X-Object': {} }],
};

describe.each(expresses)('heads, on %s', (_version, express) => {
  describe.each([true, false])('with a field set before: %s', (isSetBefore) => {
    it.each(Object.keys(forms))('writeHead with %s: each client gets what it would without a cache', async (form) => {
      const handler: RequestHandler = (_req, res) => {
        if (isSetBefore) res.setHeader('X-Before', 'b');
        try {
          (res.writeHead as WriteHead)(...(forms[form] ?? [])).end('page');
        } catch {
          for (const name of res.getHeaderNames()) res.removeHeader(name);
          res.socket?.end('HTTP/1.1 500 Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        }
      };
      const bare = await serve(appOf((app) => app.get('/', handler)));
      const cached = await siteOf((app, page) => app.get('/', page, handler));

      const expected = await seen(bare);

      expect(await seen(cached)).toEqual(expected);
      expect(await seen(cached)).toEqual(expected);
    });
  });

  it('a null in writeHead is no error of a POST behind a cached view either', async () => {
    const site = await siteOf((app, page) =>
      app.use(page, (_req, res) => (res.writeHead as WriteHead)(200, null).end()),
    );

    expect((await site.ask('/', { method: 'POST' })).status).toBe(200);
  });

  it('a reason phrase that is set keeps the response from being stored', async () => {
    const site = await siteOf((app, page) =>
      app.get('/', page, (_req, res) => {
        res.statusMessage = 'Fine';
        res.send('page');
      }),
    );

    for (let visit = 0; visit < 2; visit++) expect((await seen(site)).slice(0, 2)).toEqual([200, 'Fine']);
  });

  it('what is appended to a field of middleware in front keeps the response from being stored', async () => {
    const site = await siteOf((app, page) => {
      app.use((req, res, next) => {
        res.setHeader('X-Info', `for ${req.headers.cookie}`);
        next();
      });
      app.get('/', page, (_req, res) => void res.appendHeader('X-Info', 'page').send('page'));
    });
    await site.get('/', { cookie: 'alice' });

    expect((await site.get('/', { cookie: 'bob' })).headers['x-info']).toBe('for bob, page');
  });

  it('a cookie that is appended to a list of middleware in front is the handler’s', async () => {
    const site = await siteOf((app, page) => {
      app.use((_req, res, next) => {
        res.setHeader('Set-Cookie', ['theme=dark']);
        next();
      });
      app.get('/', page, (_req, res) => void res.appendHeader('Set-Cookie', 'sid=1').send('page'));
    });
    await site.get('/');

    expect((await site.get('/')).isHit).toBe(false);
  });

  it.each<[string, RequestHandler]>([
    ['set', (_req, res) => void res.setHeader('Access-Control-Allow-Origin', 'https://a.test').end('page')],
    [
      'given to writeHead',
      (_req, res) => void res.writeHead(200, { 'Access-Control-Allow-Origin': 'https://a.test' }).end('page'),
    ],
  ])('a field that the handler has %s to what it was in front is the handler’s on a hit', async (_how, handler) => {
    const site = await siteOf((app, page) => {
      app.use((req, res, next) => {
        res.setHeader('Access-Control-Allow-Origin', req.headers.origin ?? '*');
        next();
      });
      app.get('/', page, handler);
    });
    await site.get('/', { origin: 'https://a.test' });

    const hit = await site.get('/', { origin: 'https://evil.test' });

    expect([hit.isHit, hit.headers['access-control-allow-origin']]).toEqual([true, 'https://a.test']);
  });

  it.each<[string, string, string]>([
    ['private', 'Cache-Control', 'private'],
    ['no-store', 'Cache-Control', 'no-store'],
    ['Vary: *', 'Vary', '*'],
  ])('%s, said in front only as the head is written, is obeyed', async (_what, name, value) => {
    const site = await siteOf((app, page) => {
      app.use((req, res, next) => {
        if (req.headers.cookie !== undefined) onHead(res, () => res.setHeader(name, value));
        next();
      });
      app.get('/', page, (_req, res) => void res.send('page'));
    });
    await site.get('/', { cookie: 'alice' });

    expect((await site.get('/')).isHit).toBe(false);
  });

  it('what middleware inside reads as the head is written counts as read', async () => {
    const site = await siteOf((app, page) => {
      app.use((req, _res, next) => {
        Object.assign(req, { user: { name: req.headers.cookie } });
        next();
      }, page);
      app.get('/', (req, res) => {
        onHead(res, () => res.setHeader('X-User', String((Reflect.get(req, 'user') as { name: string }).name)));
        res.send('page');
      });
    });
    await site.get('/', { cookie: 'alice' });

    expect((await site.get('/', { cookie: 'bob' })).headers['x-user']).toBe('bob');
  });

  it('what middleware in front reads as the head is written does not', async () => {
    const site = await siteOf((app, page) => {
      app.use((req, res, next) => {
        Object.assign(req, { user: { name: req.headers.cookie } });
        onHead(res, () => res.setHeader('X-User', String((Reflect.get(req, 'user') as { name: string }).name)));
        next();
      }, page);
      app.get('/', (_req, res) => {
        onHead(res, () => res.setHeader('X-Inside', 'yes'));
        res.send('page');
      });
    });
    await site.get('/', { cookie: 'alice' });

    const hit = await site.get('/', { cookie: 'bob' });

    expect([hit.isHit, hit.headers['x-user'], hit.headers['x-inside']]).toEqual([true, 'bob', 'yes']);
  });

  it.each<[string, (res: Response) => void]>([
    ['flushed', (res) => res.flushHeaders()],
    ['written with a first piece', (res) => void res.write('<!doctype html>')],
  ])('a head that was %s in front: each answer is the handler’s, and nothing is stored', async (_how, begin) => {
    const site = await siteOf((app, page) => {
      app.use((_req, res, next) => {
        begin(res);
        next();
      });
      app.get('/', page, (_req, res) => void res.end('page'));
    });

    const [first, second] = [await site.get('/'), await site.get('/')];

    expect(first.text).toMatch(/page$/);
    expect(second.text).toBe(first.text);
  });

  it('a head that middleware in front holds back beyond the end is heard all the same', async () => {
    const site = await siteOf((app, page) => {
      app.use((_req, res, next) => {
        const { end } = res;
        res.end = ((...args: unknown[]) => {
          setImmediate(() => {
            res.setHeader('Set-Cookie', 'sid=1');
            (end as (...given: unknown[]) => Response).apply(res, args);
          });
          return res;
        }) as typeof end;
        next();
      });
      app.get('/', page, (_req, res) => void res.end());
    });
    await site.get('/');

    const second = await site.get('/');

    expect([second.isHit, second.headers['set-cookie']]).toEqual([false, ['sid=1']]);
  });

  it('what a handler ends once its connection has gone is not stored, even before that was told', async () => {
    let calls = 0;
    const site = await siteOf((app, page) =>
      app.get('/', page, (req, res) => {
        if (++calls > 1) {
          res.send('whole');
          return;
        }
        req.socket.destroy();
        res.end('half');
      }),
    );
    await site.get('/').catch(() => {});

    expect((await site.get('/')).text).toBe('whole');
  });

  function appOf(mount: (app: Express) => void): Express {
    const app = express();
    app.disable('x-powered-by');
    mount(app);
    return app;
  }

  async function siteOf(mount: (app: Express, page: RequestHandler) => void, options: Partial<CachePageOptions> = {}) {
    return await serve(appOf((app) => mount(app, cachePage({ ttl: 60, cache: makeCache(), ...options }))));
  }
});

/** Status, reason phrase, body and fields, but for those that tell of the cache and of the connection, and for the entity tag it makes. */
async function seen(site: Site): Promise<readonly unknown[]> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    httpGet(site.url, { agent: false }, resolve).on('error', reject);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const fields = Object.entries(response.headers).filter(([name]) => !PASSING.has(name));
  return [response.statusCode, response.statusMessage, Buffer.concat(chunks).toString(), fields.sort()];
}

const PASSING = new Set([
  'age',
  'cache-status',
  'connection',
  'content-length',
  'date',
  'etag',
  'keep-alive',
  'transfer-encoding',
]);
