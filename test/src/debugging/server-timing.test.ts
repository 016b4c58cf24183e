import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { cachePage } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

describe.each(expresses)('Server-Timing on %s', (_version, express) => {
  it('says how long the handler took, and on a hit what was saved, beside what others say', async () => {
    const site = await siteOf(true);
    const [miss, hit] = [await site.get('/'), await site.get('/')];

    expect(miss.headers['server-timing']).toBe('outer, db;dur=5, viewcache;desc="uri-miss", handler;dur=42.5');
    expect(hit.headers['server-timing']).toBe('outer, db;dur=5, viewcache;desc="hit", saved;dur=42.5');
  });

  it('is not sent unless it is asked for', async () => {
    const site = await siteOf(undefined);
    for (let i = 0; i < 2; i++) expect((await site.get('/')).headers['server-timing']).toBe('outer, db;dur=5');
  });

  it('is asked for by true alone', () => {
    expect(() => cachePage({ ttl: 60, serverTiming: 'on' as never })).toThrow(ConfigError);
  });

  async function siteOf(serverTiming: boolean | undefined) {
    const clock = new FakeClock();
    const app = express();
    app.use(
      (_req, res, next) => {
        res.set('Server-Timing', 'outer');
        next();
      },
      cachePage({ ttl: 60, cache: makeCache({ clock }), ...(serverTiming === undefined ? {} : { serverTiming }) }),
    );
    app.get('/', (_req, res) => {
      clock.advance(42.5);
      res.append('Server-Timing', 'db;dur=5');
      res.send('page');
    });
    return await serve(app);
  }
});
