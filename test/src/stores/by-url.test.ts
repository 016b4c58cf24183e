import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import KeyvPostgres from '@keyv/postgres';
import KeyvRedis from '@keyv/redis';
import { type CacheEvent, type CacheOptions, ConfigError, createCaches, view } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express from 'express';
import { Keyv } from 'keyv';
import { MemcachedServer } from '../servers/memcached.js';
import { PostgresServer } from '../servers/postgres.js';
import { RedisServer } from '../servers/redis.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const HOST = { host: 'shop.example' };
const BODY = 'a page of a shop '.repeat(500);
const SECRET = 'nobody guesses this one';

let redis: RedisServer;
let locked: RedisServer;
let memcached: readonly MemcachedServer[];
let postgres: PostgresServer;
let keyv: Keyv;
let calls = 0;

beforeAll(async () => {
  redis = await RedisServer.start();
  locked = await RedisServer.start({ requirepass: 'p@ss/word' });
  memcached = [await MemcachedServer.start(), await MemcachedServer.start()];
  postgres = await PostgresServer.start();
  keyv = new Keyv(new KeyvPostgres({ uri: postgres.url }));
});
afterAll(async () => {
  await keyv.disconnect();
  await Promise.all([postgres.stop(), redis.stop(), locked.stop(), ...memcached.map((server) => server.kill())]);
});
afterEach(async () => {
  calls = 0;
  await redis.command('FLUSHALL');
});

/** One process, as far as the store can tell. */
async function processWith(options: CacheOptions) {
  const { cache, ...process } = await begun(options);
  await cache.ready();
  return { cache, ...process };
}

/** The same before its store is ready, which it need not ever be. */
async function begun(options: CacheOptions) {
  const cache = makeCache({ deadline: '2s', ...options });
  const events: CacheEvent[] = [];
  cache.on((event) => events.push(event));
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

/** A process whose page is what a source says. */
async function siteOf(options: CacheOptions, source: () => string) {
  const cache = makeCache({ deadline: '2s', ...options });
  await cache.ready();
  const app = express();
  app.get('/', cachePage({ ttl: 60, cache, keyPrefix: 'by-url' }), (_req, res) => {
    view().dependsOn('shop');
    res.send(source());
  });
  const site = await serve(app);
  return { cache, ask: async () => await site.get('/', HOST), turn: () => new Promise((done) => setImmediate(done)) };
}

/** Stores by what they are called in these tests; the ports are known when they run. */
const stores: readonly [name: string, store: () => NonNullable<CacheOptions['store']>][] = [
  ['redis://', () => redis.url],
  ['valkey:// with settings', () => `valkey://127.0.0.1:${redis.port}/3?maxBytes=8mb&namespace=shop`],
  ['redis:// with a password', () => `redis://:${encodeURIComponent('p@ss/word')}@127.0.0.1:${locked.port}`],
  [
    'an object with a password',
    () => ({ url: `redis://127.0.0.1:${locked.port}`, password: 'p@ss/word', database: 1 }),
  ],
  ['a Keyv with KeyvRedis', () => new Keyv({ store: new KeyvRedis(redis.url) })],
  ['a Keyv on PostgreSQL', () => keyv],
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

  it('show nobody for long what a replica said that had yet to hear of a write (hold)', async () => {
    let replica = 'old';
    const server = await siteOf({ store: store(), l1MaxLag: 0, namespace: 'replicas' }, () => replica);
    const other = await siteOf({ store: store(), l1MaxLag: 0, namespace: 'replicas' }, () => replica);
    await server.ask();
    const { durable } = await server.cache.invalidate({ tags: 'shop' }, { hold: '300ms' });
    // Read of the replica, in good faith.
    const inGoodFaith = await other.ask();
    const judged = () => other.cache.stats().stored + Object.keys(other.cache.stats().refused).length;
    while (judged() === 0) await other.turn();
    replica = 'new';
    expect([durable, inGoodFaith.text]).toEqual([true, 'old']);
    // A page of a minute that is not invalidated again would be the old one until the test is given up.
    for (const site of [server, other]) while ((await site.ask()).text !== 'new') await site.turn();
    for (const site of [server, other]) expect((await site.ask()).text).toBe('new');
  });
});

describe('a page that is larger than a process’s memory', () => {
  it('is found, compressed, in the store', async () => {
    const options = { store: redis.url, namespace: 'large', maxBytes: '6kb', l1MaxLag: 0 };
    const [one, two] = [await processWith(options), await processWith(options)];
    await one.untilHit();
    const found = await two.ask();
    expect([found.isHit, found.text.endsWith(BODY)]).toEqual([true, true]);
    expect([...one.events, ...two.events].filter(({ type }) => type === 'unreadable')).toEqual([]);
  });
});

describe('a hold', () => {
  it('is one invalidation, and one more', async () => {
    const namespace = 'counted';
    const { cache } = await siteOf({ store: redis.url, l1MaxLag: 0, namespace }, () => '');
    await cache.invalidate({ tags: 'shop' }, { hold: '100ms' });
    const count = async () => Number(/:(\d+)$/.exec(String(await redis.command('GET', `{${namespace}}:seq`)))?.[1]);
    expect(await count()).toBe(1);
    while ((await count()) === 1);
    await cache.invalidate({ tags: 'another' });
    expect(await count()).toBe(3);
  });
});

describe('named caches on one Redis', () => {
  it('keep to themselves', async () => {
    const caches = createCaches({ default: { store: redis.url }, pages: { store: redis.url, deadline: '2s' } });
    await Promise.all([caches.default.ready(), caches.pages.ready()]);
    await caches.default.invalidate({ tags: 'a' });
    await caches.pages.invalidate({ tags: 'a' });
    const keys = String(await redis.command('KEYS', '*')).split(',');
    expect(keys.some((key) => key.includes('viewcache.pages'))).toBe(true);
    expect(keys.some((key) => /viewcache(?!\.pages)/.test(key))).toBe(true);
    await caches.close();
  });
});

/** All that can be read of it. */
const told = (what: unknown): string =>
  JSON.stringify(what, (_key, value) => (value instanceof Error ? `${value} ${value.cause}` : value));

describe('a store that is away, or will not have us', () => {
  it('costs hits, and no credential is told', async () => {
    const { ask, events } = await begun({ store: `redis://:hunter2@127.0.0.1:${locked.port}`, deadline: '50ms' });
    const refused = () =>
      events.some(({ type, ...event }) => type === 'store-error' && told(event).includes('WRONGPASS'));
    for (let i = 0; i < 5 || !refused(); i++) expect((await ask()).status).toBe(200);
    expect(told(events)).not.toContain('hunter2');
  });

  it('is refused at once where its URL is wrong', () => {
    expect(() => makeCache({ store: 'redis+sentinel://127.0.0.1' })).toThrow(ConfigError);
  });
});
