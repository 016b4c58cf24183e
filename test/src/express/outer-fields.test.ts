import { describe, expect, it } from '@jest/globals';
import { cachePage } from '@viewcache/express';
import compression from 'compression';
import cookieParser from 'cookie-parser';
import cors from 'cors';
import type { Express, RequestHandler } from 'express';
import helmet from 'helmet';
import morgan from 'morgan';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, lasting, makeCache, serve } from '../support/site.js';

closeAfterEach();

describe.each(expresses)('middleware in front of the cached part, on %s', (_version, express) => {
  it('says of each response what it says, hit or miss: nothing of it is replayed', async () => {
    let count = 0;
    const { site } = await siteWith((app) => {
      app.use((_req, res, next) => {
        count++;
        res.set({ 'X-Request-Id': `id-${count}`, 'RateLimit-Remaining': String(10 - count) });
        res.cookie('csrf', `token-${count}`);
        if (count === 1) res.set('X-First-Only', 'yes');
        next();
      });
    });

    const replies = [await site.get('/'), await site.get('/'), await site.get('/')];

    expect(replies.map(({ isHit }) => isHit)).toEqual([false, true, true]);
    expect(replies.map(({ headers }) => headers['x-request-id'])).toEqual(['id-1', 'id-2', 'id-3']);
    expect(replies.map(({ headers }) => headers['ratelimit-remaining'])).toEqual(['9', '8', '7']);
    expect(replies.map(({ headers }) => headers['set-cookie'])).toEqual([
      ['csrf=token-1; Path=/'],
      ['csrf=token-2; Path=/'],
      ['csrf=token-3; Path=/'],
    ]);
    expect(replies.map(({ headers }) => headers['x-first-only'])).toEqual(['yes', undefined, undefined]);
  });

  it('says it to those who wait for another’s answer too', async () => {
    let count = 0;
    const { site } = await siteWith((app) => {
      app.use((_req, res, next) => {
        res.set('X-Request-Id', `id-${++count}`);
        next();
      });
    });

    const replies = await Promise.all([site.get('/'), site.get('/'), site.get('/')]);

    expect(new Set(replies.map(({ headers }) => headers['x-request-id'])).size).toBe(3);
  });

  it('is overruled by the handler, on hits as on misses', async () => {
    const { site } = await siteWith(
      (app) =>
        app.use((_req, res, next) => {
          res.set({ 'Cache-Control': 'no-store', 'X-Frame-Options': 'DENY', 'X-Theme': 'dark' });
          next();
        }),
      (_req, res) => {
        res.set({ 'Cache-Control': 'public, max-age=60', 'X-Theme': 'light' });
        res.removeHeader('X-Frame-Options');
        res.send('page');
      },
    );

    const miss = await site.get('/');
    const hit = await site.get('/');

    expect(hit.isHit).toBe(true);
    expect(lasting(hit)).toEqual(lasting(miss));
    expect(hit.headers).toMatchObject({ 'cache-control': 'public, max-age=60', 'x-theme': 'light' });
    expect(hit.headers['x-frame-options']).toBeUndefined();
  });

  it('that forbids storing is obeyed', async () => {
    const { site } = await siteWith((app) =>
      app.use((_req, res, next) => {
        res.set('Cache-Control', 'Private');
        next();
      }),
    );

    await site.get('/');
    expect((await site.get('/')).isHit).toBe(false);
  });

  it('and the handler both add to list fields: each keeps its own part', async () => {
    let count = 0;
    const { site } = await siteWith(
      (app) =>
        app.use((_req, res, next) => {
          count++;
          res.vary('Origin').append('Link', `</${count}>; rel="request"`).append('Server-Timing', `front;dur=${count}`);
          next();
        }),
      (_req, res) => {
        res
          .vary('Accept-Language')
          .append('Link', '</next>; rel="next"')
          .append('Server-Timing', 'db;dur=5')
          .send('page');
      },
    );

    await site.get('/');
    const hit = await site.get('/');

    expect(hit.isHit).toBe(true);
    expect(hit.headers['link']).toBe('</2>; rel="request", </next>; rel="next"');
    expect(hit.headers['server-timing']).toBe('front;dur=2, db;dur=5');
    expect(hit.headers.vary).toBe('Origin, Accept-Language');
  });

  it('that varies by Origin as the handler does leaves the handler its variants, also where nobody watches what is read', async () => {
    const app = express();
    app.use(cors({ origin: ['http://a.test', 'http://b.test'] }));
    app.use(cachePage({ ttl: 60, cache: makeCache(), inputs: 'off' }));
    app.get('/', (req, res) => void res.vary('Origin').send(`for ${req.get('origin')}`));
    const site = await serve(app);
    const from = async (origin: string) => String((await site.get('/', { origin })).body);
    expect([await from('http://a.test'), await from('http://b.test')]).toEqual([
      'for http://a.test',
      'for http://b.test',
    ]);
  });

  it('that sets a cookie only as the head goes out keeps it to its visitor', async () => {
    let count = 0;
    const { site } = await siteWith((app) =>
      app.use((_req, res, next) => {
        const { writeHead } = res;
        res.writeHead = ((...args: Parameters<typeof writeHead>) => {
          res.setHeader('Set-Cookie', `sid=${++count}`);
          return writeHead.apply(res, args);
        }) as typeof writeHead;
        next();
      }),
    );

    const replies = [await site.get('/'), await site.get('/'), await site.get('/')];

    expect(replies.map(({ headers }) => headers['set-cookie'])).toEqual([['sid=1'], ['sid=2'], ['sid=3']]);
  });

  describe('cors', () => {
    const origins = ['https://a.example', 'https://b.example'];

    it.each(['in front', 'inside'])('reflected, %s: each origin gets its own permission', async (where) => {
      const { site } = await siteWith(...placed(where, cors({ origin: origins, credentials: true })));

      const seen = [];
      for (const origin of [...origins, 'https://evil.example', undefined, ...origins]) {
        const reply = await site.get('/', origin === undefined ? {} : { origin });
        seen.push(reply.headers['access-control-allow-origin']);
        expect(reply.headers.vary).toMatch(/origin/i);
        expect(reply.text).toBe('page');
      }

      expect(seen).toEqual([...origins, undefined, undefined, ...origins]);
    });

    it('reflected, in front: one stored response serves all origins', async () => {
      const { site, calls } = await siteWith(...placed('in front', cors({ origin: origins })));

      for (const origin of [...origins, ...origins]) await site.get('/', { origin });

      expect(calls()).toBe(1);
    });

    it('reflected, inside: one stored response for each origin', async () => {
      const { site, calls } = await siteWith(...placed('inside', cors({ origin: origins })));

      for (const origin of [...origins, ...origins]) await site.get('/', { origin });

      expect(calls()).toBe(2);
    });

    it.each(['in front', 'inside'])('fixed, %s: the same for all', async (where) => {
      const { site } = await siteWith(...placed(where, cors({ origin: 'https://a.example' })));

      const replies = [await site.get('/'), await site.get('/', { origin: 'https://b.example' }), await site.get('/')];

      expect(replies.map(({ headers }) => headers['access-control-allow-origin'])).toEqual(
        Array(3).fill('https://a.example'),
      );
      expect(replies[2]?.isHit).toBe(true);
    });

    it('answers a preflight past the cache', async () => {
      const { site } = await siteWith(...placed('inside', cors()));

      const reply = await site.ask('/', {
        method: 'OPTIONS',
        headers: { origin: 'https://a.example', 'access-control-request-method': 'PUT' },
      });

      expect([reply.status, reply.headers['access-control-allow-methods']]).toEqual([
        204,
        expect.stringContaining('PUT'),
      ]);
      expect(reply.headers['cache-status']).toBe('viewcache; fwd=method');
    });
  });

  describe('helmet', () => {
    it.each(['in front', 'inside'])('%s: hits carry the same fields as misses, once', async (where) => {
      const { site, calls } = await siteWith(...placed(where, helmet()));

      const miss = await site.get('/');
      const hit = await site.get('/');

      expect(lasting(hit)).toEqual(lasting(miss));
      expect(hit.headers['content-security-policy']).toContain("default-src 'self'");
      expect(hit.headers['x-powered-by']).toBeUndefined();
      const names = hit.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
      expect(new Set(names).size).toBe(names.length);
      expect([hit.isHit, calls()]).toEqual([true, 1]);
    });
  });

  describe('morgan', () => {
    it.each([
      ['in front: a page is stored', 'in front', 1],
      // It notes the client's address while the view runs: nothing tells that from a page that prints it.
      ['inside: stored, as a logger lets everybody pass', 'inside', 1],
    ])('%s, and logged as it went out', async (_what, where, runs) => {
      const lines: string[] = [];
      const log = morgan(':method :url :status :res[content-length] :remote-addr :user-agent', {
        stream: { write: (line: string) => void lines.push(line) },
      });
      const { site, calls } = await siteWith(...placed(where, log));

      await site.get('/', { 'user-agent': 'a' });
      await site.get('/', { 'user-agent': 'b' });

      expect(calls()).toBe(runs);
      expect(lines).toEqual(
        ['a', 'b']
          .slice(0, where === 'inside' ? runs : 2)
          .map((agent) => expect.stringMatching(`^GET / 200 4 .*127\\.0\\.0\\.1 ${agent}`)),
      );
    });
  });

  describe('compression', () => {
    const page = 'word '.repeat(1_000);
    const send: RequestHandler = (_req, res) => void res.type('text').send(page);

    it('in front: entity tags of the handler still make a 304', async () => {
      const { site, calls } = await siteWith((app) => app.use(compression()), send);
      const { headers } = await site.get('/', { 'accept-encoding': 'gzip' });

      const reply = await site.get('/', { 'accept-encoding': 'gzip', 'if-none-match': headers.etag });

      expect([reply.status, reply.text, calls()]).toEqual([304, '', 1]);
    });

    it('in front, with a piece flushed at a time: the pieces are stored plain', async () => {
      const { site } = await siteWith(
        (app) => app.use(compression()),
        (_req, res) => {
          res.type('text');
          for (const piece of ['one ', 'two ', 'three ']) {
            res.write(piece.repeat(500));
            (res as unknown as { flush(): void }).flush();
          }
          res.end();
        },
      );

      const zipped = await site.get('/', { 'accept-encoding': 'gzip' });
      const plain = await site.get('/');

      expect(zipped.headers['content-encoding']).toBe('gzip');
      expect([plain.text.length, plain.isHit]).toEqual([7_000, true]);
    });

    it('in front: HEAD of a stored response', async () => {
      const { site } = await siteWith((app) => app.use(compression()), send);
      await site.get('/');

      const head = await site.ask('/', { method: 'HEAD' });

      expect([head.status, head.body.length, head.isHit]).toEqual([200, 0, true]);
    });
  });

  describe('a stack of them', () => {
    it('in any order leaves a public page stored, and its answers as they would be without a cache', async () => {
      const stack = [
        () => helmet(),
        () => cors({ origin: ['https://a.example'] }),
        () => compression({ threshold: 0 }),
        () => morgan('tiny', { stream: { write: () => {} } }),
        () => cookieParser(),
      ];
      for (let first = 0; first < stack.length; first++) {
        const order = [...stack.slice(first), ...stack.slice(0, first)];
        const front = (app: Express) => void order.map((make) => app.use(make()));
        const { site, bare, calls } = await siteWith(front);
        const visitor = { cookie: 'a=b', origin: 'https://a.example', 'accept-encoding': 'gzip' };

        const original = lasting(await bare.get('/', visitor));
        const miss = lasting(await site.get('/', visitor));
        const hit = await site.get('/', visitor);

        expect(miss).toEqual(original);
        expect(lasting(hit)).toEqual(original);
        expect([hit.isHit, calls()]).toEqual([true, 1]);
      }
    });
  });

  /** Middleware in front of the cached part or inside it, for `siteWith`. */
  function placed(where: string, middleware: RequestHandler): Parameters<typeof siteWith> {
    return where === 'in front'
      ? [(app) => app.use(middleware)]
      : [() => {}, (_req, res) => void res.send('page'), (app) => app.use(middleware)];
  }

  async function siteWith(
    front: (app: Express) => unknown,
    handler: RequestHandler = (_req, res) => void res.send('page'),
    inside: (app: Express) => unknown = () => {},
  ) {
    let calls = 0;
    const bare = express();
    front(bare);
    inside(bare);
    bare.get('/', handler);
    const app = express();
    front(app);
    app.use(cachePage({ ttl: 60, cache: makeCache() }));
    inside(app);
    app.get(
      '/',
      (_req, _res, next) => {
        calls++;
        next();
      },
      handler,
    );
    return { site: await serve(app), bare: await serve(bare), calls: () => calls };
  }
});
