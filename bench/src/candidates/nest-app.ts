import 'reflect-metadata';
import type { Server } from 'node:http';
import { CacheInterceptor, CacheModule } from '@nestjs/cache-manager';
import {
  applyDecorators,
  type CanActivate,
  Controller,
  Get,
  Injectable,
  Module,
  type ModuleMetadata,
  UseInterceptors,
} from '@nestjs/common';
import { type AbstractHttpAdapter, APP_GUARD, NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { CacheView, ViewCacheModule } from '@viewcache/nestjs';
import { makePayload, type Payload } from '../payload.js';
import { serve, sizeFromArguments } from './serve.js';

/** What one candidate has that a bare Nest app has not. */
export interface NestCache {
  readonly decorators: readonly MethodDecorator[];
  readonly imports: NonNullable<ModuleMetadata['imports']>;
}

/** No cache. */
export const BARE: NestCache = { decorators: [], imports: [] };

/** The interceptor of @nestjs/cache-manager over its memory store, as its documentation sets it up. */
export const CACHE_MANAGER: NestCache = {
  decorators: [UseInterceptors(CacheInterceptor)],
  imports: [CacheModule.register({ ttl: 3_600_000 })],
};

/** `@CacheView()` over a bounded memory store. */
export function cacheView(options: { readonly beforeGuards?: true } = {}): NestCache {
  return {
    decorators: [CacheView({ ttl: 3_600, ...options })],
    imports: [ViewCacheModule.forRoot({ store: 'memory:?maxEntries=1000' })],
  };
}

/** Serves a Nest app on Express. */
export async function serveOnExpress(
  cache: NestCache,
  adapter: AbstractHttpAdapter = new ExpressAdapter(),
): Promise<void> {
  const { module, counters } = makeModule(cache);
  const app = await NestFactory.create<NestExpressApplication>(module, adapter, LOGGING);
  app.disable('x-powered-by');
  await app.init();
  serve(app.getHttpServer() as Server, counters);
}

/** Serves a Nest app on Fastify. */
export async function serveOnFastify(cache: NestCache): Promise<void> {
  const { module, counters } = makeModule(cache);
  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), LOGGING);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  serve(app.getHttpServer() as Server, counters);
}

const LOGGING = { logger: ['error', 'warn'] } satisfies Parameters<typeof NestFactory.create>[2];

/** Makes the app that all these candidates share: one route that returns an object from memory, behind a guard of the app. */
function makeModule({ decorators, imports }: NestCache) {
  const payload = makePayload(sizeFromArguments());
  let handlerRuns = 0;
  let guardRuns = 0;

  /** Lets everybody through, so that it costs nothing but being asked. */
  @Injectable()
  class LetThrough implements CanActivate {
    canActivate(): boolean {
      guardRuns++;
      return true;
    }
  }

  @Controller()
  class CitiesController {
    @Get('cities')
    @applyDecorators(...decorators)
    cities(): Payload {
      handlerRuns++;
      return payload;
    }
  }

  @Module({
    imports: [...imports],
    controllers: [CitiesController],
    providers: [{ provide: APP_GUARD, useClass: LetThrough }],
  })
  class AppModule {}

  return { module: AppModule, counters: { handlerRuns: () => handlerRuns, guardRuns: () => guardRuns } };
}
