import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@viewcache/core/testing';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import type { Express, RequestHandler, Response } from 'express';
import { expresses } from '../support/expresses.js';
import { countdown, gate } from '../support/gate.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

describe.each(expresses)('who waits for the answer of another, on %s', (_version, express) => {
  it('goes to its own handler as soon as the head says that nothing will be stored', async () => {
    const { site, waiters } = await streaming((res) => void res.set('Cache-Control', 'no-cache').write('first '));

    const leader = await site.open('/');
    const waiter = await site.open('/');

    expect([leader.statusCode, waiter.statusCode]).toEqual([200, 200]);
    expect(waiters()).toBe(2);
  });

  it('goes to its own handler as soon as a body is larger than may be stored', async () => {
    const { site, waiters, both } = await streaming(
      async (res) => {
        res.write('first ');
        await both.passed;
        res.write('x'.repeat(2_000));
      },
      { maxBodyBytes: 1_000 },
    );

    await site.open('/');
    const waiter = site.open('/');

    expect((await waiter).statusCode).toBe(200);
    expect(waiters()).toBe(2);
  });

  it('goes to its own handler after collapseTimeout, however long the other may take', async () => {
    const clock = new FakeClock();
    const { site, waiters, both } = await streaming((res) => void res.write('first '), {
      cache: makeCache({ clock, collapseTimeout: '3s' }),
    });

    await site.open('/');
    const waiter = site.open('/');
    await both.passed;
    expect(waiters()).toBe(1);
    clock.advance(3_000);

    expect((await waiter).statusCode).toBe(200);
    expect(waiters()).toBe(2);
  });

  it('is left alone when something in front has answered it meanwhile; the others are answered', async () => {
    const waiting: Response[] = [];
    const all = countdown(4);
    const app = express();
    app.use((_req, res, next) => {
      waiting.push(res);
      next();
      all.count();
    });
    let calls = 0;
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), async (_req, res) => {
      calls++;
      await all.passed;
      waiting[1]?.status(503).send('too slow');
      res.send('page');
    });
    const site = await serve(app);

    const replies = await Promise.all([site.get('/'), site.get('/'), site.get('/'), site.get('/')]);

    expect(replies.map(({ text }) => text).sort()).toEqual(['page', 'page', 'page', 'too slow']);
    expect(calls).toBe(1);
  });

  it('is forgotten when its client goes', async () => {
    const isAwaited = countdown(3);
    const left = gate();
    const app = express();
    let calls = 0;
    app.use((req, res, next) => {
      if (req.get('x-leaves') !== undefined) res.once('close', () => left.open());
      next();
      isAwaited.count();
    });
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), async (_req, res) => {
      calls++;
      await left.passed;
      res.send('page');
    });
    const site = await serve(app);

    const asked = [site.get('/')];
    const leaving = await site.connect();
    leaving.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${site.port}\r\nX-Leaves: yes\r\n\r\n`);
    asked.push(site.get('/'));
    await isAwaited.passed;
    leaving.destroy();
    const replies = await Promise.all(asked);

    expect(replies.map(({ text }) => text)).toEqual(['page', 'page']);
    expect(calls).toBe(1);
  });

  it('runs its handler, if it has to, in its own asynchronous context', async () => {
    const visitors = new AsyncLocalStorage<string>();
    const all = countdown(5);
    const app = express();
    app.use((req, _res, next) => {
      visitors.run(req.get('x-visitor') ?? '', next);
      all.count();
    });
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), async (_req, res) => {
      await all.passed;
      res.set('Cache-Control', 'private').send(visitors.getStore());
    });
    const site = await serve(app);

    const names = ['alice', 'bob', 'carol', 'dave', 'eve'];
    const replies = await Promise.all(names.map((name) => site.get('/', { 'x-visitor': name })));

    expect(replies.map(({ text }) => text)).toEqual(names);
  });

  it('gets an answer that says that it was shared (RFC 9211 §2.6)', async () => {
    const all = countdown(2);
    const app = express();
    app.use((_req, _res, next) => {
      next();
      all.count();
    });
    const cache = makeCache({ clock: new FakeClock() });
    app.get('/', cachePage({ ttl: 60, cache }), async (_req, res) => {
      await all.passed;
      res.send('page');
    });
    const site = await serve(app);

    const replies = await Promise.all([site.get('/'), site.get('/')]);

    expect(replies.map(({ headers }) => headers['cache-status']).sort()).toEqual([
      'viewcache; fwd=uri-miss; collapsed; ttl=60',
      'viewcache; fwd=uri-miss; stored',
    ]);
  });

  /** An app whose handler begins to answer and does not end; it ends with its server. */
  async function streaming(begin: (res: Response) => unknown, options: Partial<CachePageOptions> = {}) {
    let calls = 0;
    const handler: RequestHandler = async (_req, res) => {
      calls++;
      await begin(res);
    };
    const both = countdown(2);
    const app: Express = express();
    app.use((_req, _res, next) => {
      next();
      both.count();
    });
    app.get('/', cachePage({ ttl: 60, cache: makeCache(), ...options }), handler);
    return { site: await serve(app), both, waiters: () => calls };
  }
});

describe.each(expresses)('fields that speak of one connection (RFC 9110 §7.6.1), on %s', (_version, express) => {
  it('are not stored, nor those that Connection names', async () => {
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
      res.set({ Connection: 'close, X-Hop', 'X-Hop': 'one', 'Keep-Alive': 'timeout=1', 'X-End': 'two' });
      res.set('Transfer-Encoding', 'chunked');
      res.end('page');
    });
    const site = await serve(app);

    await site.get('/');
    const hit = await site.get('/');

    expect([hit.isHit, hit.text]).toEqual([true, 'page']);
    expect(hit.headers).toMatchObject({ connection: 'keep-alive', 'content-length': '4', 'x-end': 'two' });
    for (const name of ['x-hop', 'transfer-encoding']) expect(hit.headers[name]).toBeUndefined();
    expect(hit.headers['keep-alive']).not.toBe('timeout=1');
  });

  it('of an answer that closes the connection do not close that of a hit', async () => {
    const app = express();
    app.get(
      '/',
      cachePage({ ttl: 60, cache: makeCache() }),
      (_req, res) => void res.set('Connection', 'close').send('page'),
    );
    const site = await serve(app);
    await site.get('/');
    const socket = await site.connect();
    const ask = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${site.port}\r\n\r\n`;

    const answers = [];
    for (let turn = 0; turn < 2; turn++) {
      socket.write(ask);
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      answers.push(chunk.toString());
    }
    socket.destroy();

    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});
