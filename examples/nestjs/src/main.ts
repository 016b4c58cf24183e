import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { ViewCacheExpressAdapter } from '@viewcache/nestjs/express';
import { AppModule } from './app.module.js';
import { STAFF_TOKEN } from './staff.guard.js';

// Nest's own adapter does as well; on this one a request costs less.
const app = await NestFactory.create<NestExpressApplication>(AppModule, new ViewCacheExpressAdapter(), {
  logger: ['error', 'warn'],
  forceCloseConnections: true,
});
app.enableShutdownHooks();
const title = new DocumentBuilder().setTitle('A bookshop').addBearerAuth().build();
SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, title));
await app.listen(Number(process.env['PORT'] || 3000), '127.0.0.1');

const origin = await app.getUrl();
console.log(`A bookshop on ${origin}; Ctrl-C ends it.

  curl -i ${origin}/books/1       # twice: the second is a hit
  curl -i ${origin}/staff/worth   # 401, whatever is stored
  curl -i ${origin}/staff/worth -H 'Authorization: Bearer ${app.get<string>(STAFF_TOKEN)}'
  curl -X PUT ${origin}/staff/books/1 -H 'Content-Type: application/json' \\
    -H 'Authorization: Bearer ${app.get<string>(STAFF_TOKEN)}' -d '{"price": 999}'
  curl -i ${origin}/books/1       # the new price

All routes: ${origin}/docs`);
