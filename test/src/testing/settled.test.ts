import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ConfigError, view } from '@viewcache/core';
import {
  expectHit,
  expectMiss,
  expectNotStored,
  expectStale,
  expectStored,
  type FreshCache,
  freshCache,
  settled,
} from '@viewcache/core/testing';
import { cachePage } from '@viewcache/express';
import express, { type Express } from 'express';
import { gate } from '../support/gate.js';
import { stores } from '../values/stores.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function open(store: string | undefined): FreshCache {
  const fresh = freshCache(store === undefined ? {} : { store });
  closing.push(() => fresh.end());
  return fresh;
}

async function serve(app: Express) {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (path = '/') => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
}

describe.each(stores)('settled, in %s', (_name, store) => {
  it('waits until a page is stored that has answered', async () => {
    const { cache } = open(store);
    await cache.ready();
    const ask = await serve(
      express()
        .use(cachePage(300))
        .get('/', (_req, res) => {
          view().dependsOn('t');
          res.send('page');
        }),
    );
    for (let i = 0; i < 5; i++) {
      expectStored(await ask());
      await settled(cache);
      expectHit(await ask());
      await cache.invalidate({ tags: 't' });
      // What was stored has been invalidated, rather than kept from being stored.
      expectMiss(await ask(), { fwd: 'stale' });
      await settled(cache);
      await cache.purge({ tags: 't' });
    }
  });

  it('waits for what is made behind an answer', async () => {
    const { cache, clock } = open(store);
    await cache.ready();
    let runs = 0;
    const ask = await serve(
      express()
        .use(cachePage({ ttl: '1m', staleWhileRevalidate: '5m' }))
        .get('/', (_req, res) => void res.json(++runs)),
    );
    expectStored(await ask());
    await settled();
    clock.advance('90s');
    expectStale(await ask());
    await settled();
    const second = await ask();
    expectHit(second, { ttl: 60 });
    expect(await second.json()).toBe(2);
  });

  it('waits for a producer behind an answer, however long it takes', async () => {
    const { cache, clock } = open(store);
    await cache.ready();
    const made = gate<string>();
    const options = { ttl: '1m', staleWhileRevalidate: '5m' } as const;
    await cache.getOrSet('k', () => 'old', options);
    await settled(cache);
    clock.advance('90s');
    expect(await cache.getOrSet('k', () => made.passed, options)).toBe('old');
    await expect(settled(cache, '100ms')).rejects.toThrow(/still under way after 100 ms/);
    made.open('new');
    await settled(cache);
    expect(await cache.get('k')).toBe('new');
  });

  it('comes to an end whatever becomes of a producer', async () => {
    const { cache, clock } = open(store);
    await cache.ready();
    const fail = async (): Promise<never> => {
      throw new Error('down');
    };
    await expect(cache.getOrSet('failing', fail, 60)).rejects.toThrow('down');
    await cache.getOrSet('not kept', () => 1, { ttl: 60, storeIf: () => false });
    await cache.getOrSet('not to be kept', () => void view().doNotStore(), 60);
    await cache.getOrSet('of its own', () => cache.getOrSet('of its own', () => 1, 60), 60);
    await cache.getOrSetMany([1, 2], () => ({ 1: 1 }), 60);
    await Promise.all([1, 2, 3].map(() => cache.getOrSet('for a crowd', async () => 1, 60)));
    await cache.getOrSet('again', () => 1, { ttl: 60, forceRefresh: true });
    const made = gate<number>();
    const tooLate = cache.getOrSet('late', () => made.passed, { ttl: '1h', hardTimeout: 1 });
    const isTooLate = expect(tooLate).rejects.toThrow();
    await Promise.all([isTooLate, clock.advanceAsync('1s')]);
    made.open(7);
    const stale = { ttl: 60, staleIfError: '1h', staleWhileRevalidate: '1h' } as const;
    await cache.getOrSet('resting', () => 1, stale);
    await settled(cache);
    clock.advance('2m');
    for (let i = 0; i < 3; i++) await cache.getOrSet('resting', fail, stale);
    await settled(cache);
    expect(await cache.get('late')).toBe(7);
  });

  it('comes to an end whatever becomes of a handler', async () => {
    const { cache } = open(store);
    await cache.ready();
    const app = express();
    app.use(cachePage(300));
    app.get('/private', (_req, res) => void res.set('Cache-Control', 'private').send('mine'));
    app.get('/inner', cachePage(60), (_req, res) => void res.send('inner'));
    app.get('/failing', () => {
      throw new Error('down');
    });
    app.get('/broken', (_req, res) => void res.socket?.destroy());
    app.use(
      (_error: unknown, _req: express.Request, res: express.Response, _next: unknown) => void res.sendStatus(500),
    );
    const ask = await serve(app);
    for (let i = 0; i < 3; i++) {
      for (const path of ['/private', '/failing']) expectNotStored(await ask(path));
      await ask('/inner');
      await expect(ask('/broken')).rejects.toThrow();
    }
    await settled(cache);
  });
});

describe('settled', () => {
  it('is refused of what is no cache', async () => {
    await expect(settled({} as never)).rejects.toThrow(ConfigError);
  });
});
