import { describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Headers,
  Injectable,
  Req,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import type { CacheEvent } from '@viewcache/core';
import { CacheView } from '@viewcache/nestjs';
import { CacheInterceptor, CacheModule } from '@viewcache/nestjs/compat';
import { closeNestsAfterEach, type NestSite, nests, serveNest } from './nests.js';

closeNestsAfterEach();

function messagesOf({ cache }: NestSite): string[] {
  const messages: string[] = [];
  const note = (event: CacheEvent) => {
    if (event.type === 'warning' || event.type === 'input') messages.push(event.message);
  };
  cache.on(note);
  return messages;
}

describe.each(nests)('warnings about views, on %s', (_name, make) => {
  it('name class, method and route of a function that throws, each route for itself', async () => {
    const nobody = (): never => {
      throw new TypeError('no user');
    };
    @Controller('cities')
    class Cities {
      @Get('a/:id') @CacheView({ ttl: 60, key: nobody }) a() {
        return 'a';
      }
      @Get('b/:id') @CacheView({ ttl: 60, key: nobody }) b() {
        return 'b';
      }
      @Get('c/:id') @CacheView({ ttl: 60, tags: nobody }) c() {
        return 'c';
      }
    }
    const site = await serveNest(make, [Cities]);
    const messages = messagesOf(site);
    for (const path of ['a/1', 'a/2', 'b/1', 'c/1']) expect((await site.get(`/cities/${path}`)).status).toBe(200);

    expect([...new Set(messages)]).toEqual([
      'Cities.a: @CacheView.key on GET /cities/a/:id threw TypeError: no user, the cache was bypassed',
      'Cities.b: @CacheView.key on GET /cities/b/:id threw TypeError: no user, the cache was bypassed',
      'Cities.c: @CacheView.tags on GET /cities/c/:id threw TypeError: no user, nothing was stored',
    ]);
  });

  it('of inputs name the handler, and write their advice as Nest has it', async () => {
    @Injectable()
    class Login implements CanActivate {
      canActivate(context: ExecutionContext) {
        context.switchToHttp().getRequest().user = { id: 7 };
        return true;
      }
    }
    @Controller('shown')
    @UseGuards(Login)
    class Shown {
      @Get('user') @CacheView(60) user(@Req() { user }: { user: { id: number } }) {
        return `${user.id}`;
      }
      @Get('agent') @CacheView(60) agent(@Headers('user-agent') agent: string) {
        return `${agent}`;
      }
      @Get('cookie') @CacheView(60) cookie(@Headers('cookie') cookie: string) {
        return `${cookie}`;
      }
      @Get('all') @CacheView(60) all(@Headers() headers: object) {
        return Object.keys({ ...headers });
      }
      @Get('compat') @UseInterceptors(CacheInterceptor) compat(@Req() { user }: { user: { id: number } }) {
        return `${user.id}`;
      }
    }
    const site = await serveNest(make, [Shown], { imports: [CacheModule.register({ cache: 'default', ttl: 60_000 })] });
    const messages = messagesOf(site);
    for (const path of ['user', 'agent', 'cookie', 'all', 'compat'])
      await site.get(`/shown/${path}`, { cookie: 'a=1' });

    const asked = 'ctx.switchToHttp().getRequest()';
    expect(
      messages.map((message) =>
        message
          .split('\n')
          .slice(1, -1)
          .map((line) => line.trim()),
      ),
    ).toEqual([
      [
        expect.stringMatching(/^read by {3}Shown\.user, the handler of \/shown\/user/),
        `if the page differs per user   key: (ctx) => ${asked}.user?.id      one stored response each`,
        "if it does not                 inputs: { 'req.user': 'ignore' }",
      ],
      [
        expect.stringMatching(/^read by {3}Shown\.agent, /),
        `if the page differs by device   key: (ctx) => isMobile(${asked})`,
        "if it does not                  inputs: { 'user-agent': 'ignore' }",
      ],
      [
        expect.stringMatching(/^read by {3}Shown\.cookie, /),
        `if a few pages differ by it   key: (ctx) => themeOf(${asked}.headers['cookie'])      not all of it: keys are shown`,
        "if it does not                inputs: { 'cookie': 'ignore' }",
      ],
      [
        expect.stringMatching(/^read by {3}Shown\.all, /),
        "if it needs no visitor's own   inputs: { cookie: 'hide', authorization: 'hide' }",
        'if it needs them all           leave it out of the cache: @NeverCache()',
      ],
      [
        expect.stringMatching(/^read by {3}Shown\.compat, /),
        `if the page differs per user   @CacheKey((ctx) => ${asked}.user?.id), or the same in trackBy()      one stored response each`,
        "if it does not                 @CacheView({ ttl, inputs: { 'req.user': 'ignore' } }) in place of CacheInterceptor",
      ],
    ]);
  });

  it('say of a route behind a token, once, why nothing is stored, and how it is', async () => {
    @Injectable()
    class Bearer implements CanActivate {
      canActivate(context: ExecutionContext) {
        const request = context.switchToHttp().getRequest();
        request.user = { id: Number(request.headers.authorization?.slice('Bearer '.length)) };
        return request.user.id > 0;
      }
    }
    @Controller('account')
    @UseGuards(Bearer)
    class Account {
      @Get('news') @CacheView(60) news() {
        return 'We have moved.';
      }
      @Get('hidden') @CacheView({ ttl: 60, inputs: { authorization: 'hide' } }) hidden() {
        return 'We have moved.';
      }
    }
    const site = await serveNest(make, [Account]);
    const messages = messagesOf(site);
    const isHit = async (path: string, token: number) =>
      (await site.get(`/account/${path}`, { authorization: `Bearer ${token}` })).isHit;

    expect([await isHit('news', 1), await isHit('news', 2), await isHit('news', 1)]).toEqual([false, false, false]);
    expect([await isHit('hidden', 1), await isHit('hidden', 2)]).toEqual([false, true]);
    expect((await site.get('/account/hidden')).status).toBe(403);
    expect(messages).toEqual([
      expect.stringContaining('GET /account/news was not stored: its request had Authorization'),
    ]);
    expect(messages[0]).toContain('key: (ctx) => ctx.switchToHttp().getRequest().user?.id');
    expect(messages[0]).toContain("inputs: { authorization: 'hide' }");
  });
});
