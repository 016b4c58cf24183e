import { once } from 'node:events';
import { connect } from 'node:http2';
import { describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { CacheView } from '@viewcache/nestjs';
import { selfSigned } from '../create-server/self-signed.js';
import { closeNestsAfterEach, serveNest } from './nests.js';

closeNestsAfterEach();

const secure = 'https://www.example.com';
const { key, cert } = selfSigned();
const byProxy = { host: 'www.example.com', 'x-forwarded-proto': 'https' };

async function isHitByHttp2(port: number): Promise<boolean> {
  const session = connect(`https://127.0.0.1:${port}`, { ca: cert });
  const stream = session.request({ ':path': '/news', ':authority': 'www.example.com' });
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  stream.resume();
  await once(stream, 'end');
  session.close();
  await once(session, 'close');
  return /hit/.test(String(headers['cache-status']));
}

@Controller()
class News {
  @Get('news')
  @CacheView('1h')
  news(): string {
    return 'news';
  }
}

describe('what is warmed of an app of Nest', () => {
  it.each<[string, () => AbstractHttpAdapter]>([
    ['Express', () => new ExpressAdapter()],
    ['Fastify', () => new FastifyAdapter() as AbstractHttpAdapter],
  ])('is nothing that visitors by https find where it trusts no proxy: %s', async (_name, make) => {
    const site = await serveNest(make, [News]);
    expect(await site.cache.warm(['/news'], { origin: secure })).toMatchObject({
      ...{ stored: 0, refused: 1 },
      problems: [{ what: '/news', reason: 'other-key', detail: expect.stringContaining('set trust proxy') }],
    });
    expect((await site.get('/news', byProxy)).isHit).toBe(false);
  });

  it.each<[string, () => AbstractHttpAdapter, boolean]>([
    ['Express', () => new ExpressAdapter(), true],
    ['Fastify', () => new FastifyAdapter({ trustProxy: 'loopback' }) as AbstractHttpAdapter, false],
  ])('is found where it trusts one: %s', async (_name, make, sets) => {
    const site = await serveNest(make, [News], {
      configure: (app) => sets && app.getHttpAdapter().getInstance().set('trust proxy', 'loopback'),
    });
    expect(await site.cache.warm(['/news'], { origin: secure })).toMatchObject({ stored: 1, problems: [] });
    expect((await site.get('/news', byProxy)).isHit).toBe(true);
  });

  it.each([true, false])('is found by HTTP/2, where HTTP/1 is answered, too: %s', async (allowHTTP1) => {
    const options = { http2: true, https: { key, cert, allowHTTP1 } } as never;
    const { cache, port } = await serveNest(() => new FastifyAdapter(options) as AbstractHttpAdapter, [News], {
      // Its servers have nothing that keeps connections open.
      configure: (app) => Object.assign(app.getHttpServer(), { closeAllConnections() {} }),
    });
    expect(await cache.warm(['/news'], { origin: secure })).toMatchObject({ stored: 1, problems: [] });
    expect(await isHitByHttp2(port)).toBe(true);
  });
});
