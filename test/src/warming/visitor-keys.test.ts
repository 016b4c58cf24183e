import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { createServer as createHttpsServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { cachePage, createServer } from '@viewcache/express';
import express from 'express';
import { selfSigned } from '../create-server/self-signed.js';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const secure = 'https://www.example.com';
const { key, cert } = selfSigned();
const byProxy = { host: 'www.example.com', 'x-forwarded-proto': 'https' };
const missed = (detail: string) => ({
  ...{ stored: 0, hits: 0, refused: 1 },
  problems: [{ what: '/news', outcome: 'refused', reason: 'other-key', detail: expect.stringContaining(detail) }],
});

const open = new Set<Server | Http2SecureServer>();
afterEach(() => {
  for (const server of open) server.close();
  open.clear();
});

async function portOf(server: Server | Http2SecureServer): Promise<number> {
  open.add(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** As a browser does that comes without a proxy. */
async function isHitByTls(port: number, host = 'www.example.com'): Promise<boolean> {
  const sent = request({
    ...{ port, host: '127.0.0.1', path: '/news', ca: cert, agent: false, checkServerIdentity: () => undefined },
    headers: { host },
  });
  sent.end();
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  response.resume();
  await once(response, 'end');
  return /hit/.test(String(response.headers['cache-status']));
}

describe.each(expresses)('what is warmed for https, on %s', (_name, make) => {
  function start(trust?: unknown) {
    const cache = makeCache();
    const app = make();
    if (trust !== undefined) app.set('trust proxy', trust);
    app.get('/news', cachePage({ ttl: '1h', cache }), (_req, res) => void res.send('news'));
    return { cache, app };
  }

  it.each([[undefined], [false], [0], [[]]])(
    'is nothing that visitors find where the app trusts no proxy: %j',
    async (trust) => {
      const { cache, app } = start(trust);
      for (const server of [createHttpServer(app), app])
        expect(await cache.warm(['/news'], { origin: secure, server })).toMatchObject(missed('set trust proxy'));
      expect((await (await serve(app)).get('/news', byProxy)).isHit).toBe(false);
    },
  );

  it.each([['loopback'], [1], [true], [['10.0.0.7', '127.0.0.1']]])(
    'is found where it trusts one: %j',
    async (trust) => {
      const { cache, app } = start(trust);
      const server = createHttpServer(app);
      expect(await cache.warm(['/news'], { origin: secure, server })).toMatchObject({ stored: 1, problems: [] });
      expect((await (await serve(app)).get('/news', byProxy)).isHit).toBe(true);
    },
  );

  it('is found where the server itself is one of https', async () => {
    const { cache, app } = start();
    const server = createHttpsServer({ key, cert }, app);
    expect(await cache.warm(['/news'], { origin: secure, server })).toMatchObject({ stored: 1, problems: [] });
    expect(await isHitByTls(await portOf(server))).toBe(true);
    const plain = await cache.warm(['/news'], { origin: 'http://www.example.com', server });
    expect(plain).toMatchObject(missed('begin origin with https'));
  });
});

describe('what is warmed', () => {
  it('is nothing that visitors find where the app takes it for that of another host', async () => {
    const cache = makeCache();
    const app = express();
    app.set('trust proxy', 'loopback');
    app.get('/news', cachePage({ ttl: '1h', cache }), (_req, res) => void res.send('news'));
    const headers = { host: 'internal', 'x-forwarded-host': 'www.example.com' };
    const options = { origin: secure, headers, server: app };
    expect(await cache.warm(['/news'], options)).toMatchObject(missed('stored for https://internal'));
    app.set('trust proxy', ['loopback', '192.0.2.1']);
    expect(await cache.warm(['/news'], options)).toMatchObject({ stored: 1, problems: [] });
    const site = await serve(app);
    expect((await site.get('/news', { ...headers, 'x-forwarded-proto': 'https' })).isHit).toBe(true);
  });

  it('is asked of the one of an app’s servers that the origin is of', async () => {
    const cache = makeCache();
    const app = express();
    app.get('/news', cachePage({ ttl: '1h', cache }), (_req, res) => void res.send('news'));
    const plain = createServer(app);
    const tls = createServer(app, { tls: { key, cert } });
    await portOf(plain);
    const port = await portOf(tls);
    const warm = async (origin: string) => await cache.warm(['/news'], { origin });
    expect(await warm(secure)).toMatchObject({ stored: 1, problems: [] });
    expect(await warm('http://www.example.com')).toMatchObject({ stored: 1, problems: [] });
    expect(await isHitByTls(port)).toBe(true);
    await portOf(createServer(express()));
    await expect(warm(secure)).rejects.toThrow('says nothing, and servers of 2 apps are listening');
  });

  it('may be asked of a server of HTTP/2 that answers HTTP/1, too', async () => {
    const cache = makeCache();
    const app = express();
    app.get('/news', cachePage({ ttl: '1h', cache }), (_req, res) => void res.send('news'));
    const server = createSecureServer({ key, cert, allowHTTP1: true }, app as never);
    expect(await cache.warm(['/news'], { origin: secure, server })).toMatchObject({ stored: 1, problems: [] });
    expect(await isHitByTls(await portOf(server))).toBe(true);
  });
});
