import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from '@jest/globals';
import compression from 'compression';
import type { Request, Response } from 'express';
import { countdown, gate } from '../support/gate.js';
import { closeAfterEach } from '../support/site.js';
import { Connection } from './connection.js';
import { staleSite, ways } from './stale-site.js';

closeAfterEach();

const MINUTE = 60_000;

function failing(): Readable {
  return new Readable({
    read() {
      this.destroy(new Error('late'));
    },
  });
}

describe.each(ways)('softTimeout, on %s', (...way) => {
  /** A site whose second run waits for the gate before and after it has set what it sets. */
  async function slowSite(late: (req: Request, res: Response) => unknown, more: object = {}) {
    const begun = gate();
    const slow = gate();
    const done = gate();
    const errors: unknown[] = [];
    const site = await staleSite(way, {
      staleIfError: '1h',
      softTimeout: '200ms',
      front: [
        (_req, res, proceed) => {
          res.setHeader('X-Front', '1');
          proceed();
        },
      ],
      ...more,
      handler: async (req, res, run) => {
        if (run !== 2) {
          res.set('X-Old', '1').send(`run ${run}`);
          return;
        }
        res.set('X-Own', '1').status(203);
        begun.open();
        await slow.passed;
        try {
          await late(req, res);
        } catch (error) {
          errors.push(error);
        }
        done.open();
      },
    });
    /** What a visitor gets whom the handler keeps waiting, when the first answer has become stale. */
    const keptWaiting = async (): Promise<string> => {
      await site.page();
      site.clock.advance(MINUTE);
      const visitor = site.page();
      await begun.passed;
      site.clock.advance(200);
      return await visitor;
    };
    return { ...site, begun, slow, done, errors, keptWaiting };
  }

  it('answers from what is stored, to the millisecond, with nothing that the handler has set', async () => {
    const { page, clock, site, begun, next, slow, runs } = await slowSite((_req, res) => res.send('late'), {
      statuses: [200, 203],
    });
    await page();
    clock.advance(MINUTE);
    const visitor = site.get('/');
    await begun.passed;
    const stale = next('stale');
    clock.advance(199);
    expect(runs).toHaveLength(2);
    clock.advance(1);
    expect(await stale).toMatchObject({ reason: 'timeout' });
    const { status, text, headers } = await visitor;
    expect([status, text, headers['cache-status']]).toEqual([200, 'run 1', 'viewcache; fwd=stale; ttl=0']);
    expect([headers['x-front'], headers['x-old'], headers['x-own']]).toEqual(['1', '1', undefined]);
    // The handler goes on, and what it answers is stored: status, fields and all.
    const stored = next('stored');
    slow.open();
    await stored;
    const hit = await site.get('/');
    expect([hit.status, hit.text, hit.headers['x-own'], hit.headers['x-old']]).toEqual([203, 'late', '1', undefined]);
    expect(hit.headers['cache-status']).toBe('viewcache; hit; ttl=60');
    expect(runs).toHaveLength(2);
  });

  it.each<[string, (req: Request, res: Response) => unknown, string]>([
    ['sends JSON', (_req, res) => res.json({ late: 1 }), '{"late":1}'],
    ['writes in pieces', (_req, res) => [res.write('la'), res.write(Buffer.from('te')), res.end()], 'late'],
    ['writes its head', (_req, res) => res.writeHead(200, { 'X-Late': '1' }).end('late'), 'late'],
    ['pipes', (_req, res) => pipeline(Readable.from(['la', 'te']), res), 'late'],
  ])('records a handler that %s late', async (_what, late, text) => {
    const { keptWaiting, next, slow, site, errors } = await slowSite((req, res) => {
      res.status(200);
      return late(req, res);
    });
    expect(await keptWaiting()).toBe('run 1 (fwd=stale; ttl=0)');
    const stored = next('stored');
    slow.open();
    await stored;
    expect((await site.get('/')).text).toBe(text);
    expect(errors).toEqual([]);
  });

  it.each<[string, (req: Request, res: Response) => unknown]>([
    ['throws', () => JSON.parse('{')],
    ['answers 500', (_req, res) => res.status(500).send('late')],
    ['destroys its response', (_req, res) => res.destroy(new Error('late'))],
    ['destroys its request', (req) => req.destroy(new Error('late'))],
    ["destroys the request's socket", (req) => req.socket.destroy()],
    ["destroys the response's socket", (_req, res) => res.socket?.destroy()],
    ['sets timeouts', (req, res) => [req.setTimeout(1), res.setTimeout(1), req.socket.setTimeout(1)]],
  ])("keeps the visitor's connection when a late handler %s", async (_what, late) => {
    const { page, clock, begun, slow, site, done } = await slowSite(late);
    await page();
    clock.advance(MINUTE);
    const connection = await Connection.to(site);
    connection.ask('/');
    await begun.passed;
    clock.advance(200);
    await connection.text(/run 1/);
    slow.open();
    await done.passed;
    connection.ask('/other');
    expect(await connection.text(/run 3/)).toContain('fwd=uri-miss; stored');
    connection.close();
  });

  /** What a handler does while its visitor is still being sent something else. */
  async function meanwhile(act: (req: Request, res: Response) => unknown) {
    const body = Buffer.alloc(16 * 1024 ** 2, 'o');
    const begun = gate();
    const slow = gate();
    const done = gate<unknown>();
    const all = await staleSite(way, {
      staleIfError: '1h',
      softTimeout: '200ms',
      maxBodyBytes: '32mb',
      handler: async (req, res, run) => {
        if (run === 1) {
          res.set('X-Old', '1').end(body);
          return;
        }
        if (run > 2) {
          res.send(`run ${run}`);
          return;
        }
        res.set('X-Own', '1').status(203);
        begun.open();
        await slow.passed;
        try {
          await act(req, res);
          done.open(undefined);
        } catch (error) {
          done.open(error);
        }
      },
    });
    await all.site.get('/');
    all.clock.advance(MINUTE);
    const connection = await Connection.to(all.site);
    connection.ask('/');
    await begun.passed;
    const stale = all.next('stale');
    all.clock.advance(200);
    await stale;
    return { ...all, connection, slow, done, body };
  }

  it('keeps what the handler does while the visitor is still being answered from him, and does it then', async () => {
    const seen: unknown[] = [];
    const { connection, slow, done, body, next, site, clock } = await meanwhile((_req, res) => {
      seen.push(res.headersSent, res.writableEnded, res.statusCode, res.getHeader('x-own'), res.getHeader('x-old'));
      res.status(200).set('X-Late', '1');
      seen.push(res.write('la'), res.headersSent, res.writableEnded, res.get('x-late'));
      res.end('te');
      seen.push(res.headersSent, res.writableEnded);
    });
    clock.advance(100);
    slow.open();
    expect(await done.passed).toBeUndefined();
    expect(seen).toEqual([false, false, 203, '1', undefined, true, true, false, '1', true, true]);
    const stored = next('stored');
    const sent = await connection.response(body.length);
    expect(sent.head).toContain('fwd=stale; ttl=0');
    expect(sent.head).not.toMatch(/x-own|x-late/i);
    expect(sent.body.equals(body)).toBe(true);
    await stored;
    const hit = await site.get('/');
    expect([hit.text, hit.isHit, hit.headers['x-own'], hit.headers['x-late']]).toEqual(['late', true, '1', '1']);
    connection.close();
  });

  it.each<[string, (req: Request, res: Response) => unknown]>([
    ['destroys its response', (_req, res) => res.destroy(new Error('late'))],
    ['destroys its request', (req) => req.destroy()],
    ["destroys the request's socket", (req) => req.socket.destroy()],
    ["destroys the response's socket", (_req, res) => res.socket?.destroy()],
    ["ends the response's socket", (_req, res) => res.socket?.end()],
    ['sets timeouts', (req, res) => [res.setTimeout(1), req.socket.setTimeout(1)]],
    ['pipes into it and fails', (_req, res) => pipeline(failing(), res).catch(() => {})],
    ['says more than is kept', (_req, res) => res.end(Buffer.alloc(33 * 1024 ** 2))],
  ])('sends the visitor all of his answer when the handler meanwhile %s', async (_what, act) => {
    const { connection, slow, done, body } = await meanwhile(act);
    slow.open();
    // It acts before anything is read, and may wait for the response to close.
    const sent = await connection.response(body.length);
    expect(await done.passed).toBeUndefined();
    expect(sent.body.equals(body)).toBe(true);
    connection.ask('/other');
    await connection.text(/run 3/);
    connection.close();
  });

  it('gives up on the handler of a visitor who does not read, and lets others have the next run', async () => {
    const { connection, slow, done, next, clock, page, runs } = await meanwhile((_req, res) =>
      res.status(200).end('late'),
    );
    const refused = next('refused');
    clock.advance(250);
    expect(await refused).toMatchObject({ reason: 'aborted' });
    slow.open();
    expect(await done.passed).toBeUndefined();
    clock.advance(1_000);
    const stored = next('stored');
    expect(await page()).toBe('run 3 (fwd=stale; stored)');
    await stored;
    expect(runs).toHaveLength(3);
    connection.close();
  });

  it('has those who wait for another’s handler wait no longer either', async () => {
    const arrivals = countdown(4);
    const { page, clock, slow, next, runs } = await slowSite((_req, res) => res.status(200).send('late'), {
      front: [
        (_req: Request, _res: Response, proceed: () => void) => {
          proceed();
          arrivals.count();
        },
      ],
    });
    await page();
    clock.advance(MINUTE);
    const visitors = [page(), page(), page()];
    await arrivals.passed;
    clock.advance(200);
    const answers = await Promise.all(visitors);
    expect(answers.sort()).toEqual([
      'run 1 (fwd=stale; ttl=0)',
      'run 1 (fwd=uri-miss; collapsed; ttl=0)',
      'run 1 (fwd=uri-miss; collapsed; ttl=0)',
    ]);
    // Whoever comes now does not wait at all.
    expect(await page()).toBe('run 1 (hit; ttl=0)');
    const stored = next('stored');
    slow.open();
    await stored;
    expect(await page()).toBe('late (hit; ttl=60)');
    expect(runs).toHaveLength(2);
  });

  it('lets the handler have as long as it takes where nothing may answer instead', async () => {
    const { page, clock, begun, slow } = await slowSite((_req, res) => res.status(200).send('late'), {
      staleIfError: 0,
    });
    await page();
    clock.advance(MINUTE);
    const visitor = page();
    await begun.passed;
    clock.advance(10_000);
    slow.open();
    expect(await visitor).toBe('late (fwd=uri-miss; stored)');
  });

  it('leaves alone what has begun', async () => {
    const head = gate();
    const slow = gate();
    const { page, clock } = await staleSite(way, {
      staleIfError: '1h',
      softTimeout: '200ms',
      handler: async (_req, res, run) => {
        if (run === 1) {
          res.send('run 1');
          return;
        }
        res.write('be');
        head.open();
        await slow.passed;
        res.end('gun');
      },
    });
    await page();
    clock.advance(MINUTE);
    const visitor = page();
    await head.passed;
    clock.advance(5_000);
    slow.open();
    expect(await visitor).toBe('begun (fwd=stale)');
  });

  it('records what compression inside the cached part makes of a late answer', async () => {
    const { page, clock, begun, slow, next, site } = await slowSite(
      (_req, res) => res.status(200).type('text').send('late '.repeat(99)),
      { inside: [compression({ threshold: 0 })] },
    );
    const gzip = { 'accept-encoding': 'gzip' };
    await page('/', gzip);
    clock.advance(MINUTE);
    const visitor = site.get('/', gzip);
    await begun.passed;
    clock.advance(200);
    expect((await visitor).headers['content-encoding']).toBe('gzip');
    const stored = next('stored');
    slow.open();
    await stored;
    const hit = await site.get('/', gzip);
    expect([hit.isHit, hit.headers['content-encoding'], hit.body.length < 99]).toEqual([true, 'gzip', true]);
  });

  it.each<[string, (req: Request) => unknown, string]>([
    ['address', (req) => req.socket.remoteAddress, 'socket.remoteAddress'],
    ['cookie', (req) => req.headers.cookie, 'header cookie'],
  ])('stores nothing of a late handler that asks for the %s of its visitor', async (_what, look, detail) => {
    const { keptWaiting, slow, next } = await slowSite((req, res) => {
      look(req);
      res.status(200).send('late');
    });
    await keptWaiting();
    const refused = next('refused');
    slow.open();
    expect(await refused).toMatchObject({ reason: 'input', detail });
  });

  it('gives a late handler up after refreshTimeout', async () => {
    const { page, clock, keptWaiting, next } = await slowSite(() => new Promise(() => {}), { refreshTimeout: 5 });
    await keptWaiting();
    const refused = next('refused');
    clock.advance(5_000);
    expect(await refused).toMatchObject({ reason: 'aborted' });
    expect(await page()).toBe('run 1 (hit; ttl=-5)');
    clock.advance(2_000);
    expect(await page()).toBe('run 3 (fwd=stale; stored)');
  });
});

describe.each(ways)('hardTimeout, on %s', (...way) => {
  it('answers 504 where nothing is stored, and stores what the handler answers late', async () => {
    const begun = gate();
    const slow = gate();
    const { page, clock, next, site } = await staleSite(way, {
      hardTimeout: '2s',
      handler: async (_req, res, run) => {
        res.set('X-Own', '1');
        begun.open();
        await slow.passed;
        res.send(`run ${run}`);
      },
    });
    const visitor = site.get('/');
    await begun.passed;
    clock.advance(1_999);
    clock.advance(1);
    const { status, text, headers } = await visitor;
    expect([status, text, headers['cache-status']]).toEqual([504, '', 'viewcache; fwd=miss; detail=timeout']);
    expect(headers['x-own']).toBeUndefined();
    const stored = next('stored');
    slow.open();
    await stored;
    expect(await page()).toBe('run 1 (hit; ttl=60)');
  });

  it('answers 504 to those who wait as well', async () => {
    const arrivals = countdown(2);
    const slow = gate();
    const { page, clock, next } = await staleSite(way, {
      hardTimeout: '2s',
      front: [
        (_req, _res, proceed) => {
          proceed();
          arrivals.count();
        },
      ],
      handler: async (_req, res, run) => {
        await slow.passed;
        res.send(`run ${run}`);
      },
    });
    const visitors = [page(), page()];
    await arrivals.passed;
    clock.advance(2_000);
    expect(await Promise.all(visitors)).toEqual(Array(2).fill('504  (fwd=miss; detail=timeout)'));
    const stored = next('stored');
    slow.open();
    await stored;
  });
});
