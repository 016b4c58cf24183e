// A Nest app with the CacheInterceptor of @nestjs/cache-manager 12 over @keyv/redis.
import 'reflect-metadata';
import type { Server } from 'node:http';
import KeyvRedis from '@keyv/redis';
import { CacheInterceptor, CacheModule } from '@nestjs/cache-manager';
import { Controller, Get, Module, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import Keyv from 'keyv';
import { makePayload, type Payload } from '../payload.js';
import { redisUrlFromArguments, serve, sizeFromArguments } from './serve.js';

const payload = makePayload(sizeFromArguments());
let handlerRuns = 0;

@Controller()
@UseInterceptors(CacheInterceptor)
class CitiesController {
  @Get('cities')
  cities(): Payload {
    handlerRuns++;
    return payload;
  }
}

@Module({
  imports: [
    CacheModule.register({
      stores: [new Keyv({ store: new KeyvRedis(redisUrlFromArguments()) })],
      ttl: 3_600_000,
    }),
  ],
  controllers: [CitiesController],
})
class AppModule {}

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['error', 'warn'] });
app.disable('x-powered-by');
await app.init();
serve(app.getHttpServer() as Server, { handlerRuns: () => handlerRuns });
