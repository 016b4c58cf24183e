import { describe, expect, it } from '@jest/globals';
import { isRefresh } from '@viewcache/core';
import compression from 'compression';
import type { Request, RequestHandler, Response } from 'express';
import session from 'express-session';
import helmet from 'helmet';
import morgan from 'morgan';
import { gate } from '../support/gate.js';
import { closeAfterEach, type Site } from '../support/site.js';
import { Connection } from './connection.js';
import { slowAtSecond, staleSite, ways } from './stale-site.js';

closeAfterEach();

const MINUTE = 60_000;

/** More than any socket buffers on the way. */
const HUGE = 16 * 1024 ** 2;

/** A visitor who asks and reads nothing. */
async function neverReading(site: Site): Promise<Connection> {
  const connection = await Connection.to(site);
  connection.ask('/');
  return connection;
}

describe.each(ways)('the visitor behind whose answer a refresh runs, on %s', (...way) => {
  it('passes middleware in front once: a log, a limiter, a session, compression', async () => {
    const lines: string[] = [];
    const saved: string[] = [];
    let limited = 0;
    const limiter: RequestHandler = (_req, res, next) => {
      res.setHeader('RateLimit-Remaining', 10 - ++limited);
      next();
    };
    class Saves extends session.MemoryStore {
      override set(...args: Parameters<session.MemoryStore['set']>): void {
        saved.push(args[0]);
        super.set(...args);
      }
    }
    const { page, clock, next, site, runs } = await staleSite(way, {
      staleWhileRevalidate: 30,
      front: [
        morgan(':method :url :status', { stream: { write: (line) => void lines.push(line.trim()) } }),
        helmet(),
        session({ secret: 's', resave: true, saveUninitialized: false, store: new Saves() }),
        (req, _res, proceed) => {
          Object.assign(req.session, { seen: true });
          proceed();
        },
        compression({ threshold: 0 }),
        limiter,
      ],
    });
    const first = await site.get('/');
    const cookie = String(first.headers['set-cookie']).split(';')[0] ?? '';
    await page('/', { cookie });
    clock.advance(MINUTE);
    for (const them of [lines, saved]) them.splice(0);
    limited = 0;

    const stored = next('stored');
    const stale = await site.get('/', { cookie, 'accept-encoding': 'gzip' });
    await stored;

    expect([stale.status, stale.headers['content-encoding'], stale.headers['ratelimit-remaining']]).toEqual([
      200,
      'gzip',
      '9',
    ]);
    expect([lines, limited, saved.length]).toEqual([['GET / 200'], 1, 1]);
    expect(runs.filter((run) => run === 'refresh')).toHaveLength(1);
    // What the refresh stored is what any visitor gets, with the fields of his own middleware.
    const hit = await site.get('/', { cookie });
    expect([hit.text, hit.headers['content-encoding'], hit.headers['ratelimit-remaining']]).toEqual([
      `run ${runs.length}`,
      undefined,
      '8',
    ]);
    expect(hit.headers['content-security-policy']).toBeDefined();
    expect([lines.length, limited, saved.length]).toEqual([2, 2, 2]);
  });

  it.each<[string, (req: Request, res: Response) => void]>([
    ['destroys its response', (_req, res) => void res.destroy(new Error('on purpose'))],
    ['destroys its request', (req) => void req.destroy(new Error('on purpose'))],
    ["destroys the request's socket", (req) => void req.socket.destroy()],
    ["destroys the response's socket", (_req, res) => void res.socket?.destroy()],
    ['ends its socket', (req) => void req.socket.end()],
    ['sets timeouts', (req, res) => void [req.setTimeout(1), res.setTimeout(1), req.socket.setTimeout(1)]],
    ['throws', () => void JSON.parse('{')],
    ['throws after its head', (_req, res) => void [res.write('x'), JSON.parse('{')]],
    ['never ends', () => {}],
  ])('keeps his connection when the refresh %s', async (_what, harm) => {
    const { clock, next, site } = await staleSite(way, {
      staleWhileRevalidate: 30,
      handler: (req, res, run) => {
        if (isRefresh(req)) harm(req, res);
        else res.send(`run ${run}`);
      },
    });
    await site.get('/');
    clock.advance(MINUTE);
    const connection = await Connection.to(site);
    const began = next('refresh');
    connection.ask('/');
    expect(await connection.text(/run 1/)).toContain('hit; ttl=0');
    await began;
    connection.ask('/other');
    expect(await connection.text(/run 3/)).toContain('fwd=uri-miss; stored');
    expect(connection.socket.destroyed).toBe(false);
    connection.close();
  });

  it('has his next request on the connection answered while the refresh runs, pipelined or not', async () => {
    const slow = gate();
    const { clock, next, site } = await staleSite(way, {
      staleWhileRevalidate: 30,
      handler: async (req, res, run) => {
        if (isRefresh(req)) await slow.passed;
        res.send(`run ${run}`);
      },
    });
    await site.get('/');
    clock.advance(MINUTE);
    const connection = await Connection.to(site);
    const stored = next('stored', 3);
    connection.ask('/', '/b');
    expect(await connection.text(/run 1.*run [23]/s)).toContain('fwd=uri-miss; stored');
    connection.ask('/c');
    expect(await connection.text(/run 4/)).toContain('fwd=uri-miss; stored');
    slow.open();
    await stored;
    connection.close();
  });

  it('gives the refresh to another when he does not read', async () => {
    const { clock, next, site, page } = await staleSite(way, {
      staleWhileRevalidate: 30,
      maxRefreshes: 1,
      maxBodyBytes: '32mb',
      handler: (req, res, run) => {
        if (run === 1) res.send(Buffer.alloc(HUGE));
        else res.send(`${req.path} run ${run}`);
      },
    });
    await site.get('/');
    clock.advance(MINUTE);
    const answered = next('hit');
    const lazy = await neverReading(site);
    await answered;
    clock.advance(249);
    const hits = next('hit');
    const second = await neverReading(site);
    await hits;
    clock.advance(1);
    const stored = next('stored');
    await site.get('/');
    await stored;
    expect(await page()).toBe('/ run 2 (hit; ttl=60)');
    for (const connection of [lazy, second]) connection.close();
  });

  it('may leave before he has been answered: the refresh runs all the same', async () => {
    const { clock, next, site, page } = await staleSite(way, {
      staleWhileRevalidate: 30,
      maxBodyBytes: '32mb',
      handler: (_req, res, run) => void res.send(run === 1 ? Buffer.alloc(HUGE) : `run ${run}`),
    });
    await site.get('/');
    clock.advance(MINUTE);
    const answered = next('hit');
    const lazy = await neverReading(site);
    await answered;
    const stored = next('stored');
    lazy.close();
    await stored;
    expect(await page()).toBe('run 2 (hit; ttl=60)');
  });
});

describe.each(ways)('what a refresh stores, on %s', (...way) => {
  it.each<[string, Record<string, string>, (res: Response, req: Request) => void, string]>([
    ['a cookie', {}, (res) => void res.cookie('a', '1'), 'set-cookie'],
    ['private', {}, (res) => void res.set('Cache-Control', 'private'), 'private'],
    ['identity', { cookie: 'a=1' }, (_res, req) => void req.headers.cookie, 'input'],
    ['an address', {}, (_res, req) => void req.socket.remoteAddress, 'input'],
    ['another status', {}, (res) => void res.status(404), 'status'],
    ['a body of the wrong length', {}, (res) => void res.set('Content-Length', '1'), 'content-length'],
  ])('is nothing that a miss could not have stored: %s', async (_what, headers, spoil, reason) => {
    const { page, clock, next, runs } = await staleSite(way, {
      staleWhileRevalidate: 30,
      handler: (req, res, run) => {
        if (isRefresh(req)) spoil(res, req);
        res.end(`run ${run}`);
      },
    });
    await page();
    clock.advance(MINUTE);
    const refused = next('refused');
    expect(await page('/', headers)).toBe('run 1 (hit; ttl=0)');
    expect(await refused).toMatchObject({ reason });
    // The handler has another answer by now: what is stored does not stand for it any more.
    expect(await page()).toBe('run 3 (fwd=miss; stored)');
    expect(runs).toEqual(['visit', 'refresh', 'visit']);
  });

  it('is nothing for a visitor whose session begins with the answer', async () => {
    const { page, clock, next, site, runs } = await staleSite(way, {
      staleWhileRevalidate: 30,
      front: [
        (req, res, proceed) => {
          if (req.headers['x-known'] === undefined) {
            const { writeHead } = res;
            res.writeHead = function (this: Response, ...args: [number]) {
              this.setHeader('Set-Cookie', 'sid=1');
              return writeHead.apply(this, args);
            } as typeof res.writeHead;
          }
          proceed();
        },
      ],
    });
    await page('/', { 'x-known': '1' });
    clock.advance(MINUTE);
    const stale = await site.get('/');
    expect([stale.text, stale.headers['set-cookie']]).toEqual(['run 1', ['sid=1']]);
    expect(runs).toEqual(['visit']);
    const stored = next('stored');
    await page('/', { 'x-known': '1' });
    await stored;
    expect(runs).toEqual(['visit', 'refresh']);
  });

  it.each<[string, string, Record<string, string>]>([
    ['HEAD', 'HEAD', {}],
    ['Range', 'GET', { range: 'bytes=0-1' }],
    ['Authorization', 'GET', { authorization: 'Bearer x' }],
  ])('is nothing on behalf of a request that may not fill: %s', async (_what, method, headers) => {
    const { page, clock, site, runs, next } = await staleSite(way, { staleWhileRevalidate: 30 });
    await page();
    clock.advance(MINUTE);
    const hit = next('hit');
    const reply = await site.ask('/', { method, headers });
    await hit;
    expect([200, 206]).toContain(reply.status);
    const stored = next('stored');
    await page();
    await stored;
    expect(runs).toEqual(['visit', 'refresh']);
  });

  it('is nothing when the key has changed meanwhile', async () => {
    const { slow, handler } = slowAtSecond();
    let tenant = 'one';
    const { page, clock, next, runs } = await staleSite(way, {
      staleWhileRevalidate: 30,
      key: () => tenant,
      handler,
    });
    await page();
    clock.advance(MINUTE);
    const began = next('refresh');
    await page();
    await began;
    tenant = 'two';
    const refused = next('refused');
    slow.open();
    expect(await refused).toMatchObject({ reason: 'key-changed' });
    expect(await page()).toBe('run 3 (fwd=uri-miss; stored)');
    tenant = 'one';
    expect(await page()).toBe('run 4 (fwd=stale; stored)');
    expect(runs).toHaveLength(4);
  });

  it('is nothing when other fields select it than selected what was answered with', async () => {
    const { page, clock, next } = await staleSite(way, {
      staleWhileRevalidate: 30,
      handler: (req, res, run) => {
        res.vary(isRefresh(req) ? 'x-a, x-b' : 'x-a');
        res.send(`run ${run}`);
      },
    });
    await page('/', { 'x-a': '1' });
    clock.advance(MINUTE);
    const refused = next('refused');
    await page('/', { 'x-a': '1', 'x-b': '1' });
    expect(await refused).toMatchObject({ reason: 'key-changed' });
  });

  it('is a variant of its own for each value of a selecting header', async () => {
    const { page, clock, next } = await staleSite(way, {
      staleWhileRevalidate: 30,
      handler: (req, res, run) => void res.vary('x-a').send(`${req.get('x-a')} run ${run}`),
    });
    await page('/', { 'x-a': '1' });
    await page('/', { 'x-a': '2' });
    clock.advance(MINUTE);
    const stored = next('stored');
    expect(await page('/', { 'x-a': '2' })).toBe('2 run 2 (hit; ttl=0)');
    await stored;
    expect(await page('/', { 'x-a': '2' })).toBe('2 run 3 (hit; ttl=60)');
    const other = next('stored');
    expect(await page('/', { 'x-a': '1' })).toBe('1 run 1 (hit; ttl=0)');
    await other;
    expect(await page('/', { 'x-a': '1' })).toBe('1 run 4 (hit; ttl=60)');
  });
});
