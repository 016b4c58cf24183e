import { describe, expect, it } from '@jest/globals';
import { view } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import compression from 'compression';
import type { Request, Response } from 'express';
import { countdown, gate } from '../support/gate.js';
import { closeAfterEach, makeCache } from '../support/site.js';
import { staleSite, ways } from './stale-site.js';

closeAfterEach();

const MINUTE = 60_000;
const HOUR = 3_600_000;

/** Ways to fail, each with the status that is told of it. */
const failures: readonly (readonly [what: string, fail: (req: Request, res: Response) => unknown, fwd: string])[] = [
  ['throws', () => JSON.parse('{'), 'fwd-status=500; '],
  ['answers 500', (_req, res) => res.status(500).send('sorry'), 'fwd-status=500; '],
  ['answers 503 by end', (_req, res) => Object.assign(res, { statusCode: 503 }).end('sorry'), 'fwd-status=503; '],
  ['answers 502 by writeHead', (_req, res) => res.writeHead(502, { 'X-Own': '1' }).end('sorry'), 'fwd-status=502; '],
  ['answers 504 in pieces', (_req, res) => [res.status(504).write('so'), res.end('rry')], 'fwd-status=504; '],
  ['answers 500 by its head alone', (_req, res) => [res.status(500).flushHeaders(), res.end()], 'fwd-status=500; '],
  ['answers 500 as JSON', (_req, res) => res.status(500).json({ own: true }), 'fwd-status=500; '],
  ['breaks off', (_req, res) => res.destroy(), ''],
  ['breaks off with an error', (_req, res) => res.destroy(new Error('on purpose')), ''],
];

describe.each(ways)('staleIfError (RFC 5861 §4), on %s', (...way) => {
  it.each(failures)('answers from what is stored when the handler %s', async (_what, fail, fwd) => {
    const { clock, site, runs, page, next } = await staleSite(way, {
      staleIfError: '1h',
      front: [
        (_req, res, proceed) => {
          res.setHeader('X-Front', '1');
          proceed();
        },
      ],
      handler: (req, res, run) => {
        if (run === 1) {
          res.set('X-Old', '1').send('good');
          return;
        }
        res.set('X-Own', '1');
        fail(req, res);
      },
    });
    await page();
    clock.advance(MINUTE + 5_000);
    const stale = next('stale');
    const reply = await site.get('/');
    expect([reply.status, reply.text]).toEqual([200, 'good']);
    expect(reply.headers['cache-status']).toBe(`viewcache; fwd=stale; ${fwd}ttl=-5`);
    const { 'x-front': front, 'x-old': old, 'x-own': own, age, etag } = reply.headers;
    expect([front, old, own, age]).toEqual(['1', '1', undefined, '65']);
    expect(etag).toBeDefined();
    expect(await stale).toMatchObject({ reason: fwd === '' ? 'aborted' : 'error' });
    expect(runs).toHaveLength(2);
    // Left alone for a second, and asked again then.
    expect(await page()).toBe('good (hit; ttl=-5)');
    clock.advance(999);
    await page();
    expect(runs).toHaveLength(2);
    clock.advance(1);
    await page();
    expect(runs).toHaveLength(3);
  });

  it('does so to the millisecond', async () => {
    const { clock, page } = await staleSite(way, {
      staleIfError: '1h',
      handler: (_req, res, run) => void res.status(run === 1 ? 200 : 503).send(`run ${run}`),
    });
    await page();
    clock.advance(MINUTE + HOUR - 1);
    expect(await page()).toMatch(/^run 1 /);
    clock.advance(1);
    expect(await page()).toMatch(/^503 run 3 /);
  });

  it('answers what was invalidated, never what was purged, not even while the handler runs', async () => {
    const slow = gate();
    const { clock, page, cache, next, runs } = await staleSite(way, {
      staleIfError: '1h',
      handler: async (_req, res, run) => {
        view().dependsOn('news');
        if (run === 3) await slow.passed;
        res.status(run === 1 ? 200 : 500).send(`run ${run}`);
      },
    });
    await page();
    await cache.invalidate({ tags: 'news' });
    expect(await page()).toBe('run 1 (fwd=stale; fwd-status=500; ttl=60)');
    clock.advance(2_500);
    const missed = next('miss');
    const visitor = page();
    await missed;
    await cache.purge({ tags: 'news' });
    slow.open();
    expect(await visitor).toMatch(/^500 run 3 /);
    clock.advance(60_000);
    expect(await page()).toMatch(/^500 run 4 /);
    expect(runs).toHaveLength(4);
  });

  it.each([{}, { staleWhileRevalidate: '1h' }])(
    'answers nothing that was invalidated where it is not asked to: %j',
    async (options) => {
      const { page, cache } = await staleSite(way, {
        ...options,
        tags: ['news'],
        handler: (_req, res, run) => void res.status(run === 1 ? 200 : 500).send(`run ${run}`),
      });
      await page();
      await cache.invalidate({ tags: 'news' });
      expect(await page()).toMatch(/^500 run 2 /);
      expect(await page()).toMatch(/^500 run 3 /);
    },
  );

  it('answers what was invalidated as what nobody further out may keep, also while the handler is left alone', async () => {
    const { site, page, cache, runs } = await staleSite(way, {
      staleIfError: '1h',
      emitCacheControl: true,
      tags: ['news'],
      handler: (_req, res, run) => void res.status(run === 1 ? 200 : 500).send(`run ${run}`),
    });
    await page();
    expect((await site.get('/')).headers['cache-control']).toBe('max-age=60');
    await cache.invalidate({ tags: 'news' });
    await page();
    const { text, headers } = await site.get('/');
    expect([text, headers['cache-status'], headers['cache-control']]).toEqual([
      'run 1',
      'viewcache; hit; ttl=0',
      'no-store',
    ]);
    expect(runs).toHaveLength(2);
  });

  it('answers for no cached view further inside, not even where that breaks off', async () => {
    const inner = cachePage({ ttl: 60, cache: makeCache() });
    const { clock, site, page, runs } = await staleSite(way, {
      staleIfError: '1h',
      inside: [(req, res, proceed) => (runs.length === 0 ? proceed() : inner(req, res, proceed))],
      handler: (_req, res, run) => void (run === 1 ? res.send('of the outer view') : res.destroy()),
    });
    await page();
    clock.advance(MINUTE);
    await expect(site.get('/')).rejects.toThrow('socket hang up');
  });

  it.each([404, 501, 505])('takes a %d for an answer', async (status) => {
    const { clock, page } = await staleSite(way, {
      staleIfError: '1h',
      handler: (_req, res, run) => void res.status(run === 1 ? 200 : status).send(`run ${run}`),
    });
    await page();
    clock.advance(MINUTE);
    expect(await page()).toMatch(new RegExp(`^${status} run 2 `));
  });

  it('takes for an answer, and stores, what statuses names', async () => {
    const { clock, page } = await staleSite(way, {
      staleIfError: '1h',
      statuses: [200, 503],
      handler: (_req, res, run) => void res.status(run === 1 ? 200 : 503).send(`run ${run}`),
    });
    await page();
    clock.advance(MINUTE);
    expect(await page()).toMatch(/^503 run 2 .*stored/);
  });

  it('leaves an error that has begun as it is', async () => {
    const { clock, site, page } = await staleSite(way, {
      staleIfError: '1h',
      handler: (_req, res, run) => {
        if (run > 1) res.write('begun');
        if (run > 1) res.destroy();
        else res.send('good');
      },
    });
    await page();
    clock.advance(MINUTE);
    await expect(site.get('/')).rejects.toThrow();
  });

  it("answers a visitor's conditions from what is stored", async () => {
    const { clock, site } = await staleSite(way, {
      staleIfError: '1h',
      handler: (_req, res, run) => void res.status(run === 1 ? 200 : 500).send('good'),
    });
    const { headers } = await site.get('/');
    clock.advance(MINUTE);
    const reply = await site.get('/', { 'if-none-match': String(headers.etag) });
    expect([reply.status, reply.text]).toEqual([304, '']);
  });

  it('does not let a crowd of visitors at a handler that has failed', async () => {
    const slow = gate();
    const arrivals = countdown(11);
    const { clock, page, runs } = await staleSite(way, {
      staleIfError: '1h',
      front: [
        (_req, _res, proceed) => {
          proceed();
          arrivals.count();
        },
      ],
      handler: async (_req, res, run) => {
        if (run > 1) await slow.passed;
        res.status(run === 1 ? 200 : 500).send(`run ${run}`);
      },
    });
    await page();
    clock.advance(MINUTE);
    const crowd = Array.from({ length: 10 }, () => page());
    await arrivals.passed;
    slow.open();
    const answers = await Promise.all(crowd);
    expect(answers.every((answer) => answer.startsWith('run 1 '))).toBe(true);
    expect(runs).toHaveLength(2);
  });

  it('lets the error through where nothing is stored, and each time', async () => {
    const { page, runs } = await staleSite(way, {
      staleIfError: '1h',
      handler: (_req, res, run) => void res.status(500).send(`run ${run}`),
    });
    expect([await page(), await page()]).toEqual([
      expect.stringMatching(/^500 run 1/),
      expect.stringMatching(/^500 run 2/),
    ]);
    expect(runs).toHaveLength(2);
  });

  it('sends it as middleware in front, and around an error page, have it', async () => {
    const { clock, site } = await staleSite(way, {
      staleIfError: '1h',
      front: [compression({ threshold: 0 })],
      handler: (_req, res, run) => {
        if (run > 1) throw new Error('on purpose');
        res.type('text').send('good '.repeat(50));
      },
    });
    await site.get('/');
    clock.advance(MINUTE);
    const reply = await site.get('/', { 'accept-encoding': 'gzip' });
    expect([reply.status, reply.headers['content-encoding'], reply.headers['content-type']]).toEqual([
      200,
      'gzip',
      'text/plain; charset=utf-8',
    ]);
  });

  it('does so below compression inside the cached part', async () => {
    const { clock, site } = await staleSite(way, {
      staleIfError: '1h',
      inside: [compression({ threshold: 0 })],
      handler: (_req, res, run) =>
        void res
          .status(run === 1 ? 200 : 500)
          .type('text')
          .send(`run ${run} `.repeat(9)),
    });
    const first = await site.get('/', { 'accept-encoding': 'gzip' });
    clock.advance(MINUTE);
    const second = await site.get('/', { 'accept-encoding': 'gzip' });
    expect([second.status, second.headers['content-encoding']]).toEqual([200, 'gzip']);
    expect(second.body.equals(first.body)).toBe(true);
  });
});
