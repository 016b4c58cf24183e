import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Render, Req } from '@nestjs/common';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { CacheView, ViewCache } from '@viewcache/nestjs';
import { ejsFragments, fragments } from '@viewcache/nestjs/express';
import ejs from 'ejs';
import type { Request } from 'express';
import { closeNestsAfterEach, serveNest } from './nests.js';

const folders: string[] = [];
closeNestsAfterEach();
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
});

let made = 0;

@Controller()
class Pages {
  @Get('page')
  @Render('page')
  page(@Req() req: Request) {
    return { user: Reflect.get(req, 'user'), made: () => ++made };
  }

  @Get('cached')
  @CacheView('1h')
  @Render('page')
  cached() {
    return { user: undefined, made: () => ++made };
  }
}

async function serve() {
  const views = await mkdtemp(join(tmpdir(), 'viewcache-nest-'));
  folders.push(views);
  await writeFile(
    join(views, 'page.ejs'),
    `<%= user?.name %> <%- await cache('part', { ttl: 60, tags: 'parts', shared: true }, () => 'part ' + made()) %>`,
  );
  return await serveNest(() => new ExpressAdapter(), [Pages], {
    configure(app) {
      const express = app as NestExpressApplication;
      express.setBaseViewsDir(views);
      express.engine('ejs', ejsFragments(ejs));
      express.setViewEngine('ejs');
      express.use((req: Request, _res: unknown, next: () => void) => {
        const name = req.get('x-login');
        if (name !== undefined) Object.assign(req, { user: { id: name, name } });
        next();
      });
      express.use(fragments({ cache: app.get(ViewCache) }));
    },
  });
}

describe('fragments of a Nest app on Express', () => {
  it('are kept in what @Render() renders, in cached views and elsewhere', async () => {
    const site = await serve();
    const as = async (name: string) => (await site.get('/page', { 'x-login': name })).text;
    const ada = await as('Ada');
    expect(await as('Grace')).toBe(ada.replace('Ada', 'Grace'));
    expect((await site.get('/cached')).isStored).toBe(true);
    expect((await site.get('/cached')).isHit).toBe(true);
    const before = made;
    await site.cache.invalidate({ tags: ['parts'] });
    expect(await as('Ada')).toBe(`Ada part ${before + 1}`);
    const cached = await site.get('/cached');
    expect([cached.isHit, cached.isStored, cached.text]).toEqual([false, true, ` part ${before + 1}`]);
  });
});
