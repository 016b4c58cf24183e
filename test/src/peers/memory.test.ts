import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@viewcache/core/testing';
import { cachePage } from '@viewcache/express';
import express from 'express';
import { closeAfterEach, makeCache, type Site, serve } from '../support/site.js';

closeAfterEach();

const URLS = 5_000;
const ENTRIES = 1_000;

describe('5,000 distinct URLs against a store of 1,000, where 20,000 cost apicache 18 s and a timer each', () => {
  it('hold a thousand stored responses, bytes within the limit, and one timer at most', async () => {
    const clock = new FakeClock();
    const cache = makeCache({ clock, maxEntries: ENTRIES, maxBytes: '8mb' });
    let calls = 0;
    const app = express();
    app.get('/', cachePage({ ttl: '5m', cache }), (req, res) => {
      calls++;
      res.end(`page ${req.query['page']}`);
    });
    const site = await serve(app);

    await askAll(site, URLS);

    const stats = cache.stats();
    expect(calls).toBe(URLS);
    expect(stats).toMatchObject({ misses: URLS, stored: URLS, entries: ENTRIES, evicted: URLS - ENTRIES });
    expect(stats.bytes).toBeLessThanOrEqual(8 * 1024 ** 2);
    expect(clock.pendingTimers).toBeLessThanOrEqual(1);
    expect((await site.get(`/?page=${URLS - 1}`, { host: 'a' })).isHit).toBe(true);
    expect((await site.get('/?page=0', { host: 'a' })).isHit).toBe(false);
  });

  it('keep to the bytes where those are the limit', async () => {
    const maxBytes = 256 * 1024;
    const cache = makeCache({ clock: new FakeClock(), maxBytes });
    let most = 0;
    const app = express();
    app.get('/', cachePage({ ttl: '5m', cache }), (_req, res) => {
      most = Math.max(most, cache.stats().bytes);
      res.end('x'.repeat(1_000));
    });
    const site = await serve(app);

    await askAll(site, 2_000);

    expect(most).toBeGreaterThan(maxBytes / 2);
    expect(most).toBeLessThanOrEqual(maxBytes);
  });
});

/** Asks for `/?page=0` and on, by one connection that sends a batch and reads it before the next. */
async function askAll(site: Site, count: number): Promise<void> {
  const socket = await site.connect();
  const answers = socket[Symbol.asyncIterator]();
  const batch = 100;
  for (let from = 0; from < count; from += batch) {
    const requests = Array.from({ length: batch }, (_, at) => `GET /?page=${from + at} HTTP/1.1\r\nHost: a\r\n\r\n`);
    socket.write(requests.join(''));
    let text = '';
    // One empty line ends each head, and there is none in these bodies.
    while (text.split('\r\n\r\n').length <= batch) {
      const { value } = (await answers.next()) as { value: Buffer };
      text += value.toString('latin1');
    }
  }
  socket.destroy();
}
