import { describe, expect, it } from '@jest/globals';
import { cachePage } from '@viewcache/express';
import type { Express, Response } from 'express';
import { expresses } from '../support/expresses.js';
import { gate } from '../support/gate.js';
import { closeAfterEach, makeCache, type Site, serve } from '../support/site.js';

closeAfterEach();

describe.each(expresses)('unsafe requests (RFC 9111 §4.4), on %s', (_version, express) => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s that succeeds invalidates its URL', async (method) => {
    const { site } = await siteWith((res) => void res.sendStatus(204));
    await fill(site, '/cities/1');

    await site.ask('/cities/1', { method });

    expect((await site.get('/cities/1')).isHit).toBe(false);
  });

  it.each([200, 201, 204, 303])('one answered with %i invalidates', async (status) => {
    const { site } = await siteWith((res) => void res.status(status).end());
    await fill(site, '/cities/1');

    await site.ask('/cities/1', { method: 'POST' });

    expect((await site.get('/cities/1')).isHit).toBe(false);
  });

  it.each([400, 401, 403, 404, 409, 422, 500, 503])('one answered with %i does not', async (status) => {
    const { site } = await siteWith((res) => void res.status(status).location('/cities/1').end());
    await fill(site, '/cities/1');

    await site.ask('/cities/1', { method: 'POST' });

    expect((await site.get('/cities/1')).isHit).toBe(true);
  });

  it.each(['/cities/1', ''])('one in absolute form (RFC 9112 §3.2.2) invalidates the path in it: %j', async (path) => {
    const { site } = await siteWith((res) => void res.sendStatus(204));
    await fill(site, path || '/');

    await site.exchange(
      `POST ${site.url}${path} HTTP/1.1\r\nHost: 127.0.0.1:${site.port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );

    expect((await site.get(path || '/')).isHit).toBe(false);
  });

  it.each(['OPTIONS', 'HEAD', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH'])(
    '%s, which is safe, does not',
    async (method) => {
      const { site } = await siteWith((res) => void res.location('/cities/1').sendStatus(200));
      await fill(site, '/cities/1');

      await site.ask('/cities/1', { method });

      expect((await site.get('/cities/1')).isHit).toBe(true);
    },
  );

  it.each(['M-SEARCH', 'PURGE', 'LOCK'])('%s, which nobody calls safe, does', async (method) => {
    const { site } = await siteWith((res) => void res.sendStatus(200));
    await fill(site, '/cities/1');

    await site.ask('/cities/1', { method });

    expect((await site.get('/cities/1')).isHit).toBe(false);
  });

  it('invalidates that URL alone: not another path, nor another query', async () => {
    const { site } = await siteWith((res) => void res.sendStatus(204));
    for (const path of ['/cities/1', '/cities/1?page=2', '/cities/10', '/cities']) await fill(site, path);

    await site.ask('/cities/1', { method: 'PUT' });

    expect((await site.get('/cities/1')).isHit).toBe(false);
    for (const path of ['/cities/1?page=2', '/cities/10', '/cities']) expect((await site.get(path)).isHit).toBe(true);
  });

  it('invalidates all variants of its URL, whatever the order of its query', async () => {
    const { site } = await siteWith((res) => void res.sendStatus(204));
    for (const language of ['en', 'fr']) {
      await site.get('/cities?a=1&b=2', { 'accept-language': language });
      expect((await site.get('/cities?a=1&b=2', { 'accept-language': language })).isHit).toBe(true);
    }

    await site.ask('/cities?b=2&a=1&utm_source=mail', { method: 'POST' });

    for (const language of ['en', 'fr']) {
      expect((await site.get('/cities?a=1&b=2', { 'accept-language': language })).isHit).toBe(false);
    }
  });

  it('invalidates on its own host only', async () => {
    const { site } = await siteWith((res) => void res.sendStatus(204));
    for (const host of ['a.example', 'b.example']) await site.get('/cities/1', { host });

    await site.ask('/cities/1', { method: 'PUT', headers: { host: 'a.example' } });

    expect((await site.get('/cities/1', { host: 'a.example' })).isHit).toBe(false);
    expect((await site.get('/cities/1', { host: 'b.example' })).isHit).toBe(true);
  });

  it.each<[string, (res: Response) => void]>([
    ['Location', (res) => void res.status(201).location('/cities/2').end()],
    ['Content-Location', (res) => void res.set('Content-Location', '/cities/2').end()],
    ['Location, relative to its URL', (res) => void res.status(201).location('2').end()],
    ['the target of a redirect', (res) => void res.redirect(303, '/cities/2')],
    ['Location that writeHead was given', (res) => void res.writeHead(201, { Location: '/cities/2' }).end()],
    ['Location that writeHead was given in a list', (res) => void res.writeHead(201, ['location', '/cities/2']).end()],
  ])('invalidates %s', async (_what, answer) => {
    const { site } = await siteWith(answer);
    await fill(site, '/cities/2');

    await site.ask('/cities/1', { method: 'POST' });

    expect((await site.get('/cities/2')).isHit).toBe(false);
  });

  it('invalidates no Location on another host (RFC 9111 §4.4)', async () => {
    const { site } = await siteWith((res) => void res.status(201).location('http://b.example/cities/2').end());
    await site.get('/cities/2', { host: 'b.example' });

    await site.ask('/cities/1', { method: 'POST', headers: { host: 'a.example' } });

    expect((await site.get('/cities/2', { host: 'b.example' })).isHit).toBe(true);
  });

  it('has invalidated by the time its client hears of its success', async () => {
    const mayEnd = gate();
    const { site } = await siteWith(async (res) => {
      res.write('saved');
      await mayEnd.passed;
      res.end();
    });
    await fill(site, '/cities/1');

    const response = await site.open('/cities/1', { method: 'POST' });
    const next = await site.get('/cities/1');
    mayEnd.open();
    response.resume();

    expect(next.isHit).toBe(false);
  });

  it('invalidates also when its client has gone before its handler succeeds', async () => {
    const isRunning = gate();
    const hasGone = gate();
    const isSaved = gate();
    const { site } = await siteWith(async (res) => {
      res.once('close', () => hasGone.open());
      isRunning.open();
      await hasGone.passed;
      res.send('saved');
      isSaved.open();
    });
    await fill(site, '/cities/1');

    const socket = await site.connect();
    socket.write(`PUT /cities/1 HTTP/1.1\r\nHost: 127.0.0.1:${site.port}\r\nContent-Length: 0\r\n\r\n`);
    await isRunning.passed;
    socket.destroy();
    await isSaved.passed;

    expect((await site.get('/cities/1')).isHit).toBe(false);
  });

  it('invalidates the URL whose route it takes, with a fragment', async () => {
    const { site } = await siteWith((res) => void res.sendStatus(204));
    await fill(site, '/cities/1');

    await site.ask('/cities/1#x', { method: 'PUT' });

    expect((await site.get('/cities/1')).isHit).toBe(false);
  });

  it.each(['x.test:80', 'X.Test', 'a/b'])('invalidates its URL and Location on a host spelt %s', async (host) => {
    const { site } = await siteWith((res) => void res.status(201).location('/cities/2').end());
    for (const path of ['/cities/1', '/cities/2']) await site.get(path, { host });

    await site.ask('/cities/1', { method: 'PUT', headers: { host } });

    expect((await site.get('/cities/1', { host })).isHit).toBe(false);
    if (host !== 'a/b') expect((await site.get('/cities/2', { host })).isHit).toBe(false);
  });

  it('keeps an answer that was being made meanwhile from being stored', async () => {
    const isRunning = gate();
    const mayAnswer = gate();
    let name = 'old';
    const app = express();
    app.use(cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/cities/1', async (_req, res) => {
      const read = name;
      if (read === 'old') {
        isRunning.open();
        await mayAnswer.passed;
      }
      res.send(read);
    });
    app.put('/cities/1', (_req, res) => {
      name = 'new';
      res.sendStatus(204);
    });
    const site = await serve(app);

    const old = site.get('/cities/1');
    await isRunning.passed;
    await site.ask('/cities/1', { method: 'PUT' });
    mayAnswer.open();

    expect((await old).text).toBe('old');
    expect((await site.get('/cities/1')).text).toBe('new');
  });

  it('reaches what a router stored under its mount path', async () => {
    const app = express();
    const router = express.Router();
    router.use(cachePage({ ttl: 60, cache: makeCache() }));
    router.get('/:id', (req, res) => void res.send(`city ${req.params.id}`));
    router.put('/:id', (_req, res) => void res.sendStatus(204));
    app.use('/api/cities', router);
    const site = await serve(app);
    await fill(site, '/api/cities/1');

    await site.ask('/api/cities/1', { method: 'PUT' });

    expect((await site.get('/api/cities/1')).isHit).toBe(false);
  });

  async function siteWith(answer: (res: Response) => unknown) {
    const app: Express = express();
    app.use(cachePage({ ttl: 60, cache: makeCache() }));
    app.get(/.*/, (_req, res) => void res.vary('Accept-Language').send('city'));
    app.use((_req, res) => void answer(res));
    return { site: await serve(app) };
  }

  async function fill(site: Site, path: string): Promise<void> {
    await site.get(path);
    expect((await site.get(path)).isHit).toBe(true);
  }
});
