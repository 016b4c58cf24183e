import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import cookieParser from 'cookie-parser';
import type { Express, NextFunction, Request, Response } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';
import { HOST, send } from './raw.js';

closeAfterEach();

const EVIL = 'evil.example';

/** Ways to shape a page by a request field that is not in the key, and the field. */
const unkeyed: readonly (readonly [what: string, line: string, print: (req: Request, res: Response) => unknown])[] = [
  ['X-Forwarded-Host, in a link', `X-Forwarded-Host: ${EVIL}`, (req) => `//${req.get('x-forwarded-host')}/a.js`],
  ['X-Forwarded-Host, found among all', `X-Forwarded-Host: ${EVIL}`, (req) => JSON.stringify(req.headers)],
  ['X-Forwarded-Host, of the raw list', `X-Forwarded-Host: ${EVIL}`, (req) => req.rawHeaders.join()],
  [
    'X-Forwarded-Host, of the distinct ones',
    `X-Forwarded-Host: ${EVIL}`,
    (req) => String(req.headersDistinct['x-forwarded-host']),
  ],
  ['X-Host', `X-Host: ${EVIL}`, (req) => req.headers['x-host']],
  ['X-Forwarded-Server', `X-Forwarded-Server: ${EVIL}`, (req) => req.headers['x-forwarded-server']],
  ['X-Forwarded-Prefix', `X-Forwarded-Prefix: /${EVIL}`, (req) => req.headers['x-forwarded-prefix']],
  ['X-Forwarded-Port', 'X-Forwarded-Port: 1337 evil.example', (req) => req.headers['x-forwarded-port']],
  ['Forwarded', `Forwarded: host=${EVIL}`, (req) => req.headers.forwarded],
  ['X-Original-URL', `X-Original-URL: /${EVIL}`, (req) => req.headers['x-original-url']],
  ['X-Rewrite-URL', `X-Rewrite-URL: /${EVIL}`, (req) => req.headers['x-rewrite-url']],
  [
    'Origin, in a CORS field',
    `Origin: https://${EVIL}`,
    (req, res) => {
      res.set('Access-Control-Allow-Origin', req.headers.origin);
      return 'page';
    },
  ],
  ['Referer', `Referer: https://${EVIL}/`, (req) => req.get('referrer')],
  ['User-Agent', `User-Agent: ${EVIL}`, (req) => req.headers['user-agent']],
  ['a cookie', `Cookie: lang=${EVIL}`, (req) => req.headers.cookie],
  ['Accept', `Accept: text/${EVIL}`, (req) => req.headers.accept],
  ['a request id, for support', `X-Request-Id: ${EVIL}`, (req) => `<!-- ${req.headers['x-request-id']} -->`],
  ['a request id, in JSON', `X-Correlation-Id: "><b>${EVIL}`, (req) => JSON.stringify(req.headers['x-correlation-id'])],
  ['a trace', `traceparent: ${EVIL}`, (req) => req.get('traceparent')],
  [
    'a trace, in a field',
    `baggage: ${EVIL}`,
    (req, res) => {
      res.set('X-Baggage', req.get('baggage'));
      return 'page';
    },
  ],
  ['Via', `Via: 1.1 ${EVIL}`, (req) => req.headers.via],
  ['Content-Type of a GET', `Content-Type: text/${EVIL}`, (req) => req.headers['content-type']],
  ['Cache-Control of the request', `Cache-Control: ${EVIL}`, (req) => req.headers['cache-control']],
  ['Max-Forwards', `Max-Forwards: ${EVIL}`, (req) => req.headers['max-forwards']],
  ['any other field', `X-Theme: ${EVIL}`, (req) => req.headers['x-theme']],
];

describe.each(expresses)('request fields outside the key, on %s', (_version, express) => {
  it.each(unkeyed)('%s: a visitor does not get what an attacker sent', async (_what, line, print) => {
    const site = await siteOf((app) => app.get('/', (req, res) => void res.send(String(print(req, res)))));

    const attack = await send(site, '/', { lines: [HOST, line] });
    const victim = await send(site, '/');

    expect(attack.bytes).toContain(EVIL);
    expect([victim.status, victim.bytes.includes(EVIL)]).toEqual([200, false]);
  });

  it.each(unkeyed)(
    '%s, sent twice: neither of the two reaches a visitor, nor one who sends the first',
    async (_what, line, print) => {
      const site = await siteOf((app) => app.get('/', (req, res) => void res.send(String(print(req, res)))));
      const harmless = line.replaceAll(EVIL, 'fine.example');

      await send(site, '/', { lines: [HOST, harmless, line] });
      await send(site, '/', { lines: [HOST, line, harmless] });

      expect((await send(site, '/')).bytes).not.toContain(EVIL);
      expect((await send(site, '/', { lines: [HOST, harmless] })).bytes).not.toContain(EVIL);
    },
  );

  it('a request id or a trace that the page does not show keeps nothing from being stored', async () => {
    const site = await siteOf((app) =>
      app.get('/', (req, res) => {
        const seen = [
          req.headers['x-request-id'],
          req.headers['traceparent'],
          req.headers['cache-control'],
          req.headers.host,
        ];
        res.set('X-Seen', String(seen.filter((it) => it !== undefined).length)).send('no-cache at site.example');
      }),
    );
    const lines = [
      HOST,
      'X-Request-Id: 4f1c',
      'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'Cache-Control: no-cache',
    ];

    expect((await send(site, '/', { lines })).isStored).toBe(true);
    expect((await send(site, '/')).isHit).toBe(true);
  });

  it('X-Forwarded-Host that the app does not trust is not the host of a link, and is in no key', async () => {
    const site = await siteOf((app) => app.get('/', (req, res) => void res.send(`//${req.hostname}/a.js`)));

    const attack = await send(site, '/', { lines: [HOST, `X-Forwarded-Host: ${EVIL}`] });

    expect([attack.isStored, attack.body]).toEqual([true, '//site.example/a.js']);
    expect((await send(site, '/')).isHit).toBe(true);
  });

  it('X-Forwarded-Host that the app trusts is the key: its page is for those who come by it', async () => {
    const site = await siteOf((app) => {
      app.set('trust proxy', true);
      app.get('/', (req, res) => void res.send(`//${req.hostname}/a.js`));
    });

    const attack = await send(site, '/', { lines: [HOST, `X-Forwarded-Host: ${EVIL}`] });
    await send(site, '/', { lines: [HOST, `X-Forwarded-Host: site.example, ${EVIL}`] });

    expect(attack.body).toBe(`//${EVIL}/a.js`);
    expect((await send(site, '/')).body).toBe('//site.example/a.js');
  });

  it('X-Original-URL that middleware in front obeys: its page is not that of the URL', async () => {
    const site = await siteOf(
      (app) => app.use((req, res) => void res.send(`page ${req.url}`)),
      (app) =>
        app.use((req, _res, next) => {
          const other = req.headers['x-original-url'];
          if (typeof other === 'string') req.url = other;
          next();
        }),
    );

    expect((await send(site, '/', { lines: [HOST, 'X-Original-URL: /admin'] })).body).toBe('page /admin');
    expect((await send(site, '/')).body).toBe('page /');
    expect((await send(site, '/admin')).body).toBe('page /admin');
  });

  it.each([['in front'], ['inside']])(
    'X-HTTP-Method-Override obeyed %s: what it answers is not the answer to GET',
    async (place) => {
      const override = (req: Request, _res: Response, next: NextFunction): void => {
        const method = req.headers['x-http-method-override'];
        if (typeof method === 'string') req.method = method;
        next();
      };
      const site = await siteOf(
        (app) => {
          if (place === 'inside') app.use(override);
          app.use((req, res) => void res.send(`${req.method} done`));
        },
        (app) => {
          if (place === 'in front') app.use(override);
        },
      );

      for (const method of ['DELETE', 'HEAD', 'POST', 'OPTIONS', 'FOO']) {
        await send(site, '/', { lines: [HOST, `X-HTTP-Method-Override: ${method}`] });
        expect((await send(site, '/')).body).toBe('GET done');
      }
    },
  );

  it.each<[string, (app: Express) => unknown, (req: Request) => unknown]>([
    ['parsed in front', (app) => app.use(cookieParser()), (req) => req.cookies['name']],
    ['parsed in front, as a whole', (app) => app.use(cookieParser()), (req) => JSON.stringify(req.cookies)],
    ['unparsed', () => {}, (req) => req.headers.cookie],
    ['of the raw list', () => {}, (req) => req.rawHeaders.join()],
  ])('a cookie, %s, is nobody else’s, and a forged one neither', async (_how, front, print) => {
    const site = await siteOf((app) => app.get('/', (req, res) => void res.send(`for ${print(req)}`)), front);

    await send(site, '/', { lines: [HOST, `Cookie: name=<script>${EVIL}`] });
    const alice = await send(site, '/', { lines: [HOST, 'Cookie: name=alice'] });

    expect(alice.bytes).toContain('alice');
    for (const lines of [[HOST], [HOST, 'Cookie: name=bob']]) {
      const other = await send(site, '/', { lines });
      expect(other.bytes).not.toContain('alice');
      expect(other.bytes).not.toContain(EVIL);
    }
  });

  it('a field that is too large is refused by Node, and poisons nothing', async () => {
    const site = await siteOf((app) => app.get('/', (_req, res) => void res.send('page')));

    const attack = await send(site, '/', { lines: [HOST, `X-Big: ${'x'.repeat(20_000)}`] });

    expect(attack.status).toBe(431);
    expect([await send(site, '/'), await send(site, '/')].map(({ body, isHit }) => [body, isHit])).toEqual([
      ['page', false],
      ['page', true],
    ]);
  });

  it('a field that makes the handler fail leaves no error behind', async () => {
    const site = await siteOf((app) =>
      app.get('/', (req, res) => {
        const size = new AsyncLocalStorage<number>().run(req.rawHeaders.length, () => req.rawHeaders.join('').length);
        if (size > 5_000) res.status(400).send('header too large');
        else if (req.headers['x-meta'] !== undefined) throw new Error('meta character');
        else res.send('page');
      }),
    );

    for (const line of [`X-Oversized: ${'x'.repeat(9_000)}`, 'X-Meta: \\a', `Cookie: ${'x'.repeat(9_000)}`]) {
      expect((await send(site, '/', { lines: [HOST, line] })).status).toBeGreaterThanOrEqual(400);
      expect(await send(site, '/')).toMatchObject({ status: 200, body: 'page' });
    }
  });

  async function siteOf(mount: (app: Express) => unknown, front: (app: Express) => unknown = () => {}) {
    const app = express();
    const options: CachePageOptions = { ttl: 60, cache: makeCache() };
    front(app);
    app.use(cachePage(options));
    mount(app);
    app.use(
      (_error: unknown, _req: Request, res: Response, _next: NextFunction) => void res.status(500).send('failed'),
    );
    return await serve(app);
  }
});
