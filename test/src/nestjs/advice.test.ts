import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Param } from '@nestjs/common';
import { Cacheable, CacheView } from '@viewcache/nestjs';
import { closeNestsAfterEach, nests, serveNest } from './nests.js';

closeNestsAfterEach();

describe.each(nests)('advice on an app of Nest, on %s', (_name, make) => {
  it('names routes and methods of providers', async () => {
    @Injectable()
    class Prices {
      @Cacheable(60) async at(time: string) {
        return time;
      }
    }
    @Controller('prices')
    class PricesController {
      constructor(readonly prices: Prices) {}
      @Get('at/:time') @CacheView(60) at(@Param('time') time: string) {
        return this.prices.at(time);
      }
      @Get('today') @CacheView(60) today() {
        return 'today';
      }
    }
    Reflect.defineMetadata('design:paramtypes', [Prices], PricesController);
    const site = await serveNest(make, [PricesController], { providers: [Prices] });
    for (let i = 0; i < 110; i++) {
      await site.get(`/prices/at/${i}`);
      await site.get('/prices/today');
    }

    const findings = site.cache.advise();

    expect(findings.map((finding) => 'route' in finding && finding.route).sort()).toEqual([
      '/prices/at/:time',
      'Prices.at',
    ]);
    for (const finding of findings) expect(finding).toMatchObject({ kind: 'few-hits', reason: 'every-key-new' });
  });
});
