import { describe, expect, it } from '@jest/globals';
import { view } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import { Keyv } from 'keyv';
import { countdown, gate } from '../support/gate.js';
import { closeAfterEach, makeCache } from '../support/site.js';
import { slowAtSecond, staleSite, ways } from './stale-site.js';

closeAfterEach();

const MINUTE = 60_000;

describe.each(ways)("a response's own directives (RFC 5861), on %s", (...way) => {
  const said = (cacheControl: string, options: object) =>
    staleSite(way, {
      ...options,
      handler: (_req, res, run) => void res.set('Cache-Control', cacheControl).send(`run ${run}`),
    });

  it.each<[string, string, object, number]>([
    ['standard: its own', 'max-age=60, stale-while-revalidate=30', { ttl: 'origin' }, 30],
    [
      'standard: its own before the option',
      'max-age=60, stale-while-revalidate=30',
      { ttl: 'origin', staleWhileRevalidate: 9 },
      30,
    ],
    ['standard: the option for want of its own', 'max-age=60', { ttl: 'origin', staleWhileRevalidate: 9 }, 9],
    [
      'standard: forbidden by must-revalidate',
      'max-age=60, must-revalidate, stale-while-revalidate=30',
      { ttl: 'origin', staleWhileRevalidate: 9 },
      0,
    ],
    [
      'standard: forbidden by proxy-revalidate',
      'max-age=60, proxy-revalidate',
      { ttl: 'origin', staleWhileRevalidate: 9 },
      0,
    ],
    ['standard: forbidden by s-maxage', 's-maxage=60, stale-while-revalidate=30', { ttl: 'origin' }, 0],
    ['view: its own for want of an option', 'stale-while-revalidate=30', {}, 30],
    ['view: the option before its own', 'stale-while-revalidate=30', { staleWhileRevalidate: 9 }, 9],
    ['view: none by option', 'stale-while-revalidate=30', { staleWhileRevalidate: 0 }, 0],
    ['view: its own is forbidden', 'must-revalidate, stale-while-revalidate=30', {}, 0],
    ["view: the option is the code's word", 'must-revalidate', { staleWhileRevalidate: 9 }, 9],
  ])('staleWhileRevalidate, %s', async (_what, cacheControl, options, seconds) => {
    const { page, clock, runs, next } = await said(cacheControl, options);
    await page();
    if (seconds > 0) {
      clock.advance(MINUTE + seconds * 1000 - 1);
      const stored = next('stored');
      expect(await page()).toMatch(/^run 1 /);
      await stored;
      clock.advance(MINUTE + seconds * 1000);
    } else {
      clock.advance(MINUTE);
    }
    const before = runs.length;
    expect(await page()).toMatch(new RegExp(`^run ${before + 1} .*stored`));
  });

  it.each<[string, string, object, number]>([
    ['standard: its own', 'max-age=60, stale-if-error=30', { ttl: 'origin' }, 30],
    ['standard: the option for want of its own', 'max-age=60', { ttl: 'origin', staleIfError: 9 }, 9],
    ['standard: forbidden', 'max-age=60, must-revalidate, stale-if-error=30', { ttl: 'origin', staleIfError: 9 }, 0],
    ['view: its own for want of an option', 'stale-if-error=30', {}, 30],
    ['view: the option before its own', 'stale-if-error=30', { staleIfError: 9 }, 9],
  ])('staleIfError, %s', async (_what, cacheControl, options, seconds) => {
    const { page, clock } = await staleSite(way, {
      ...options,
      handler: (_req, res, run) =>
        void res
          .status(run === 1 ? 200 : 500)
          .set('Cache-Control', run === 1 ? cacheControl : '')
          .send(`run ${run}`),
    });
    await page();
    clock.advance(MINUTE + seconds * 1000 - 1);
    expect(await page()).toMatch(/^run 1 /);
    clock.advance(1);
    expect(await page()).toMatch(/^500 run /);
  });
});

describe.each(ways)("revalidate: 'leader', on %s", (...way) => {
  it('lets one visitor wait for the handler, and answers the others at once', async () => {
    const { begun, slow, handler } = slowAtSecond();
    const { page, clock, runs } = await staleSite(way, {
      staleWhileRevalidate: 30,
      revalidate: 'leader',
      handler,
    });
    await page();
    clock.advance(MINUTE);
    const leader = page();
    await begun.passed;
    expect(await Promise.all([page(), page(), page()])).toEqual(Array(3).fill('run 1 (hit; ttl=0)'));
    slow.open();
    expect(await leader).toBe('run 2 (fwd=stale; stored)');
    expect(runs).toEqual(['visit', 'visit']);
  });

  it('answers the leader, too, from what is stored when his handler fails or is slow', async () => {
    const begun = gate();
    const { page, clock } = await staleSite(way, {
      staleWhileRevalidate: '1h',
      revalidate: 'leader',
      softTimeout: 1,
      handler: async (_req, res, run) => {
        if (run === 3) {
          begun.open();
          return;
        }
        res.status(run === 2 ? 500 : 200).send(`run ${run}`);
      },
    });
    await page();
    clock.advance(MINUTE);
    expect(await page()).toBe('run 1 (fwd=stale; fwd-status=500; ttl=0)');
    expect(await page()).toBe('run 1 (hit; ttl=0)');
    clock.advance(1_000);
    const slow = page();
    await begun.passed;
    clock.advance(1_000);
    expect(await slow).toBe('run 1 (fwd=stale; ttl=-2)');
  });
});

describe.each(ways)('earlyRefresh and jitter, on %s', (...way) => {
  it('makes new behind a hit what is near its end, once, and nothing that nobody reads', async () => {
    const { page, clock, next, runs } = await staleSite(way, { earlyRefresh: 10 });
    await page();
    clock.advance(49_999);
    expect(await page()).toBe('run 1 (hit; ttl=11)');
    expect(runs).toEqual(['visit']);
    clock.advance(1);
    const stored = next('stored');
    expect(await page()).toBe('run 1 (hit; ttl=10)');
    await stored;
    expect(runs).toEqual(['visit', 'refresh']);
    expect(await page()).toBe('run 2 (hit; ttl=60)');
    clock.advance(MINUTE);
    expect(await page()).toBe('run 3 (fwd=uri-miss; stored)');
    expect(runs).toEqual(['visit', 'refresh', 'visit']);
  });

  it('takes no more than half of a lifetime that the handler chose', async () => {
    const { page, clock, next, runs } = await staleSite(way, {
      earlyRefresh: 10,
      handler: (_req, res, run) => {
        view().ttl(4);
        res.send(`run ${run}`);
      },
    });
    await page();
    clock.advance(1_999);
    await page();
    expect(runs).toHaveLength(1);
    clock.advance(1);
    const stored = next('stored');
    await page();
    await stored;
    expect(runs).toEqual(['visit', 'refresh']);
  });

  it('shortens each lifetime by chance, within bounds', async () => {
    const { page, clock, site } = await staleSite(way, { jitter: 20 });
    const lifetimes: number[] = [];
    for (let at = 0; at < 20; at++) {
      await page(`/${at}`);
      const { headers } = await site.get(`/${at}`);
      lifetimes.push(Number(/ttl=(\d+)/.exec(String(headers['cache-status']))?.[1]));
    }
    expect(Math.min(...lifetimes)).toBeGreaterThanOrEqual(40);
    expect(Math.max(...lifetimes)).toBeLessThanOrEqual(60);
    expect(new Set(lifetimes).size).toBeGreaterThan(1);
    clock.advance(MINUTE);
  });
});

describe.each(ways)('with a shared store, on %s', (...way) => {
  const shared = () => ({ store: new Keyv() as never });

  it('answers from what the store has confirmed as stale, and makes it new behind the answer', async () => {
    const { page, clock, next, runs } = await staleSite(way, { ...shared(), staleWhileRevalidate: 30 });
    await page();
    clock.advance(MINUTE);
    const stored = next('stored', 2);
    expect(await page()).toBe('run 1 (hit; ttl=0)');
    await stored;
    expect(await page()).toBe('run 2 (hit; ttl=60)');
    expect(runs).toEqual(['visit', 'refresh']);
    clock.advance(MINUTE + 30_000);
    expect(await page()).toMatch(/^run 3 \(fwd=\S+; stored\)$/);
  });

  it('answers a crowd with it, and refreshes once', async () => {
    const slow = gate();
    const { page, clock, next, runs } = await staleSite(way, {
      ...shared(),
      staleWhileRevalidate: 30,
      handler: async (_req, res, run) => {
        if (run > 1) await slow.passed;
        res.send(`run ${run}`);
      },
    });
    await page();
    clock.advance(MINUTE);
    const crowd = await Promise.all(Array.from({ length: 10 }, () => page()));
    expect(crowd.map((answer) => answer.slice(0, 6))).toEqual(Array(10).fill('run 1 '));
    const stored = next('stored');
    slow.open();
    await stored;
    expect(await page()).toBe('run 2 (hit; ttl=60)');
    expect(runs).toEqual(['visit', 'refresh']);
  });

  it('answers those who wait for the question with what it found', async () => {
    const arrivals = countdown(3);
    const asked = gate();
    const keyv = new Keyv();
    const read = keyv.getRaw.bind(keyv);
    let isSlow = false;
    keyv.getRaw = (async (key: string) => {
      if (isSlow) await asked.passed;
      return await read(key);
    }) as typeof keyv.getRaw;
    const { page, clock, runs, next } = await staleSite(way, {
      store: keyv as never,
      staleWhileRevalidate: 30,
      front: [
        (_req, _res, proceed) => {
          proceed();
          arrivals.count();
        },
      ],
    });
    await page();
    clock.advance(MINUTE);
    isSlow = true;
    const visitors = [page(), page()];
    await arrivals.passed;
    const stored = next('stored', 2);
    isSlow = false;
    asked.open();
    expect((await Promise.all(visitors)).sort()).toEqual([
      'run 1 (fwd=uri-miss; collapsed; ttl=0)',
      'run 1 (hit; ttl=0)',
    ]);
    await stored;
    expect(runs).toEqual(['visit', 'refresh']);
  });

  it('never answers from what was purged, not even where the handler fails', async () => {
    const { page, cache } = await staleSite(way, {
      ...shared(),
      staleIfError: '1h',
      handler: (_req, res, run) => {
        view().dependsOn('news');
        res.status(run === 1 ? 200 : 500).send(`run ${run}`);
      },
    });
    await page();
    await cache.purge({ tags: 'news' });
    expect(await page()).toMatch(/^500 run 2/);
  });

  it('answers what is merely past its lifetime where the handler fails', async () => {
    const { page, clock } = await staleSite(way, {
      ...shared(),
      staleIfError: '1h',
      handler: (_req, res, run) => void res.status(run === 1 ? 200 : 500).send(`run ${run}`),
    });
    await page();
    clock.advance(MINUTE + 5_000);
    expect(await page()).toBe('run 1 (fwd=stale; fwd-status=500; ttl=-5)');
  });
});

describe.each(ways)('together with other options, on %s', (...way) => {
  it('fills placeholders in what is stale, too', async () => {
    let count = 0;
    const { page, clock, next } = await staleSite(way, {
      staleWhileRevalidate: 30,
      front: [
        (_req, res, proceed) => {
          res.locals['nonce'] = `nonce-${++count}-${'x'.repeat(20)}`;
          proceed();
        },
      ],
      placeholders: { nonce: (_req, res) => String(res.locals['nonce']) },
      handler: (_req, res, run) => void res.send(`run ${run} ${res.locals['nonce']}`),
    });
    await page();
    clock.advance(MINUTE);
    const stored = next('stored');
    expect(await page()).toMatch(/^run 1 nonce-2-/);
    await stored;
    expect(await page()).toMatch(/^run 2 nonce-3-/);
  });

  it('lets a request that asks for something newer have it', async () => {
    const { page, clock, runs } = await staleSite(way, {
      staleWhileRevalidate: 30,
      honourRequest: ['no-cache', 'max-age', 'min-fresh', 'only-if-cached'],
    });
    await page();
    clock.advance(MINUTE + 1_000);
    expect(await page('/', { 'cache-control': 'max-age=60' })).toMatch(/^run 2 .*stored/);
    expect(await page('/', { 'cache-control': 'no-cache' })).toMatch(/^run 3 .*stored/);
    clock.advance(MINUTE + 1_000);
    expect(await page('/', { 'cache-control': 'min-fresh=0' })).toMatch(/^run 4 .*stored/);
    clock.advance(MINUTE + 1_000);
    expect(await page('/', { 'cache-control': 'only-if-cached' })).toBe('run 4 (hit; ttl=-1)');
    expect(runs.filter((run) => run === 'visit')).toHaveLength(4);
  });

  it('validates in a refresh, and a 304 keeps what is stored fresh for another lifetime', async () => {
    const seen: unknown[] = [];
    const { page, clock, next } = await staleSite(way, {
      staleWhileRevalidate: 30,
      revalidateFor: '1h',
      handler: (req, res, run) => {
        seen.push(req.headers['if-none-match']);
        res.set('ETag', '"one"');
        if (run === 2) res.status(304).end();
        else res.send(`run ${run}`);
      },
    });
    await page();
    clock.advance(MINUTE);
    const stored = next('stored');
    expect(await page()).toBe('run 1 (hit; ttl=0)');
    await stored;
    expect(await page()).toBe('run 1 (hit; ttl=60)');
    expect(seen).toEqual([undefined, '"one"']);
  });

  it('serves the inner of two views stale, and the outer one stays out of it', async () => {
    const outer = makeCache();
    const { page, clock, next, runs } = await staleSite(way, {
      staleWhileRevalidate: 30,
      staleIfError: '1h',
      front: [cachePage({ ttl: 60, cache: outer, staleWhileRevalidate: 30, staleIfError: '1h', hardTimeout: 1 })],
      handler: (_req, res, run) => void res.status(run === 3 ? 500 : 200).send(`run ${run}`),
    });
    await page();
    clock.advance(MINUTE);
    const stored = next('stored');
    expect(await page()).toMatch(/^run 1 .*hit; ttl=0/);
    await stored;
    expect(await page()).toMatch(/^run 2 .*hit; ttl=60/);
    clock.advance(MINUTE + 30_000);
    expect(await page()).toMatch(/^run 2 .*fwd=stale; fwd-status=500; ttl=-30/);
    expect(runs).toEqual(['visit', 'refresh', 'visit']);
  });
});
