import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { createCache, defaultCache } from '@viewcache/core';
import { expectHit, expectMiss, expectStored, FakeClock, freshCache } from '@viewcache/core/testing';
import { Cacheable, CacheView, getCacheToken, ViewCache, ViewCacheModule } from '@viewcache/nestjs';
import { Site } from '../support/site.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

@Injectable()
class Prices {
  runs = 0;
  constructor(readonly cache: ViewCache) {}
  @Cacheable({ ttl: '5m', tags: ['prices'] })
  async all() {
    return ++this.runs;
  }
  @Cacheable({ ttl: '5m', cache: 'pages' })
  async some() {
    return ++this.runs;
  }
}

@Controller('prices')
class PricesController {
  runs = 0;
  @Get()
  @CacheView({ ttl: '5m', tags: ['prices'] })
  all() {
    return ++this.runs;
  }
}

@Module({
  imports: [ViewCacheModule.forRoot({ caches: { pages: {} } })],
  controllers: [PricesController],
  providers: [Prices],
})
class AppModule {}

async function serve(change: (builder: TestingModuleBuilder) => TestingModuleBuilder, module: object = AppModule) {
  const builder = Test.createTestingModule({ imports: [module as typeof AppModule] });
  const app = (await change(builder).compile()).createNestApplication();
  await app.listen(0, '127.0.0.1');
  open.push(app);
  return { app, prices: app.get(Prices), site: new Site(app.getHttpServer()) };
}

function own() {
  const clock = new FakeClock();
  const cache = createCache({ clock });
  open.push(cache);
  return { clock, cache };
}

describe('a test of a whole app', () => {
  it.each(['useValue', 'useFactory'] as const)(
    'has a cache of its own for services, views and methods, by %s',
    async (how) => {
      const { clock, cache } = own();
      const { prices, site } = await serve((builder) => {
        const override = builder.overrideProvider(ViewCache);
        return how === 'useValue' ? override.useValue(cache) : override.useFactory({ factory: async () => cache });
      });
      expect(prices.cache).toBe(cache);
      expectStored(await site.get('/prices'));
      expectHit(await site.get('/prices'), { ttl: 300 });
      expect([await prices.all(), await prices.all()]).toEqual([1, 1]);
      await prices.cache.invalidate({ tags: 'prices' });
      expectMiss(await site.get('/prices'));
      expect(await prices.all()).toBe(2);
      clock.advance('5m');
      expectMiss(await site.get('/prices'));
      expect(await prices.all()).toBe(3);
    },
  );

  it('has one in place of a cache with a name', async () => {
    const { clock, cache } = own();
    const { prices } = await serve((builder) => builder.overrideProvider(getCacheToken('pages')).useValue(cache));
    expect([await prices.some(), await prices.some()]).toEqual([1, 1]);
    clock.advance('5m');
    expect(await prices.some()).toBe(2);
  });

  it('has a mock of it for those alone who inject it', async () => {
    const mock = { invalidate: async () => {} };
    const { prices, site } = await serve((builder) => builder.overrideProvider(ViewCache).useValue(mock));
    expect(prices.cache).toBe(mock);
    expectStored(await site.get('/prices'));
    expectHit(await site.get('/prices'));
    expect([await prices.all(), await prices.all()]).toEqual([1, 1]);
  });

  it('has what freshCache() makes, where the app takes defaultCache()', async () => {
    @Module({
      imports: [ViewCacheModule.forRoot({ cache: defaultCache(), caches: { pages: {} } })],
      controllers: [PricesController],
      providers: [Prices],
    })
    class FollowingModule {}
    const { site } = await serve((builder) => builder, FollowingModule);
    for (const _ of [1, 2]) {
      const fresh = freshCache();
      expectStored(await site.get('/prices'));
      fresh.clock.advance('4m');
      expectHit(await site.get('/prices'), { ttl: 60 });
      await fresh.end();
    }
  });
});
