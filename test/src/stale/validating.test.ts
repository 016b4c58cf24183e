import { describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import { closeAfterEach } from '../support/site.js';
import { staleSite, ways } from './stale-site.js';

closeAfterEach();

/** A handler with one version of its page, which it makes for those who have another. */
function versioned(asked: unknown[]) {
  return (req: Request, res: Response, run: number): void => {
    asked.push(req.headers['if-none-match']);
    res.set({ 'Cache-Control': 'max-age=60', ETag: '"v1"', 'X-Run': String(run) });
    if (req.headers['if-none-match'] === '"v1"') res.status(304).end();
    else res.end(`page ${run}`);
  };
}

describe.each(ways)('a refresh that validates (RFC 5861 §3, RFC 9111 §4.3), on %s', (...way) => {
  it('behind the answer freshens what was answered, by a 304', async () => {
    const asked: unknown[] = [];
    const options = { ttl: 'origin', staleWhileRevalidate: 30, handler: versioned(asked) } as const;
    const { site, page, clock, next, runs } = await staleSite(way, options);
    await page();
    clock.advance(70_000);

    const stored = next('stored');
    // The visitor's own condition is answered from what is stored, and no business of the refresh.
    const reply = await site.get('/', { 'if-none-match': '"v1"' });
    await stored;
    const hit = await site.get('/');

    expect([reply.status, reply.isHit]).toEqual([304, true]);
    expect([asked, runs]).toEqual([
      [undefined, '"v1"'],
      ['visit', 'refresh'],
    ]);
    expect([hit.isHit, hit.text, hit.headers['x-run'], hit.headers.age]).toEqual([true, 'page 1', '2', '0']);
  });

  it('early freshens what is fresh still', async () => {
    const asked: unknown[] = [];
    const options = { ttl: 'origin', earlyRefresh: 20, handler: versioned(asked) } as const;
    const { site, page, clock, next } = await staleSite(way, options);
    await page();
    clock.advance(45_000);

    const stored = next('stored');
    const reply = await site.get('/');
    await stored;

    expect([reply.isHit, reply.text, reply.headers.age]).toEqual([true, 'page 1', '45']);
    expect(asked).toEqual([undefined, '"v1"']);
    expect((await site.get('/')).headers.age).toBe('0');
  });

  it('is no failure: where the handler fails instead, what is stale stands in', async () => {
    let isDown = false;
    const asked: unknown[] = [];
    const handler = versioned(asked);
    const { site, clock } = await staleSite(way, {
      ttl: 'origin',
      staleIfError: 600,
      handler: (req, res, run) => {
        if (isDown) {
          asked.push(req.headers['if-none-match']);
          res.status(503).end();
        } else handler(req, res, run);
      },
    });
    await site.get('/');
    isDown = true;
    clock.advance(70_000);

    const reply = await site.get('/', { 'if-none-match': '"v0"' });

    expect([reply.status, reply.text, asked]).toEqual([200, 'page 1', [undefined, '"v1"']]);
  });
});
