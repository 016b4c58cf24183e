import type { ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import type { RequestHandler } from 'express';
import { closeAfterEach } from '../support/site.js';
import { slowAtSecond, staleSite, ways } from './stale-site.js';

closeAfterEach();

const MINUTE = 60_000;

/** Middleware that says something as the head is written, to members alone. */
const says = (name: string, value: string): RequestHandler => {
  return (req, res, next) => {
    const { writeHead } = res;
    res.writeHead = ((...args: unknown[]) => {
      if (req.headers.cookie !== undefined) res.setHeader(name, value);
      return (writeHead as (...given: unknown[]) => ServerResponse).apply(res, args);
    }) as typeof writeHead;
    next();
  };
};

const words: [string, string][] = [
  ['Cache-Control', 'private'],
  ['Cache-Control', 'no-store'],
  ['Vary', '*'],
  ['Set-Cookie', 'sid=1'],
];

describe.each(ways)('middleware in front, where something stale answers, on %s', (...way) => {
  it.each(words)('%s: %s, said as the head is written, keeps that visitor from refreshing', async (name, value) => {
    const { page, clock, next, runs } = await staleSite(way, {
      staleWhileRevalidate: 30,
      front: [says(name, value)],
      handler: (_req, res, run) => void res.send(`run ${run}`),
    });
    await page();
    clock.advance(MINUTE);
    expect(await page('/', { cookie: 'a' })).toMatch(/^run 1 /);
    // Had that begun one, it would be his own, and this visitor could begin none.
    const stored = next('stored');
    expect(await page()).toMatch(/^run 1 /);
    await stored;

    expect(runs).toEqual(['visit', 'refresh']);
  });

  it.each(words)(
    '%s: %s, said so of an answer in a slow handler’s stead, keeps that from being stored',
    async (name, value) => {
      const { slow, begun, handler } = slowAtSecond();
      const { page, site, clock, next } = await staleSite(way, {
        ...{ staleIfError: '1h', softTimeout: '200ms' },
        front: [says(name, value)],
        handler,
      });
      await page();
      clock.advance(MINUTE);
      const visitor = site.get('/', { cookie: 'a' });
      await begun.passed;
      clock.advance(200);
      expect((await visitor).text).toBe('run 1');
      const refused = next('refused');
      slow.open();

      expect(await refused).toMatchObject({ reason: name === 'Set-Cookie' ? 'set-cookie' : expect.any(String) });
    },
  );

  it('a late handler’s field is its own, though middleware in front has set the same for that visitor', async () => {
    const { slow, begun, handler } = slowAtSecond((res) =>
      res.setHeader('Access-Control-Allow-Origin', 'https://a.test'),
    );
    const { page, site, clock, next } = await staleSite(way, {
      ...{ staleIfError: '1h', softTimeout: '200ms' },
      front: [
        (req, res, proceed) => {
          res.setHeader('Access-Control-Allow-Origin', req.headers.origin ?? '*');
          proceed();
        },
      ],
      handler,
    });
    await page();
    clock.advance(MINUTE);
    const visitor = site.get('/', { origin: 'https://a.test' });
    await begun.passed;
    clock.advance(200);
    await visitor;
    const stored = next('stored');
    slow.open();
    await stored;

    const hit = await site.get('/', { origin: 'https://evil.test' });

    expect([hit.text, hit.headers['access-control-allow-origin']]).toEqual(['run 2', 'https://a.test']);
  });
});
