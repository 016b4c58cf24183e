import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@viewcache/core/testing';
import { cachePage } from '@viewcache/express';
import express from 'express';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

/** A Keyv adapter that takes its time, by the clock that the cache goes by. */
class SlowMap extends Map<string, unknown> {
  readonly opts = {};
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    super();
    this.#clock = clock;
  }

  override get(key: string): never {
    this.#clock.advance(4);
    return super.get(key) as never;
  }
}

describe('advice on a shared store', () => {
  async function siteOf(handlerMs: number) {
    const clock = new FakeClock();
    const cache = makeCache({ clock, store: new SlowMap(clock) as never, consistency: 'strict' });
    const app = express();
    app.get('/cities/:id', cachePage({ ttl: 600, cache }), (_req, res) => {
      clock.advance(handlerMs);
      res.send('city');
    });
    const rateOf = cache.memoize(
      async (id: number) => {
        clock.advance(handlerMs);
        return id;
      },
      { ttl: 600, name: 'rateOf' },
    );
    return { site: await serve(app), cache, rateOf };
  }

  it('names routes and functions that are dearer to look up than to make', async () => {
    const { site, cache, rateOf } = await siteOf(1);
    for (let i = 0; i < 150; i++) {
      await site.get(`/cities/${i % 40}`);
      await rateOf(i % 40);
    }

    const findings = cache.advise();

    expect(findings.map((finding) => [finding.kind, 'route' in finding && finding.route])).toEqual([
      ['dear-lookup', '/cities/:id'],
      ['dear-lookup', 'rateOf'],
    ]);
    for (const finding of findings) {
      expect(finding).toMatchObject({ requests: 150, lookups: 150, handlerMs: 1 });
      expect(finding).toHaveProperty('lookupMs', expect.any(Number));
      if (finding.kind === 'dear-lookup') expect(finding.lookupMs).toBeGreaterThanOrEqual(4);
    }
  });

  it('says nothing where the handler takes longer', async () => {
    const { site, cache, rateOf } = await siteOf(200);
    for (let i = 0; i < 150; i++) {
      await site.get(`/cities/${i % 40}`);
      await rateOf(i % 40);
    }

    expect(cache.advise()).toEqual([]);
  });
});
