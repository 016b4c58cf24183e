import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastifyView from '@fastify/view';
import { describe, expect, it } from '@jest/globals';
import {
  Body,
  Controller,
  Get,
  type INestApplication,
  Post,
  Render,
  Req,
  Sse,
  VERSION_NEUTRAL,
  Version,
  VersioningType,
} from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { view } from '@viewcache/core';
import { CacheView } from '@viewcache/nestjs';
import ejs from 'ejs';
import { from } from 'rxjs';
import { lasting } from '../support/site.js';
import { closeNestsAfterEach, nests, serveNest } from './nests.js';

/** A path, and fields to ask for it with. */
type Asked = readonly [path: string, fields: OutgoingHttpHeaders];

let runs = 0;

@Controller('pages')
@CacheView({ ttl: 300, tags: ['pages'] })
class Pages {
  @Get('one') one() {
    return { run: ++runs };
  }
  @Get('long') long() {
    return 'x'.repeat(50_000) + ++runs;
  }
  @Get('events') @Sse('events') events() {
    runs++;
    return from([{ data: 'a' }, { data: 'b' }]);
  }
  @Post('one') post(@Body() body: unknown) {
    return { body, run: ++runs };
  }
  @Get('rendered') @Render('page') rendered() {
    return { run: ++runs };
  }
  @Get('tagged/:id') tagged(@Req() req: { params: { id: string } }) {
    view().dependsOn(`page#${req.params.id}`);
    return { run: ++runs };
  }
}

describe.each(nests)('requests to a cached route on %s', (_name, make) => {
  closeNestsAfterEach();
  const serve = async () => {
    runs = 0;
    return await serveNest(make, [Pages], { configure: (app) => app.setGlobalPrefix('api') });
  };

  it('answers HEAD from what a GET has stored, and does not store by it', async () => {
    const site = await serve();
    const before = await site.ask('/api/pages/one', { method: 'HEAD' });
    expect(before.status).toBe(200);
    expect((await site.get('/api/pages/one')).isHit).toBe(false);
    const get = await site.get('/api/pages/one');
    const head = await site.ask('/api/pages/one', { method: 'HEAD' });
    expect(head.isHit).toBe(true);
    expect(head.body.length).toBe(0);
    expect({ ...lasting(head, get), body: '' }).toEqual({ ...lasting(get), body: '' });
    expect(head.headers['content-length']).toBe(String(get.body.length));
  });

  it('tells by the entity tag of the first answer that nothing has changed', async () => {
    const site = await serve();
    const first = await site.get('/api/pages/one');
    const { etag } = first.headers;
    expect(etag).toMatch(/^W\/"/);
    const unchanged = await site.get('/api/pages/one', { 'if-none-match': etag ?? '' });
    expect([unchanged.status, unchanged.body.length, unchanged.headers.etag]).toEqual([304, 0, etag]);
    expect(unchanged.headers['content-length']).toBeUndefined();
    expect((await site.get('/api/pages/one', { 'if-none-match': '"other"' })).status).toBe(200);
    expect(runs).toBe(1);
  });

  it('answers a condition on a cold key by itself, and stores the whole response', async () => {
    const site = await serve();
    const { etag } = (await site.get('/api/pages/one')).headers;
    await site.cache.purge({ all: true });
    runs = 0;
    const unchanged = await site.get('/api/pages/one', { 'if-none-match': etag ?? '' });
    expect(unchanged.status).toBe(304);
    const hit = await site.get('/api/pages/one');
    expect([hit.isHit, hit.text]).toEqual([true, '{"run":1}']);
  });

  it('answers a part of what is stored', async () => {
    const site = await serve();
    const whole = await site.get('/api/pages/long');
    const part = await site.get('/api/pages/long', { range: 'bytes=49998-' });
    expect([part.status, part.headers['content-range']]).toEqual([206, `bytes 49998-50000/${whole.body.length}`]);
    expect(part.text).toBe('xx1');
  });

  it('lets a POST through, which invalidates what a GET has stored', async () => {
    const site = await serve();
    await site.get('/api/pages/one');
    const headers = { 'content-type': 'application/json' };
    const post = () => site.ask('/api/pages/one', { method: 'POST', headers, body: '{"a":1}' });
    expect([(await post()).text, (await post()).text]).toEqual([
      '{"body":{"a":1},"run":2}',
      '{"body":{"a":1},"run":3}',
    ]);
    expect((await site.get('/api/pages/one')).text).toBe('{"run":4}');
  });

  it('never caches events that a server sends', async () => {
    const site = await serve();
    const texts = [(await site.get('/api/pages/events')).text, (await site.get('/api/pages/events')).text];
    expect(texts[0]).toContain('data: a');
    expect(texts[0]).toContain('data: b');
    expect(texts[1]).toBe(texts[0]);
    expect(runs).toBe(2);
  });

  it('invalidates by tags of options and of the handler, and by the path with its prefix', async () => {
    const site = await serve();
    const page = async () => (await site.get('/api/pages/tagged/7')).text;
    const other = async () => (await site.get('/api/pages/tagged/8')).text;
    expect([await page(), await other(), await page()]).toEqual(['{"run":1}', '{"run":2}', '{"run":1}']);
    await site.cache.invalidate({ tags: 'page#7' });
    expect([await page(), await other()]).toEqual(['{"run":3}', '{"run":2}']);
    await site.cache.invalidate({ path: '/api/pages/*' });
    expect([await page(), await other()]).toEqual(['{"run":4}', '{"run":5}']);
    await site.cache.invalidate({ tags: 'pages' });
    expect([await page(), await other()]).toEqual(['{"run":6}', '{"run":7}']);
  });

  it('names a route by its whole pattern', async () => {
    const site = await serve();
    const routes: string[] = [];
    site.cache.on((event) => event.type === 'stored' && routes.push(event.route));
    await site.get('/api/pages/tagged/7');
    expect(routes).toEqual(['/api/pages/tagged/:id']);
  });

  it('renders a template once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'viewcache-views-'));
    writeFileSync(join(folder, 'page.ejs'), '<p>run <%= run %></p>');
    const site = await serveNest(make, [Pages], { configure: (app) => addTemplates(app, folder) });
    runs = 0;
    const first = await site.get('/pages/rendered');
    const second = await site.get('/pages/rendered');
    rmSync(folder, { recursive: true });
    expect(first.text).toBe('<p>run 1</p>');
    expect(second.isHit).toBe(true);
    expect(lasting(second, first)).toEqual(lasting(first));
    expect(site.logged).toEqual([]);
  });

  it.each<[string, VersioningType, (version: string) => Asked]>([
    ['the path', VersioningType.URI, (version: string): Asked => [`/v${version}/versioned`, {}]],
    ['a field', VersioningType.HEADER, (version: string): Asked => ['/versioned', { 'x-version': version }]],
    [
      'the media type',
      VersioningType.MEDIA_TYPE,
      (version: string): Asked => ['/versioned', { accept: `text/x;v=${version}` }],
    ],
    ['a function', VersioningType.CUSTOM, (version: string): Asked => ['/versioned', { 'x-custom': version }]],
  ])('keeps apart the versions of a route, by %s', async (_by, type, ask) => {
    @Controller('versioned')
    @CacheView(300)
    class Versioned {
      @Version('1') @Get() one() {
        return `one ${++runs}`;
      }
      @Version(['2', '3']) @Get() two() {
        return `two ${++runs}`;
      }
      @Version(VERSION_NEUTRAL) @Get('neutral') neutral() {
        return `neutral ${++runs}`;
      }
    }
    runs = 0;
    // On Fastify a function may be asked for the versions it would take, best first.
    const extractor = (request: unknown) =>
      String((request as { headers: Record<string, string> }).headers['x-custom']);
    const site = await serveNest(make, [Versioned], {
      configure: (app) => app.enableVersioning({ type, header: 'x-version', key: 'v=', extractor } as never),
    });
    const get = async (version: string) => {
      const [path, headers] = ask(version);
      return (await site.get(path, headers)).text;
    };
    expect([await get('1'), await get('2'), await get('1'), await get('2')]).toEqual([
      'one 1',
      'two 2',
      'one 1',
      'two 2',
    ]);
  });

  it('serves several apps in one process, each from what it has stored', async () => {
    runs = 0;
    const [one, other] = [await serveNest(make, [Pages]), await serveNest(make, [Pages])];
    const get = async (site: typeof one) => (await site.get('/pages/one', { host: 'one.example' })).text;
    expect([await get(one), await get(other), await get(one), await get(other)]).toEqual([
      ...['{"run":1}', '{"run":2}', '{"run":1}', '{"run":2}'],
    ]);
  });
});

/** Has `@Render()` make pages of ejs. */
async function addTemplates(app: INestApplication, folder: string): Promise<void> {
  if (app.getHttpAdapter().getType() === 'fastify') {
    const fastify = app.getHttpAdapter().getInstance();
    await fastify.register(fastifyView, { engine: { ejs }, root: folder, viewExt: 'ejs' });
    return;
  }
  const express = app as NestExpressApplication;
  express.engine('ejs', ejs.renderFile as never);
  express.setViewEngine('ejs');
  express.setBaseViewsDir(folder);
}
