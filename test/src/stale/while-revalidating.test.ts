import { AsyncLocalStorage } from 'node:async_hooks';
import { OutgoingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { view } from '@viewcache/core';
import { gate } from '../support/gate.js';
import { closeAfterEach } from '../support/site.js';
import { slowAtSecond, staleSite, ways } from './stale-site.js';

closeAfterEach();

const MINUTE = 60_000;

describe.each(ways)('staleWhileRevalidate (RFC 5861 §3), on %s', (...way) => {
  it('answers from what is stale, to the millisecond, and makes it new once behind the answer', async () => {
    const { page, clock, next, runs } = await staleSite(way, { staleWhileRevalidate: 30 });
    expect(await page()).toBe('run 1 (fwd=uri-miss; stored)');
    clock.advance(MINUTE - 1);
    expect(await page()).toBe('run 1 (hit; ttl=1)');
    clock.advance(1);
    const stored = next('stored');
    expect(await page()).toBe('run 1 (hit; ttl=0)');
    await stored;
    expect(runs).toEqual(['visit', 'refresh']);
    expect(await page()).toBe('run 2 (hit; ttl=60)');

    clock.advance(MINUTE + 30_000 - 1);
    const again = next('stored');
    expect(await page()).toBe('run 2 (hit; ttl=-29)');
    await again;
    clock.advance(MINUTE + 30_000);
    expect(await page()).toBe('run 4 (fwd=uri-miss; stored)');
    expect(runs).toEqual(['visit', 'refresh', 'refresh', 'visit']);
  });

  it('runs one refresh for a crowd, and for those who come while it runs', async () => {
    const { slow, handler } = slowAtSecond();
    const { page, clock, next, runs } = await staleSite(way, {
      staleWhileRevalidate: 30,
      handler,
    });
    await page();
    clock.advance(MINUTE);
    const crowd = await Promise.all(Array.from({ length: 20 }, () => page()));
    expect(new Set(crowd)).toEqual(new Set(['run 1 (hit; ttl=0)']));
    expect(await page()).toBe('run 1 (hit; ttl=0)');
    const stored = next('stored');
    slow.open();
    await stored;
    expect(await page()).toBe('run 2 (hit; ttl=60)');
    expect(runs).toEqual(['visit', 'refresh']);
  });

  it('gives a visitor whom an invalidation came before a run of his own, whatever refresh is under way', async () => {
    const { slow, handler } = slowAtSecond();
    const { page, clock, cache, runs, next } = await staleSite(way, {
      staleWhileRevalidate: 30,
      handler,
    });
    await page();
    clock.advance(MINUTE);
    const began = next('refresh');
    await page();
    await began;
    await cache.invalidate({ path: '/' });
    const visitor = page();
    slow.open();
    expect(await visitor).toBe('run 3 (fwd=stale; stored)');
    expect(runs).toEqual(['visit', 'refresh', 'visit']);
  });

  it('never serves what was invalidated, nor stores a refresh that an invalidation overtakes', async () => {
    const slow = gate();
    const { page, clock, cache, next, events } = await staleSite(way, {
      staleWhileRevalidate: 30,
      handler: async (_req, res, run) => {
        view().dependsOn('news');
        if (run === 2) await slow.passed;
        res.send(`run ${run}`);
      },
    });
    await page();
    clock.advance(MINUTE);
    const refused = next('refused');
    await page();
    await cache.invalidate({ tags: 'news' });
    slow.open();
    expect(await refused).toMatchObject({ reason: 'invalidated' });
    expect(await page()).toBe('run 3 (fwd=stale; stored)');
    await cache.invalidate({ tags: 'news' });
    expect(await page()).toBe('run 4 (fwd=stale; stored)');
    expect(events.filter(({ type }) => type === 'stored')).toHaveLength(3);
  });

  it('keeps answering while refreshes fail, and leaves the handler alone for longer each time', async () => {
    const { page, clock, runs, next } = await staleSite(way, {
      staleWhileRevalidate: '1h',
      handler: (_req, res, run) => {
        if (run > 1 && run < 4) res.status(503);
        res.send(`run ${run}`);
      },
    });
    await page();
    clock.advance(MINUTE);
    const fails = async (): Promise<void> => {
      const refused = next('refused');
      expect(await page()).toMatch(/^run 1 \(hit; ttl=-?\d+\)$/);
      expect(await refused).toMatchObject({ reason: 'status' });
    };
    await fails();
    clock.advance(999);
    expect(await page()).toMatch(/^run 1/);
    expect(runs).toHaveLength(2);
    clock.advance(1);
    await fails();
    clock.advance(1_999);
    expect(await page()).toMatch(/^run 1/);
    expect(runs).toHaveLength(3);
    clock.advance(1);
    const stored = next('stored');
    expect(await page()).toMatch(/^run 1/);
    await stored;
    expect(await page()).toBe('run 4 (hit; ttl=60)');
  });

  it('counts a refresh that throws, or breaks off, as a failure', async () => {
    const { page, clock, runs, next } = await staleSite(way, {
      staleWhileRevalidate: '1h',
      inside: [
        (_req, res, proceed) => {
          if (runs.length === 2) res.destroy(new Error('broken off'));
          else proceed();
        },
      ],
      handler: (_req, res, run) => {
        if (run === 2) throw new Error('on purpose');
        res.send(`run ${run}`);
      },
    });
    await page();
    clock.advance(MINUTE);
    const first = next('refused');
    await page();
    expect(await first).toMatchObject({ reason: 'status' });
    clock.advance(1_000);
    const second = next('refused');
    await page();
    expect(await second).toMatchObject({ reason: 'aborted' });
    clock.advance(1_999);
    await page();
    expect(runs).toHaveLength(2);
  });

  it('ends a refresh that never ends, after its time, and lets another begin', async () => {
    const { page, clock, runs, next } = await staleSite(way, {
      staleWhileRevalidate: '1h',
      refreshTimeout: 5,
      handler: (_req, res, run) => {
        if (run !== 2) res.send(`run ${run}`);
      },
    });
    await page();
    clock.advance(MINUTE);
    const began = next('refresh');
    await page();
    await began;
    clock.advance(4_999);
    expect(await page()).toMatch(/^run 1/);
    expect(runs).toHaveLength(2);
    const refused = next('refused');
    clock.advance(1);
    expect(await refused).toMatchObject({ reason: 'aborted' });
    clock.advance(1_000);
    const stored = next('stored');
    await page();
    await stored;
    expect(await page()).toBe('run 3 (hit; ttl=60)');
  });

  it('runs no more refreshes at a time than maxRefreshes', async () => {
    const slow = gate();
    const { page, clock, next, runs } = await staleSite(way, {
      staleWhileRevalidate: 30,
      maxRefreshes: 2,
      handler: async (req, res, run) => {
        if (run > 4) await slow.passed;
        res.send(`${req.path} ${run}`);
      },
    });
    const paths = ['/a', '/b', '/c', '/d'];
    for (const path of paths) await page(path);
    clock.advance(MINUTE);
    const began = next('refresh', 2);
    for (const path of paths) expect(await page(path)).toMatch(/hit; ttl=0/);
    await began;
    expect(runs.filter((run) => run === 'refresh')).toHaveLength(2);
    const stored = next('stored', 2);
    slow.open();
    await stored;
    const more = next('stored', 2);
    for (const path of paths.slice(2)) expect(await page(path)).toMatch(/hit; ttl=0/);
    await more;
  });

  it('gives the handler what it would have had in front of the visitor', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const { page, clock, next, site } = await staleSite(way, {
      staleWhileRevalidate: 30,
      front: [
        (_req, res, proceed) => {
          res.setHeader('X-Front', '1');
          res.locals['settled'] = 'yes';
          context.run('the visitor', proceed);
        },
      ],
      handler: (req, res, run) => {
        const { protocol, hostname, path, query, originalUrl, baseUrl } = req;
        const { statusCode, headersSent, writableEnded, destroyed } = res;
        // Not by the response's own method: to list what middleware in front has set is to read it.
        const fields = OutgoingMessage.prototype.getHeaderNames.call(res);
        const fresh = req.fresh;
        seen.push({ protocol, hostname, path, query, originalUrl, baseUrl, als: context.getStore(), fresh });
        seen.push({ statusCode, headersSent, writableEnded, destroyed, fields });
        res.removeHeader('X-Front');
        res.send(`run ${run}`);
      },
    });
    await page('/x?a=1');
    clock.advance(MINUTE);
    const stored = next('stored');
    // The conditions are the visitor's own, and answered for him.
    expect(await page('/x?a=1', { 'if-none-match': '*' })).toBe('304  (hit; ttl=0)');
    await stored;
    expect(seen[2]).toEqual(seen[0]);
    expect(seen[3]).toEqual(seen[1]);
    // What the handler takes away is known of the new response as it was of the old.
    const { headers, text } = await site.get('/x?a=1');
    expect([text, headers['x-front']]).toEqual(['run 2', undefined]);
  });
});
