import { once } from 'node:events';
import type { Server } from 'node:http';
import { get } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import { isRefresh } from '@viewcache/core';
import { cachePage, createServer } from '@viewcache/express';
import type { Request } from 'express';
import { selfSigned } from '../create-server/self-signed.js';
import { staleSite, ways } from '../stale/stale-site.js';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const servers = new Set<Server>();
afterEach(() => {
  for (const server of servers) server.close();
  servers.clear();
});

describe.each(expresses)('what a connection tells of its client, on %s', (_version, express) => {
  const own = selfSigned();

  async function secured(mayPass: (socket: TLSSocket) => boolean) {
    const app = express();
    app.use(cachePage({ ttl: 60, cache: makeCache() }));
    app.use((req, res, next) => {
      if (mayPass(req.socket as TLSSocket)) next();
      else res.sendStatus(401);
    });
    app.get('/', (_req, res) => void res.send('for members'));
    const tls = { ...own, ca: own.cert, requestCert: true, rejectUnauthorized: false };
    const server = createServer(app, { tls });
    servers.add(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return async (options: object): Promise<number | undefined> => {
      const trusting = { host: '127.0.0.1', port, agent: false, rejectUnauthorized: false, headers: { host: 'a' } };
      const sent = get({ ...trusting, ...options });
      const [response] = await once(sent, 'response');
      response.resume();
      return response.statusCode;
    };
  }

  it.each<[string, (socket: TLSSocket) => boolean]>([
    ['authorized', (socket) => socket.authorized],
    ['authorizationError', (socket) => socket.authorizationError === null],
    ['its certificate', (socket) => socket.getPeerCertificate().subject !== undefined],
  ])('a gate inside that goes by %s is not skipped', async (_what, mayPass) => {
    const ask = await secured(mayPass);
    expect(await ask(own)).toBe(200);
    expect(await ask({})).toBe(401);
  });

  it('a gate inside that goes by the name the client has asked for is not skipped', async () => {
    const ask = await secured((socket) => Reflect.get(socket, 'servername') === 'a.example');
    expect(await ask({ servername: 'a.example' })).toBe(200);
    expect(await ask({ servername: 'b.example' })).toBe(401);
  });

  it.each([
    ['a value', (address: string) => ({ value: address, configurable: true })],
    ['a value that cannot be configured', (address: string) => ({ value: address })],
    ['a getter', (address: string) => ({ get: () => address, configurable: true })],
  ])('an address that was put on the connection as %s is kept, and watched', async (_how, describedBy) => {
    const app = express();
    const addresses = ['192.0.2.1', '192.0.2.2'];
    app.use(cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/', (req, res) => void res.send(`for ${req.socket.remoteAddress}`));
    const server = createServer(app);
    server.on('connection', (socket: Socket) => {
      Object.defineProperty(socket, 'remoteAddress', describedBy(addresses.shift() ?? ''));
    });
    const site = await serve(server);
    const close = { connection: 'close' };
    expect((await site.get('/', close)).text).toBe('for 192.0.2.1');
    expect((await site.get('/', close)).text).toBe('for 192.0.2.2');
  });
});

describe.each(ways)('the connection of a refresh, on %s', (...way) => {
  const client = (req: Request): Socket => Reflect.get(req, 'client');

  it('is watched by its old name, too', async () => {
    const { page, clock, next } = await staleSite(way, {
      staleWhileRevalidate: 30,
      handler: (req, res, run) => void res.send(`run ${run}${isRefresh(req) ? client(req).remoteAddress : ''}`),
    });
    await page();
    clock.advance(60_000);
    const refused = next('refused');
    await page();
    expect(await refused).toMatchObject({ reason: 'input', detail: 'socket.remoteAddress' });
  });

  it('is not the visitor’s by its old name either', async () => {
    let visitors: Socket | undefined;
    const { page, clock, next } = await staleSite(way, {
      staleWhileRevalidate: 30,
      front: [
        (req, _res, proceed) => {
          visitors = req.socket;
          proceed();
        },
      ],
      handler: (req, res, run) => {
        if (isRefresh(req)) client(req).destroy();
        else res.send(`run ${run}`);
      },
    });
    await page();
    clock.advance(60_000);
    const refused = next('refused');
    await page();
    await refused;
    expect(visitors?.destroyed).toBe(false);
  });
});

describe.each(ways)('a HEAD on %s', (...way) => {
  it('makes no page of a stored body that has holes', async () => {
    let turn = 0;
    const nonceOf = (res: { locals: { nonce?: string } }): string => res.locals.nonce ?? '';
    const { site, clock } = await staleSite(way, {
      ttl: 'origin',
      staleIfError: 600,
      placeholders: { nonce: (_req, res) => nonceOf(res) },
      front: [
        (_req, res, proceed) => {
          res.locals['nonce'] = `a nonce of one visitor ${++turn}`;
          proceed();
        },
      ],
      handler: (req, res) => {
        res.set({ 'Cache-Control': 'max-age=60', 'Last-Modified': 'Wed, 01 Jan 2020 00:00:00 GMT' });
        res.end(req.method === 'HEAD' ? undefined : `<script nonce="${nonceOf(res)}">`);
      },
    });
    await site.get('/');
    clock.advance(60_000);
    await site.ask('/', { method: 'HEAD' });
    expect((await site.get('/')).text).toBe('<script nonce="a nonce of one visitor 3">');
  });
});
