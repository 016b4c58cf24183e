import { once } from 'node:events';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Body,
  Controller,
  Get,
  Module,
  type NestApplicationOptions,
  type OnApplicationShutdown,
  Post,
  Req,
  Version,
  VersioningType,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { CacheView, ViewCacheModule } from '@viewcache/nestjs';
import { ViewCacheExpressAdapter } from '@viewcache/nestjs/express';
import express from 'express';
import supertest from 'supertest';
import { selfSigned } from '../create-server/self-signed.js';
import { Site } from '../support/site.js';

let runs = 0;
let closed = 0;

@Controller('pages')
class Pages implements OnApplicationShutdown {
  @Get('cached') @CacheView(300) cached() {
    return { run: ++runs };
  }
  @Get('what') what(@Req() req: express.Request) {
    const { res } = req;
    return [
      req instanceof IncomingMessage,
      res instanceof ServerResponse,
      req.constructor === IncomingMessage,
      req.app === res?.app,
      req.protocol,
      req.hostname,
    ];
  }
  @Get('version') @Version('1') one() {
    return 'first';
  }
  @Get('version') @Version('2') two() {
    return 'second';
  }
  @Post('body') body(@Body() body: unknown) {
    return { body };
  }
  onApplicationShutdown() {
    closed++;
  }
}

@Module({ imports: [ViewCacheModule.forRoot()], controllers: [Pages] })
class AppModule {}

const open: NestExpressApplication[] = [];

afterEach(async () => {
  for (const app of open.splice(0)) {
    app.getHttpServer().closeAllConnections();
    await app.close();
  }
});

async function start(
  adapter: ExpressAdapter,
  options: NestApplicationOptions = {},
  configure: (app: NestExpressApplication) => unknown = () => {},
) {
  const app = await NestFactory.create<NestExpressApplication>(AppModule, adapter, {
    logger: false,
    abortOnError: false,
    ...options,
  });
  open.push(app);
  await configure(app);
  await app.listen(0, '127.0.0.1');
  return app;
}

/** Notes whether requests and responses have the app's prototypes when they are born, and when they end. */
function changesOf(app: NestExpressApplication): string[] {
  const instance = app.getHttpAdapter().getInstance() as express.Express;
  const notes: string[] = [];
  const haveThem = (req: object, res: object) =>
    Object.getPrototypeOf(req) === instance.request && Object.getPrototypeOf(res) === instance.response;
  app.getHttpServer().prependListener('request', (req: object, res: ServerResponse) => {
    notes.push(haveThem(req, res) ? 'born with them' : 'born without');
    res.on('finish', () => notes.push(haveThem(req, res) ? 'kept them' : 'lost them'));
  });
  return notes;
}

describe('ViewCacheExpressAdapter', () => {
  it('makes requests and responses with the prototypes of the app, which keep them', async () => {
    const app = await start(new ViewCacheExpressAdapter());
    const changes = changesOf(app);
    expect((await new Site(app.getHttpServer()).get('/pages/what')).status).toBe(200);
    expect(changes).toEqual(['born with them', 'kept them']);
  });

  it("answers as Nest's own adapter does", async () => {
    const answers = [];
    for (const adapter of [new ExpressAdapter(), new ViewCacheExpressAdapter()]) {
      const app = await start(adapter, { rawBody: true }, (it) => {
        it.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' });
        it.set('trust proxy', true);
        it.useBodyParser('text');
      });
      const site = new Site(app.getHttpServer());
      const json = { 'content-type': 'application/json' };
      const text = { 'content-type': 'text/plain' };
      const asked = [
        await site.get('/pages/what', { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'example.org' }),
        await site.get('/pages/version', { 'x-version': '1' }),
        await site.get('/pages/version', { 'x-version': '2' }),
        await site.get('/pages/version'),
        await site.ask('/pages/body', { method: 'POST', headers: json, body: '{"a":1}' }),
        await site.ask('/pages/body', { method: 'POST', headers: json, body: '{"a":' }),
        await site.ask('/pages/body', { method: 'POST', headers: text, body: 'abc' }),
        await site.get('/none'),
      ];
      answers.push(asked.map(({ status, body, headers: { date: _, ...fields } }) => [status, String(body), fields]));
    }
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[1]?.map(([status]) => status)).toEqual([200, 200, 200, 404, 201, 400, 201, 404]);
  });

  it('serves HTTPS', async () => {
    const { key, cert } = selfSigned();
    const app = await start(new ViewCacheExpressAdapter(), { httpsOptions: { key, cert } });
    const { port } = app.getHttpServer().address() as AddressInfo;
    const changes = changesOf(app);
    const agent = new Agent({ ca: cert, keepAlive: false });
    const sent = request({ host: '127.0.0.1', port, path: '/pages/what', agent }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const text = (await response.toArray()).join('');
    expect(JSON.parse(text)).toEqual([true, true, true, true, 'https', '127.0.0.1']);
    expect(changes).toEqual(['born with them', 'kept them']);
    agent.destroy();
  });

  it('answers each request once, from the cache when it can', async () => {
    const app = await start(new ViewCacheExpressAdapter());
    const site = new Site(app.getHttpServer());
    const first = await site.get('/pages/cached');
    const second = await site.get('/pages/cached');
    expect([first.isHit, second.isHit]).toEqual([false, true]);
    expect(second.text).toBe(first.text);
  });

  it('takes an app of Express that is there', async () => {
    const own = express();
    own.get('/own', (_req, res) => void res.send('own'));
    const app = await start(new ViewCacheExpressAdapter(own));
    const site = new Site(app.getHttpServer());
    expect((await site.get('/own')).text).toBe('own');
    expect((await site.get('/pages/cached')).status).toBe(200);
  });

  it.each<[string, object]>([
    ['options', { logger: true }],
    ['a function', () => {}],
    ['a router', express.Router()],
  ])('refuses %s in place of an app of Express', (_what, app) => {
    expect(() => new ViewCacheExpressAdapter(app)).toThrow(
      /^ViewCacheExpressAdapter: .* is not allowed; use nothing, or the application that express\(\) returns/,
    );
  });

  it('serves supertest through an app that does not listen', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = module.createNestApplication<NestExpressApplication>(new ViewCacheExpressAdapter());
    open.push(app);
    await app.init();
    const { body } = await supertest(app.getHttpServer()).get('/pages/what').expect(200);
    expect(body.slice(0, 4)).toEqual([true, true, true, true]);
  });

  it('closes with the app, and its connections with it where Nest is told so', async () => {
    const app = await start(new ViewCacheExpressAdapter(), { forceCloseConnections: true });
    app.enableShutdownHooks();
    const connected = once(app.getHttpServer(), 'connection');
    const socket = await new Site(app.getHttpServer()).connect();
    // In the middle of a request, so that no server lets it go by itself.
    socket.on('error', () => {});
    socket.write('GET /pages/what HTTP/1.1\r\n');
    await connected;
    const before = closed;
    const gone = new Promise((resolve) => socket.resume().on('close', resolve));
    await app.close();
    await gone;
    expect(closed).toBe(before + 1);
    expect(app.getHttpServer().listening).toBe(false);
    open.length = 0;
  });

  it("has the listeners of a server of Node's, each once", async () => {
    const app = await start(new ViewCacheExpressAdapter());
    // Under Nest's own adapter, whatever else listens to the server of an app.
    const plain = (await start(new ExpressAdapter())).getHttpServer();
    const server = app.getHttpServer();
    expect(plain.eventNames()).toEqual(expect.arrayContaining(createServer(() => {}).eventNames()));
    for (const event of plain.eventNames() as string[]) {
      expect([event, server.listenerCount(event)]).toEqual([event, plain.listenerCount(event)]);
    }
  });
});
