import { describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import type { CacheEvent } from '@viewcache/core';
import { CacheView } from '@viewcache/nestjs';
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
});
