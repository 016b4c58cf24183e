import { afterEach } from '@jest/globals';
import { type INestApplication, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { FakeClock } from '@viewcache/core/testing';
import { ViewCache, ViewCacheModule, type ViewCacheModuleOptions } from '@viewcache/nestjs';
import { Site } from '../support/site.js';

/** Makes the HTTP adapter of an app. */
export type MakeAdapter = () => AbstractHttpAdapter;

/** The two adapters that are supported, for `describe.each`. */
export const nests: readonly (readonly [name: string, make: MakeAdapter])[] = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter() as AbstractHttpAdapter],
];

/** An app of Nest that listens on loopback. */
export interface NestSite extends Site {
  readonly app: INestApplication;
  readonly cache: ViewCache;
  /** Of the app's own cache, where none is handed in. */
  readonly clock: FakeClock;
  /** Errors and warnings that Nest has logged. */
  readonly logged: readonly unknown[];
}

/** What is particular about one app. */
export interface NestSetup extends ModuleMetadata {
  /** For the module of caches. */
  readonly options?: ViewCacheModuleOptions;
  /** Before it listens. */
  readonly configure?: (app: INestApplication) => unknown;
}

const open = new Set<NestSite>();

/** Starts an app with these controllers, and whatever else. */
export async function serveNest(
  make: MakeAdapter,
  controllers: readonly Type[],
  { options, configure, imports = [], ...metadata }: NestSetup = {},
): Promise<NestSite> {
  const clock = new FakeClock();
  const own = options?.cache === undefined ? { clock, ...options } : options;
  const modules = [ViewCacheModule.forRoot(own), ...imports];
  @Module({ ...metadata, imports: modules, controllers: [...controllers] })
  class AppModule {}
  const logged: unknown[] = [];
  const note = (message: unknown) => void logged.push(message);
  const logger = { log: () => {}, error: note, warn: note, fatal: note };
  const app = await NestFactory.create(AppModule, make(), { logger, abortOnError: false });
  await configure?.(app);
  await app.listen(0, '127.0.0.1');
  const site = Object.assign(new Site(app.getHttpServer()), { app, clock, cache: app.get(ViewCache), logged });
  open.add(site);
  return site;
}

/** Closes what {@link serveNest} started, after each test of the file. */
export function closeNestsAfterEach(): void {
  afterEach(async () => {
    const sites = [...open];
    open.clear();
    for (const site of sites) {
      site.app.getHttpServer().closeAllConnections();
      await site.app.close();
    }
  });
}
