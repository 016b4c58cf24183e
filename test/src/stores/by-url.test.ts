import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type CacheEvent, type CacheOptions, view } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express from 'express';
import { MemcachedServer } from '../servers/memcached.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const HOST = { host: 'shop.example' };
const BODY = 'a page of a shop '.repeat(500);
const SECRET = 'nobody guesses this one';

let memcached: readonly MemcachedServer[];
let calls = 0;

beforeAll(async () => {
  memcached = [await MemcachedServer.start(), await MemcachedServer.start()];
});
afterAll(async () => {
  await Promise.all(memcached.map((server) => server.kill()));
});
afterEach(() => {
  calls = 0;
});

/** One process, as far as the store can tell. */
async function processWith(options: CacheOptions) {
  const cache = makeCache({ deadline: '2s', ...options });
  const events: CacheEvent[] = [];
  cache.on((event) => events.push(event));
  await cache.ready();
  const app = express();
  app.get('/', cachePage({ ttl: 60, cache, keyPrefix: 'by-url' }), (_req, res) => {
    view().dependsOn('shop');
    res.send(`${++calls} ${BODY}`);
  });
  const site = await serve(app);
  const ask = async () => await site.get('/', HOST);
  /** Asks until an answer is from the store: what was answered is sent there afterwards. */
  const untilHit = async () => {
    for (let i = 0; i < 300; i++) if ((await ask()).isHit) return;
    throw new Error('nothing was stored');
  };
  return { cache, events, ask, untilHit };
}

/** Stores by what they are called in these tests; the ports are known when they run. */
const stores: readonly [name: string, store: () => NonNullable<CacheOptions['store']>][] = [
  ['memcached://', () => `memcached://${memcached.map(({ port }) => `127.0.0.1:${port}`).join()}?weights=1,2`],
];

describe.each(stores)('two processes over %s', (_name, store) => {
  it('share what is stored, compressed and signed, and hear of each other’s invalidations', async () => {
    const options: CacheOptions = { store: store(), secret: SECRET, l1MaxLag: 0 };
    const one = await processWith(options);
    const two = await processWith(options);
    await one.untilHit();
    const before = calls;
    const found = await two.ask();
    expect([found.isHit, found.text.endsWith(BODY), calls]).toEqual([true, true, before]);

    expect((await one.cache.invalidate({ tags: 'shop' })).durable).toBe(true);
    expect((await two.ask()).isHit).toBe(false);
    expect(
      [...one.events, ...two.events].filter(({ type }) => type === 'store-error' || type === 'unreadable'),
    ).toEqual([]);
  });

  it('find nothing of another release’s, and nothing that is signed with another secret', async () => {
    const one = await processWith({ store: store(), version: 'v1', secret: SECRET, namespace: 'releases' });
    await one.untilHit();
    const next = await processWith({ store: store(), version: 'v2', secret: SECRET, namespace: 'releases' });
    expect((await next.ask()).isHit).toBe(false);
    expect(next.events.filter(({ type }) => type === 'unreadable')).toEqual([]);
    const forger = await processWith({
      store: store(),
      version: 'v1',
      secret: 'another secret altogether',
      namespace: 'releases',
    });
    expect((await forger.ask()).isHit).toBe(false);
    expect(forger.events).toContainEqual(expect.objectContaining({ type: 'unreadable', reason: 'signature' }));
    expect(forger.cache.stats().unreadable).toBeGreaterThan(0);
  });
});
