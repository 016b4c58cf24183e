import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HealthCheckService, HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { ViewCacheHealthIndicator } from '@viewcache/nestjs';
import { RedisServer } from '../servers/redis.js';
import { until } from '../values/stores.js';
import { closeContextsAfterEach, startContext } from './contexts.js';

closeContextsAfterEach();

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

const imports = [TerminusModule.forRoot({ logger: false })];

describe('ViewCacheHealthIndicator', () => {
  it('says to Terminus what its own service would', async () => {
    const { app } = await startContext({ imports, options: { caches: { pages: {} } } });
    const indicator = app.get(ViewCacheHealthIndicator);
    const own = app.get(HealthIndicatorService).check('views').up({ unheardInvalidations: 0 });
    expect(await indicator.isHealthy('views')).toEqual(own);
    const checked = await app
      .get(HealthCheckService)
      .check([() => indicator.isHealthy(), () => indicator.isHealthy('pages', { cache: 'pages' })]);
    const up = { status: 'up', unheardInvalidations: 0 };
    expect(checked).toMatchObject({ status: 'ok', details: { cache: up, pages: up } });
    await expect(indicator.isHealthy('pages', { cache: 'pagse' })).rejects.toThrow('isHealthy.cache');
    await expect(indicator.isHealthy('pages', { whenDown: 'unknown' as never })).rejects.toThrow('isHealthy.whenDown');
  });

  it('is down while the shared store is, unless told otherwise', async () => {
    const { app, cache, clock } = await startContext({ imports, own: { store: redis.url, namespace: 'health' } });
    const [indicator, health] = [app.get(ViewCacheHealthIndicator), app.get(HealthCheckService)];
    expect(await indicator.isHealthy('cache')).toEqual({
      cache: { status: 'up', shared: 'up', outstanding: 0, failures: 0, unheardInvalidations: 0 },
    });
    await redis.stop();
    await until(async () => {
      // What nobody answers ends with its deadline, and time passes only when it is told to.
      const asked = cache.get('anything');
      await clock.advanceAsync(1_000);
      await asked;
      return cache.health().shared?.state === 'down';
    });
    const down = { status: 'down', shared: 'down', failures: expect.any(Number), unheardInvalidations: 0 };
    expect(await indicator.isHealthy()).toMatchObject({ cache: down });
    await expect(health.check([() => indicator.isHealthy()])).rejects.toMatchObject({
      response: { status: 'error', error: { cache: down } },
    });
    expect(await health.check([() => indicator.isHealthy('cache', { whenDown: 'degraded' })])).toMatchObject({
      status: 'degraded',
      details: { cache: { ...down, status: 'degraded' } },
    });
    expect(await health.check([() => indicator.isHealthy('cache', { whenDown: 'up' })])).toMatchObject({
      status: 'ok',
    });
  });
});
