import { createServer as createHttpServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { createServer } from '@viewcache/express';
import { closeAll, get, listen } from './serve.js';
import { versions } from './versions.js';

afterEach(closeAll);

type EarlyAnswer = (req: IncomingMessage, res: ServerResponse) => boolean;

describe.each(versions)('options of createServer, %s', (_name, express) => {
  it('passes Node its own', () => {
    const server = createServer(express(), { keepAliveTimeout: 4321, requestTimeout: 9876, maxHeaderSize: 20_000 });
    expect(server).toBeInstanceOf(Server);
    expect(server).not.toBeInstanceOf(HttpsServer);
    expect([server.keepAliveTimeout, server.requestTimeout]).toEqual([4321, 9876]);
    expect(() => createServer(express(), { requestTimeout: -1 })).toThrow(/requestTimeout/);
  });

  it('makes a plain server when tls is undefined', () => {
    expect(createServer(express(), { tls: undefined })).not.toBeInstanceOf(HttpsServer);
  });

  class Mine extends IncomingMessage {}
  class Theirs extends ServerResponse {}
  it.each<[title: string, options: unknown, message: RegExp]>([
    [
      'a request class',
      { IncomingMessage: Mine },
      /^IncomingMessage: the function Mine is not allowed; use app\.request/,
    ],
    ['a response class', { ServerResponse: Theirs }, /^ServerResponse: the function Theirs .* use app\.response/],
    ['a request class in tls', { tls: { IncomingMessage: Mine } }, /^tls\.IncomingMessage: /],
    ['a response class in tls', { tls: { ServerResponse: Theirs } }, /^tls\.ServerResponse: /],
    ['tls: true', { tls: true }, /^tls: true is not allowed; use an object with key and cert/],
    ['tls: null', { tls: null }, /^tls: null is not allowed/],
    ['tls: a path', { tls: '/etc/key.pem' }, /^tls: '\(not shown\)' is not allowed/],
    ['warmonstart', { warmonstart: {} }, /^warmonstart: .* is not allowed; .*did you mean warmOnStart\?/],
    ['null', null, /^options: null is not allowed; use an object/],
    ['a number', 3000, /^options: 3000 is not allowed; use an object/],
    ['an array', [], /^options: .* use an object/],
  ])('refuses %s', (_title, options, message) => {
    const app = express();
    const former = app.request;
    const attempt = (): unknown => createServer(app, options as object);
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(message);
    expect(app.request).toBe(former);
  });

  it.each(['key', 'cert', 'pfx', 'ca', 'SNICallback'])('refuses %s outside tls and does not print it', (name) => {
    const secret = '-----BEGIN PRIVATE KEY-----';
    const attempt = (): unknown => createServer(express(), { [name]: secret });
    expect(attempt).toThrow(new RegExp(`^${name}: .* use tls: \\{ ${name} \\}`));
    expect(attempt).not.toThrow(secret);
  });

  it.each<[title: string, app: unknown]>([
    ['a listener', () => undefined],
    ['a router', express.Router()],
    ['a server', createHttpServer()],
    ['an object', {}],
    ['nothing', undefined],
    ['null', null],
  ])('refuses %s as the application', (_title, app) => {
    const attempt = (): unknown => createServer(app as ReturnType<typeof express>);
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(/^app: .* is not allowed; use the application that express\(\) returns/);
  });
});

describe.each(versions)('an early answer under createServer, %s', (_name, express) => {
  it('is given before Express is entered, and otherwise Express answers', async () => {
    const app = express();
    const early = app as typeof app & { [key: symbol]: EarlyAnswer | undefined };
    const key = Symbol.for('viewcache.early');
    const entered: string[] = [];
    app.use((req, res) => {
      entered.push(req.url);
      res.send('late');
    });
    const port = await listen(createServer(app));
    expect((await get(port, '/a')).body).toBe('late');

    early[key] = (req, res) => {
      if (req.url !== '/a') return false;
      res.writeHead(200, ['x-early', 'yes']).end('early');
      return true;
    };
    const first = await get(port, '/a');
    expect(first.body).toBe('early');
    expect(first.headers).not.toHaveProperty('x-powered-by');
    expect((await get(port, '/b')).body).toBe('late');

    early[key] = undefined;
    expect((await get(port, '/a')).body).toBe('late');
    expect(entered).toEqual(['/a', '/b', '/a']);
  });
});
