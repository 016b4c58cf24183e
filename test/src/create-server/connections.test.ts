import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { Server as HttpsServer, request as httpsRequest } from 'node:https';
import { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer } from '@viewcache/express';
import { WebSocket, WebSocketServer } from 'ws';
import { selfSigned } from './self-signed.js';
import { answerTo, closeAll, get, listen, raw } from './serve.js';
import { versions } from './versions.js';

afterEach(closeAll);

describe.each(versions)('connections under createServer, %s', (_name, express) => {
  it('carry several requests one after another', async () => {
    const app = express();
    const sockets = new Set<unknown>();
    app.get('/:n', (req, res) => {
      sockets.add(req.socket);
      res.json({ n: req.params['n'], same: req.socket === res.socket && req.socket === req.connection });
    });
    const port = await listen(createServer(app));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const n of [1, 2, 3]) expect((await get(port, `/${n}`, { agent })).body).toBe(`{"n":"${n}","same":true}`);
    agent.destroy();
    expect(sockets.size).toBe(1);
  });

  it('answer pipelined requests in their order, whichever is ready first', async () => {
    const app = express();
    let releaseFirst = (): void => undefined;
    app.get('/first', (_req, res) => {
      releaseFirst = () => res.send('1st');
    });
    app.get('/second', (_req, res) => {
      res.send('2nd');
      releaseFirst();
    });
    const port = await listen(createServer(app));
    const received = await raw(
      port,
      'GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    expect(received.match(/1st|2nd/g)).toEqual(['1st', '2nd']);
  });

  it('are asked to continue before a body that expects it', async () => {
    const app = express();
    app.post('/', express.text(), (req, res) => res.send(`got ${req.body}`));
    const port = await listen(createServer(app));
    const sent = request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      agent: false,
      headers: { expect: '100-continue', 'content-type': 'text/plain', 'content-length': 4 },
    });
    sent.flushHeaders();
    await once(sent, 'continue');
    sent.end('body');
    expect((await answerTo(sent)).body).toBe('got body');
  });

  it('give a checkContinue listener the same kind of objects', async () => {
    const app = express();
    app.post('/', (_req, res) => res.send('app'));
    const server = createServer(app);
    server.on('checkContinue', (req, res) => {
      const right = Object.getPrototypeOf(req) === app.request && Object.getPrototypeOf(res) === app.response;
      res.writeHead(417).end(String(right));
    });
    const sent = request({
      host: '127.0.0.1',
      port: await listen(server),
      method: 'POST',
      agent: false,
      headers: { expect: '100-continue', 'content-length': 0 },
    });
    sent.flushHeaders();
    expect(await answerTo(sent)).toMatchObject({ status: 417, body: 'true' });
  });

  it('give the client address through trusted proxies', async () => {
    const app = express();
    app.set('trust proxy', 'loopback');
    app.get('/', (req, res) => res.json([req.ip, req.ips, req.protocol, req.hostname]));
    const headers = {
      'x-forwarded-for': '198.51.100.1, 203.0.113.9',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop.example',
    };
    const { body } = await get(await listen(createServer(app)), '/', { headers });
    expect(JSON.parse(body)).toEqual(['203.0.113.9', ['203.0.113.9'], 'https', 'shop.example']);
  });

  it('upgrade to WebSockets', async () => {
    const app = express();
    app.get('/', (_req, res) => res.send('plain'));
    const server = createServer(app);
    const sockets = new WebSocketServer({ server, path: '/live' });
    sockets.on('connection', (socket, req) => {
      socket.on('message', (data) => socket.send(`${req.url} ${String(data)}`));
    });
    const port = await listen(server);
    const client = new WebSocket(`ws://127.0.0.1:${port}/live`);
    await once(client, 'open');
    const answered = once(client, 'message');
    client.send('hello');
    expect(String((await answered)[0])).toBe('/live hello');
    expect((await get(port, '/')).body).toBe('plain');
    client.terminate();
    sockets.close();
  });

  it('may be encrypted', async () => {
    const app = express();
    app.get('/', (req, res) => {
      res.json([req.secure, req.protocol, req.socket instanceof TLSSocket, Object.getPrototypeOf(req) === app.request]);
    });
    const { key, cert } = selfSigned();
    const server = createServer(app, { tls: { key, cert }, keepAliveTimeout: 1234 });
    expect(server).toBeInstanceOf(HttpsServer);
    expect(server.keepAliveTimeout).toBe(1234);
    const port = await listen(server);
    const sent = httpsRequest({ host: '127.0.0.1', port, ca: cert, agent: false }).end();
    expect((await answerTo(sent)).body).toBe('[true,"https",true,true]');
  });

  it('are told of on the diagnostics channels with the objects the handler gets', async () => {
    const app = express();
    const published: unknown[] = [];
    const handled: unknown[] = [];
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    app.get('/traced', (req, res) => {
      handled.push(req, res, req, res);
      res.send('ok');
    });
    type Message = { request: IncomingMessage; response: ServerResponse };
    const onStart = (message: unknown): void => {
      const { request: req, response: res } = message as Message;
      if (req.url === '/traced') published.push(req, res);
    };
    const onFinish = (message: unknown): void => {
      onStart(message);
      if ((message as Message).request.url === '/traced') finish();
    };
    const port = await listen(createServer(app));
    subscribe('http.server.request.start', onStart);
    subscribe('http.server.response.finish', onFinish);
    await get(port, '/traced');
    await finished;
    unsubscribe('http.server.request.start', onStart);
    unsubscribe('http.server.response.finish', onFinish);
    expect(published).toHaveLength(4);
    published.forEach((object, i) => {
      expect(object === handled[i]).toBe(true);
    });
  });

  it('give a malformed request to clientError as any server does', async () => {
    const server = createServer(express());
    const failed = once(server, 'clientError');
    server.on('clientError', (_error, socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await raw(await listen(server), 'NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
    expect((await failed)[0]).toMatchObject({ code: expect.stringMatching(/^HPE_/) });
  });
});
