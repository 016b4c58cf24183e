import { once } from 'node:events';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from '@viewcache/express';
import type { Express, NextFunction, Request, Response } from 'express';
import { closeAll, get, listen } from './serve.js';
import { versions } from './versions.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viewcache-'));
  await writeFile(join(folder, 'file.txt'), 'a file of twenty-six bytes');
  await utimes(join(folder, 'file.txt'), 1_700_000_000, 1_700_000_000);
  await writeFile(join(folder, 'page.ejs'), '<h1><%= title %></h1>');
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(closeAll);

describe.each(versions)('answers under createServer are those of app.listen, %s', (_name, express) => {
  function build(): Express {
    const app = express();
    app.set('views', folder).set('view engine', 'ejs');
    const router = express.Router();
    router.get('/:id', (req, res) => res.json({ id: req.params['id'], base: req.baseUrl, route: req.route.path }));
    app.use('/router', router);
    app.get('/json', (_req, res) => res.json({ a: [1, 2, 3] }));
    app.get('/jsonp', (_req, res) => res.jsonp({ a: 1 }));
    app.get('/send', (_req, res) => res.send('<p>text</p>'));
    app.get('/buffer', (_req, res) => res.send(Buffer.from('bytes')));
    app.get('/end', (_req, res) => res.end('end'));
    app.get('/write', (_req, res) => {
      res.write('one ');
      res.end('two');
    });
    app.get('/head', (_req, res) => {
      res.writeHead(203, 'Mine', ['x-raw', 'yes']);
      res.end('written');
    });
    app.get('/redirect', (_req, res) => res.redirect(303, '/json'));
    app.get('/file', (_req, res) => res.sendFile(join(folder, 'file.txt')));
    app.get('/download', (_req, res) => res.download(join(folder, 'file.txt')));
    app.use('/static', express.static(folder));
    app.get('/render', (_req, res) => res.render('page', { title: 'A & B' }));
    app.get('/cookie', (_req, res) => res.cookie('a', '1').sendStatus(204));
    app.post('/body', express.json(), (req, res) => res.json(req.body));
    app.get('/query', (req, res) =>
      res.json([req.query['a'], req.path, req.hostname, req.protocol, req.secure, req.xhr]),
    );
    app.get('/accepts', (req, res) =>
      res
        .vary('Accept')
        .type(String(req.accepts(['json', 'html'])))
        .end(),
    );
    app.get('/throw', () => {
      throw Object.assign(new Error('no tea'), { status: 418 });
    });
    app.get('/next', (_req, _res, next) => next(new Error('passed on')));
    app.use((error: Error & { status?: number }, _req: Request, res: Response, _next: NextFunction) => {
      res.status(error.status ?? 500).send(error.message);
    });
    return app;
  }

  const requests: [path: string, status: number, options: RequestOptions][] = [
    ['/router/7', 200, {}],
    ['/json', 200, {}],
    ['/json', 200, { method: 'HEAD' }],
    ['/json', 200, { method: 'OPTIONS' }],
    ['/json', 404, { method: 'DELETE' }],
    ['/json', 304, { headers: { 'if-none-match': '*' } }],
    ['/jsonp?callback=go', 200, {}],
    ['/send', 200, {}],
    ['/buffer', 200, {}],
    ['/end', 200, {}],
    ['/write', 200, {}],
    ['/write', 200, { method: 'HEAD' }],
    ['/head', 203, {}],
    ['/redirect', 303, {}],
    ['/file', 200, {}],
    ['/file', 206, { headers: { range: 'bytes=2-5' } }],
    ['/file', 200, { method: 'HEAD' }],
    ['/download', 200, {}],
    ['/static/file.txt', 200, {}],
    ['/render', 200, {}],
    ['/cookie', 204, {}],
    ['/query?a=1&a=2', 200, { headers: { host: 'example.com', 'x-requested-with': 'XMLHttpRequest' } }],
    ['/accepts', 200, { headers: { accept: 'text/html' } }],
    ['/throw', 418, {}],
    ['/next', 500, {}],
    ['/nothing', 404, {}],
  ];

  it.each(requests)('%s (%i) %j', async (path, status, options) => {
    const app = build();
    const listened = await get(await listen(app.listen(0, '127.0.0.1')), path, options);
    const created = await get(await listen(createServer(build())), path, options);
    expect(created).toEqual(listened);
    expect(created.status).toBe(status);
  });

  it('reads a JSON body', async () => {
    const port = await listen(createServer(build()));
    const res = await fetch(`http://127.0.0.1:${port}/body`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"deep":{"a":[1]}}',
    });
    expect(await res.text()).toBe('{"deep":{"a":[1]}}');
  });

  it('emits finish and close with the head as it was sent', async () => {
    const app = express();
    const ended = new Promise<unknown>((resolve) => {
      app.get('/', (_req, res) => {
        const events: string[] = [];
        res.on('finish', () => events.push(`finish ${res.statusCode} ${res.statusMessage} ${res.headersSent}`));
        res.on('close', () => resolve([...events, `close ${res.writableEnded}`]));
        res.status(202).send('later');
      });
    });
    await get(await listen(createServer(app)), '/');
    expect(await ended).toEqual(['finish 202 Accepted true', 'close true']);
  });

  it('emits close without finish when the client goes away', async () => {
    const app = express();
    const entered = new Promise<Response>((resolve) => {
      app.get('/', (_req, res) => resolve(res));
    });
    const port = await listen(createServer(app));
    const client = new AbortController();
    const fetching = fetch(`http://127.0.0.1:${port}/`, { signal: client.signal }).catch((error: Error) => error.name);
    const res = await entered;
    const closed = once(res, 'close');
    client.abort();
    expect(await fetching).toBe('AbortError');
    await closed;
    expect(res.writableFinished).toBe(false);
  });
});
