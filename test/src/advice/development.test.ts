import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { CacheEvent } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { cachePage } from '@viewcache/express';
import express from 'express';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const before = process.env['NODE_ENV'];
afterEach(() => {
  process.env['NODE_ENV'] = before;
});

describe('advice in development', () => {
  async function saidIn(mode: string): Promise<string[]> {
    process.env['NODE_ENV'] = mode;
    const cache = makeCache({ clock: new FakeClock() });
    const said: string[] = [];
    cache.on((event: CacheEvent) => {
      if (event.type === 'warning') said.push(event.message);
    });
    const app = express();
    app.use(cachePage({ ttl: 60, cache }));
    app.get('/feed', (_req, res) => void res.send('feed'));
    const site = await serve(app);
    for (let i = 0; i < 230; i++) await site.get(`/feed?_=${i}`);
    expect(cache.advise()).toHaveLength(1);
    return said;
  }

  it('is one line for each finding, which is said once', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const said = await saidIn('development');

    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(
      /^viewcache: \/feed answers 0 % of 100 requests from the cache \(the last 1 s\): every key is new, such as GET http:\S+\/feed\?_=<differs>; leave out of the key .*; why: docs\/guides\/reading-the-advice\.md#every-key-new$/,
    );
    expect(warn.mock.calls).toEqual([[said[0], 'ViewcacheWarning']]);
    warn.mockRestore();
  });

  it.each(['production', 'test'])('is not said by itself in %s', async (mode) => {
    expect(await saidIn(mode)).toEqual([]);
  });
});
