import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import ejs from 'ejs';
import express5, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, lasting, makeCache, serve } from '../support/site.js';

closeAfterEach();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'viewcache-answering-'));
  writeFileSync(join(folder, 'report.txt'), 'all cities\n');
  writeFileSync(join(folder, 'city.ejs'), '<h1><%= name %></h1>');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(expresses)('every way of answering, on %s', (_version, express) => {
  const ways: readonly (readonly [way: string, path: string, handler: RequestHandler])[] = [
    ['res.json', '/', (_req, res) => void res.json({ name: 'Łódź', list: [1, null, 'two'] })],
    ['res.send of text', '/', (_req, res) => void res.send('<p>Łódź</p>')],
    ['res.send of a Buffer', '/', (_req, res) => void res.send(Buffer.from([0, 255, 16, 0]))],
    ['res.send of a Buffer with a type', '/', (_req, res) => void res.type('png').send(Buffer.from([137, 80]))],
    ['res.send of an object', '/', (_req, res) => void res.send({ name: 'Łódź' })],
    ['res.send of nothing', '/', (_req, res) => void res.send()],
    ['res.jsonp with a callback', '/?callback=show', (_req, res) => void res.jsonp({ name: 'Łódź' })],
    ['res.jsonp without one', '/', (_req, res) => void res.jsonp({ name: 'Łódź' })],
    ['res.type and res.links', '/', (_req, res) => void res.type('xml').links({ next: '/2' }).send('<a/>')],
    ['res.render', '/', (_req, res) => void res.render('city', { name: 'Łódź' })],
    ['res.sendFile with maxAge', '/', (_req, res) => res.sendFile('report.txt', { root: folder, maxAge: '1h' })],
    ['res.download with maxAge', '/', (_req, res) => download(res, folder, { maxAge: 3_600_000 })],
    ['res.end of nothing', '/', (_req, res) => void res.end()],
    ['res.end of text', '/', (_req, res) => void res.end('Łódź')],
    ['res.end of bytes', '/', (_req, res) => void res.end(new Uint8Array([1, 0, 255]))],
    ['res.end with a callback alone', '/', (_req, res) => void res.end(() => {})],
    ["res.end of text, 'latin1' and a callback", '/', (_req, res) => void res.end('\u00e9', 'latin1', () => {})],
    ["res.end of text, 'HEX'", '/', (_req, res) => void res.end('00ff', 'HEX' as 'hex')],
    [
      'res.write of chunks in several encodings',
      '/',
      (_req, res) => {
        res.write('Łó');
        res.write('c5ba', 'hex');
        res.write(Buffer.from([0, 1]), () => {});
        res.write('AAE=', 'base64', () => {});
        res.end('\u00e9', 'latin1');
      },
    ],
    [
      'res.write from a buffer that is used again',
      '/',
      (_req, res) => {
        const buffer = Buffer.alloc(4, 'a');
        res.write(buffer, () => {
          buffer.fill('b');
          res.end(buffer);
        });
      },
    ],
    [
      'res.writeHead with an object',
      '/',
      (_req, res) => void res.set('X-Set', 'a').writeHead(200, { 'Content-Type': 'text/x', 'X-Given': 'b' }).end('x'),
    ],
    [
      'res.writeHead with a reason and a list',
      '/',
      (_req, res) => void res.writeHead(200, 'OK', ['Content-Type', 'text/x', 'X-Given', 'b']).end('x'),
    ],
    [
      'res.writeHead with a Content-Length',
      '/',
      (_req, res) => void res.writeHead(200, { 'Content-Length': '3' }).end('abc'),
    ],
    [
      'res.flushHeaders, then res.end',
      '/',
      (_req, res) => {
        res.flushHeaders();
        res.end('late');
      },
    ],
    ['a stream piped in', '/', (_req, res) => void Readable.from(['one ', 'two ', 'three']).pipe(res)],
    [
      'a pipeline of large chunks',
      '/',
      async (_req, res) => await pipeline(Readable.from([Buffer.alloc(70_000, 'a'), Buffer.alloc(70_000, 'b')]), res),
    ],
    [
      'an async handler',
      '/',
      async (_req, res) => {
        await Promise.resolve();
        res.json({ name: 'Łódź' });
      },
    ],
    ['a handler that answers later', '/', (_req, res) => void setImmediate(() => res.send('later'))],
  ];

  it.each(ways)('%s: the miss is as without a cache, and the hit as the miss', async (_way, path, handler) => {
    const { cached, bare, calls } = await twice(handler);

    const original = await bare.get(path);
    const miss = await cached.get(path);
    const hit = await cached.get(path);

    expect(original.status).toBe(200);
    expect(lasting(miss, original)).toEqual(lasting(original));
    expect(lasting(hit, original)).toEqual(lasting(original));
    expect([miss.isHit, hit.isHit, calls()]).toEqual([false, true, 1]);
    expect(hit.headers['content-length']).toBe(String(original.body.length));
    expect(hit.headers.age).toBe('0');
  });

  it.each(ways)('%s: HEAD is answered with the head of the stored GET', async (_way, path, handler) => {
    const { cached, calls } = await twice(handler);
    const { headers } = await cached.get(path);

    const head = await cached.ask(path, { method: 'HEAD' });

    expect(head.isHit).toBe(true);
    expect(head.body).toHaveLength(0);
    expect(head.headers['content-type']).toBe(headers['content-type']);
    expect(calls()).toBe(1);
  });

  it.each<[string, RequestHandler]>([
    ['res.redirect', (_req, res) => void res.redirect('/elsewhere')],
    ['res.redirect 301', (_req, res) => void res.redirect(301, '/elsewhere')],
    ['res.sendStatus', (_req, res) => void res.sendStatus(404)],
    ['res.sendFile with its default max-age=0', (_req, res) => res.sendFile('report.txt', { root: folder })],
    ['res.sendFile of nothing', (_req, res) => res.sendFile('absent.txt', { root: folder })],
    ['res.download with its default max-age=0', (_req, res) => download(res, folder)],
    ['next(error)', (_req, _res, next) => next(Object.assign(new Error('broken'), { status: 503 }))],
    ['next() into nothing', (_req, _res, next) => next()],
    [
      'a thrown error',
      () => {
        throw Object.assign(new Error('broken'), { status: 500 });
      },
    ],
    ['a template that fails', (_req, res) => void res.render('city', {})],
  ])('%s is answered as without a cache, each time by the handler', async (_way, handler) => {
    const { cached, bare, calls } = await twice(handler);

    const original = await bare.get('/');
    for (let turn = 0; turn < 2; turn++) expect(lasting(await cached.get('/'), original)).toEqual(lasting(original));
    expect(calls()).toBe(2);
  });

  it('keeps a redirect where statuses names it', async () => {
    const { cached, calls } = await twice((_req, res) => void res.redirect(301, '/elsewhere'), { statuses: [301] });

    const miss = await cached.get('/', { accept: 'text/html' });
    const hit = await cached.get('/', { accept: 'text/html' });

    expect(hit.isHit).toBe(true);
    expect([hit.status, hit.headers.location, calls()]).toEqual([301, '/elsewhere', 1]);
    expect(lasting(hit, miss)).toEqual(lasting(miss));
    // res.redirect writes what Accept asks for.
    expect((await cached.get('/', { accept: 'text/plain' })).headers['content-type']).toMatch(/^text\/plain/);
  });

  it('has a stored response for each callback of res.jsonp', async () => {
    const { cached } = await twice((_req, res) => void res.jsonp([1]));

    const texts = [];
    for (const path of ['/?callback=a', '/?callback=b', '/?callback=a']) texts.push((await cached.get(path)).text);

    expect(texts[0]).toContain('a([1])');
    expect(texts[1]).toContain('b([1])');
    expect(texts[2]).toBe(texts[0]);
  });

  it('sends a range of a file to whoever asks for one, and the stored whole to others', async () => {
    const { cached } = await twice((_req, res) => res.sendFile('report.txt', { root: folder, maxAge: '1h' }));

    const part = await cached.get('/', { range: 'bytes=0-2' });
    const whole = await cached.get('/');
    const hit = await cached.get('/');

    expect([part.status, part.text]).toEqual([206, 'all']);
    expect([whole.text, hit.text, hit.isHit]).toEqual(['all cities\n', 'all cities\n', true]);
  });

  it('answers If-None-Match of a file by 304 on a cold key, from the whole that it stores', async () => {
    const { cached, bare, calls } = await twice((_req, res) =>
      res.sendFile('report.txt', { root: folder, maxAge: '1h' }),
    );
    const { etag } = (await bare.get('/')).headers;

    const cold = await cached.get('/', { 'if-none-match': etag });
    const hit = await cached.get('/');

    expect([cold.status, cold.text]).toEqual([304, '']);
    expect([hit.status, hit.text, hit.isHit, calls()]).toEqual([200, 'all cities\n', true, 1]);
  });

  it('stores nothing of a stream that breaks off', async () => {
    let calls = 0;
    const { cached } = await twice((_req, res) => {
      calls++;
      if (calls > 1) {
        res.end('whole');
        return;
      }
      res.write('ha');
      setImmediate(() => res.destroy());
    });

    await expect(cached.get('/')).rejects.toThrow();
    expect((await cached.get('/')).text).toBe('whole');
    expect((await cached.get('/')).isHit).toBe(true);
  });

  it('stores nothing that is shorter than its Content-Length says', async () => {
    const { cached, calls } = await twice((_req, res) => void res.writeHead(200, { 'Content-Length': '5' }).end('ab'));
    const ask = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

    expect(await cached.exchange(ask)).toMatch(/\r\n\r\nab$/);
    expect(await cached.exchange(ask)).not.toMatch(/viewcache; hit/);
    expect(calls()).toBe(2);
  });

  it('stores what writeHead was given in a list, over what was set', async () => {
    const { cached } = await twice((_req, res) => {
      res.set({ 'X-Two': 'none', 'X-Kept': 'kept' });
      res.writeHead(200, ['x-two', 'a', 'Vary', 'Accept']).end('x');
    });

    const miss = await cached.get('/');
    const hit = await cached.get('/');

    expect(miss.headers).toMatchObject({ 'x-two': 'a', 'x-kept': 'kept', vary: 'Accept' });
    expect([lasting(hit, miss), hit.isHit]).toEqual([lasting(miss), true]);
  });

  it('stores nothing that has trailers', async () => {
    const { cached, calls } = await twice((_req, res) => {
      res.setHeader('Trailer', 'X-Sum');
      res.write('text');
      res.addTrailers({ 'X-Sum': '1' });
      res.end();
    });

    await cached.get('/');
    expect((await cached.get('/')).isHit).toBe(false);
    expect(calls()).toBe(2);
  });

  it('lets an interim response through to each visitor, and stores the final one', async () => {
    const { cached } = await twice((_req, res) => {
      res.writeEarlyHints({ link: '</style.css>; rel=preload' });
      res.send('page');
    });
    const ask = `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;

    const miss = await cached.exchange(ask);
    const hit = await cached.exchange(ask);

    expect(miss).toMatch(/^HTTP\/1\.1 103 Early Hints/);
    expect(miss).toMatch(/HTTP\/1\.1 200 OK/);
    expect(hit).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(hit).toMatch(/Cache-Status: viewcache; hit/i);
  });

  /** The same handler behind a cache and without one; `calls` counts both. */
  async function twice(handler: RequestHandler, options: Partial<CachePageOptions> = {}) {
    let calls = 0;
    const counting: RequestHandler = (req, res, next) => {
      calls++;
      return handler(req, res, next);
    };
    const bare = await serve(appWith((app) => app.get('/', handler)));
    const cached = await serve(
      appWith((app) => app.get('/', cachePage({ ttl: 60, cache: makeCache(), ...options }), counting)),
    );
    return { cached, bare, calls: () => calls };
  }

  function appWith(mount: (app: Express) => void): Express {
    const app = express();
    app.set('env', 'test');
    app.set('views', folder);
    app.engine('ejs', ejs.renderFile);
    app.set('view engine', 'ejs');
    mount(app);
    const answerError: ErrorRequestHandler = (error: Error & { status?: number }, _req, res, _next) => {
      res.status(error.status ?? 500).send(error.name);
    };
    app.use(answerError);
    return app;
  }
});

describe('errors of async handlers, on Express 5', () => {
  it('are answered with 500 by the app and not stored', async () => {
    let calls = 0;
    const app = express5();
    app.set('env', 'test');
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), async (_req, res) => {
      await Promise.resolve();
      if (++calls === 1) throw new Error('broken');
      res.send('well');
    });
    const site = await serve(app);

    const replies = [await site.get('/'), await site.get('/'), await site.get('/')];

    expect(replies.map(({ status, isHit }) => [status, isHit])).toEqual([
      [500, false],
      [200, false],
      [200, true],
    ]);
  });
});

function download(res: Response, root: string, options: { maxAge?: number } = {}): void {
  res.download(join(root, 'report.txt'), 'cities.txt', options);
}
