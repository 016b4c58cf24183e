import { afterEach, describe, expect, it } from '@jest/globals';
import { CACHE_MANAGER, CacheInterceptor, CacheModule, type Cache as NestCache } from '@nestjs/cache-manager';
import { Controller, Get, type INestApplication, Module, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { memoryStore } from '@viewcache/core/keyv-memory';
import { Keyv } from 'keyv';
import request from 'supertest';

describe("memoryStore under Nest's CacheModule", () => {
  let app: INestApplication | undefined;
  afterEach(() => app?.close());

  it('is what its interceptor and its cache keep values in', async () => {
    const store = memoryStore({ maxBytes: '1mb' });
    let runs = 0;
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class Cities {
      @Get('cities')
      list() {
        return { run: ++runs };
      }
    }
    @Module({
      imports: [CacheModule.register({ stores: [new Keyv({ store })], ttl: 60_000 })],
      controllers: [Cities],
    })
    class App {}
    app = await NestFactory.create(App, { logger: false });
    await app.init();
    for (let i = 0; i < 2; i++) await request(app.getHttpServer()).get('/cities').expect(200, { run: 1 });
    expect(store.size).toBe(1);
    await app.get<NestCache>(CACHE_MANAGER).clear();
    await request(app.getHttpServer()).get('/cities').expect(200, { run: 2 });
  });
});
