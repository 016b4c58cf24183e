import { afterEach, jest } from '@jest/globals';
import * as official from '@nestjs/cache-manager';
import { type DynamicModule, type INestApplication, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Cache, createCache } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import * as compat from '@viewcache/nestjs/compat';
import { Site } from '../support/site.js';
import type { MakeAdapter } from './nests.js';

/** What an app imports of either package; the types are ours, because the other's say `any` in more places. */
export type Package = Omit<typeof compat, 'CacheEvict'>;

/** The two packages, for `describe.each`. */
export const packages: readonly (readonly [name: string, of: Package, isOurs: boolean])[] = [
  ['@nestjs/cache-manager', official as unknown as Package, false],
  ['@viewcache/nestjs/compat', compat, true],
];

/** An app that listens on loopback, with its cache manager. */
export interface CompatSite extends Site {
  readonly app: INestApplication;
  readonly manager: compat.Cache;
}

const open = new Set<INestApplication>();
const caches = new Set<Cache>();

/** Starts an app with these controllers on one of the packages. */
export async function serveCompat(
  make: MakeAdapter,
  module: DynamicModule,
  controllers: readonly Type[],
  metadata: Omit<ModuleMetadata, 'controllers'> & { readonly prepare?: (app: INestApplication) => unknown } = {},
): Promise<CompatSite> {
  const { prepare, imports = [], ...more } = metadata;
  @Module({ ...more, imports: [module, ...imports], controllers: [...controllers] })
  class AppModule {}
  const app = await NestFactory.create(AppModule, make(), { logger: false, abortOnError: false });
  open.add(app);
  await prepare?.(app);
  await app.listen(0, '127.0.0.1');
  const manager = app.get<compat.Cache>(compat.CACHE_MANAGER);
  return Object.assign(new Site(app.getHttpServer()), { app, manager });
}

/** A manager without an app that answers anybody. */
export async function startManager(module: DynamicModule): Promise<compat.Cache> {
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  open.add(app as INestApplication);
  return app.get<compat.Cache>(compat.CACHE_MANAGER);
}

/** Closes what the above started, after each test of the file, and gives time back. */
export function closeCompatAfterEach(): void {
  afterEach(closeCompat);
}

/** Does so at once. */
export async function closeCompat(): Promise<void> {
  jest.useRealTimers();
  const apps = [...open];
  open.clear();
  for (const app of apps) {
    app.getHttpServer?.().closeAllConnections();
    await app.close();
  }
  for (const cache of caches) await cache.close();
  caches.clear();
}

/** Time that stands still until it is set forward. */
export interface Time {
  pass(ms: number): Promise<void>;
  /** For `CacheModule`: a cache that goes by it. One of the packages reads the clock on the wall, which stands as well. */
  readonly options: Pick<compat.CacheModuleOptions, 'cache'>;
}

/** Stops the clock on the wall, and that of a cache. */
export function stopTime(): Time {
  const names = [
    'setTimeout',
    'setInterval',
    'setImmediate',
    'clearTimeout',
    'clearInterval',
    'clearImmediate',
  ] as const;
  jest.useFakeTimers({ doNotFake: [...names, 'hrtime', 'nextTick', 'performance', 'queueMicrotask'] });
  const clock = new FakeClock(Date.now());
  const cache = createCache({ clock });
  caches.add(cache);
  return {
    options: { cache },
    async pass(ms) {
      jest.setSystemTime(Date.now() + ms);
      await clock.advanceAsync(ms);
    },
  };
}
