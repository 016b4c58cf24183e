import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { type Cache, type CacheEvent, ConfigError } from '@viewcache/core';
import { cachePage, createServer } from '@viewcache/express';
import express from 'express';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const origin = 'http://www.example.com';

/** Resolves with the first event of a type. */
function next(cache: Cache, type: CacheEvent['type']): Promise<CacheEvent> {
  return new Promise((resolve) => {
    const stop = cache.on((event) => {
      if (event.type !== type) return;
      stop();
      resolve(event);
    });
  });
}

function appOf(cache: Cache) {
  const app = express();
  const ran: string[] = [];
  app.get('/me', cachePage({ ttl: '1h', cache }), (req, res) => void res.send(String(req.headers.cookie)));
  app.use(cachePage({ ttl: '1h', cache }), (req, res) => {
    ran.push(req.url);
    res.send('page');
  });
  return { app, ran };
}

describe('warmOnStart of createServer', () => {
  it('begins when the server listens, once', async () => {
    const cache = makeCache();
    const { app, ran } = appOf(cache);
    const asked: string[] = [];
    const source = () => {
      asked.push('source');
      return ['/a'];
    };
    const server = createServer(app, { warmOnStart: { source, origin, cache } });
    expect(ran).toEqual([]);
    const stored = next(cache, 'stored');
    const site = await serve(server);
    await stored;
    expect(await site.get('/a', { host: 'www.example.com' })).toMatchObject({ isHit: true });
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    expect({ ran, asked }).toEqual({ ran: ['/a'], asked: ['source'] });
  });

  it('says what is no hit, and keeps nobody from starting', async () => {
    const cache = makeCache();
    const { app } = appOf(cache);
    const warned = next(cache, 'warning');
    await serve(createServer(app, { warmOnStart: { source: ['/a', '/me'], origin, cache, concurrency: 1 } }));
    expect(await warned).toMatchObject({
      message: 'viewcache: warmOnStart: 1 of 2 are no hit now: /me (input: header cookie)',
    });
    const failed = next(cache, 'warning');
    const source = () => {
      throw new Error('no list');
    };
    const site = await serve(createServer(app, { warmOnStart: { source, origin, cache } }));
    expect(await failed).toMatchObject({ message: 'viewcache: warmOnStart: no list' });
    expect((await site.get('/b')).status).toBe(200);
  });

  it('says that nothing was asked for, as of a sitemap of another host', async () => {
    const cache = makeCache();
    const warned = next(cache, 'warning');
    const source = ['https://example.com/a', 'https://example.com/b'];
    await serve(createServer(appOf(cache).app, { warmOnStart: { source, origin, cache } }));
    expect(await warned).toMatchObject({
      message:
        'viewcache: warmOnStart: nothing was asked for, 2 were skipped: https://example.com/a, https://example.com/b (other-origin: its scheme or host is not that of origin)',
    });
  });

  it('ends with the server', async () => {
    const cache = makeCache();
    const { app, ran } = appOf(cache);
    async function* endless() {
      for (let i = 0; ; i++) yield `/${i}`;
    }
    const server = createServer(app, {
      warmOnStart: { source: endless, origin, cache, limit: 1_000_000, concurrency: 1 },
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    // It has not even been read.
    await cache.close();
    expect(ran).toEqual([]);
  });

  it.each<[unknown, string]>([
    [7, 'warmOnStart'],
    [{ origin }, 'warmOnStart.source'],
    [{ sourc: ['/'], origin }, 'warmOnStart.sourc'],
    [{ source: '/', origin }, 'warmOnStart.source'],
    [{ source: ['/'] }, 'warmOnStart.origin'],
    [{ source: ['/'], origin, cache: {} }, 'warmOnStart.cache'],
    [{ source: ['/'], origin, server: createServer(express()) }, 'warmOnStart.server'],
    [{ source: ['/'], origin, rate: -1 }, 'warmOnStart.rate'],
  ])('refuses what it cannot use: %#', (warmOnStart, setting) => {
    const make = () => createServer(express(), { warmOnStart } as never);
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(new RegExp(`^${setting}: `));
  });

  it('names what may be given, and what was meant', () => {
    const make = () => createServer(express(), { warmOnStart: { sourc: ['/'], origin } } as never);
    expect(make).toThrow(
      /did you mean source\? Use only source, cache, origin, headers, |only source, cache, origin, headers, .*did you mean source\?/,
    );
    expect(make).not.toThrow(/ server,/);
  });
});
