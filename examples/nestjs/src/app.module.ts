import { randomBytes } from 'node:crypto';
import { ClassSerializerInterceptor, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { ViewCacheModule } from '@viewcache/nestjs';
import { Books } from './books.service.js';
import { Database } from './database.js';
import { ShopController } from './shop.controller.js';
import { StaffController } from './staff.controller.js';
import { STAFF_TOKEN } from './staff.guard.js';

/** The bookshop. Which store it has, the environment variable `CACHE_URL` says; without it, memory. */
@Module({
  imports: [ViewCacheModule.forRoot()],
  controllers: [ShopController, StaffController],
  providers: [
    Books,
    Database,
    { provide: APP_INTERCEPTOR, useClass: ClassSerializerInterceptor },
    // Never a default that others know.
    { provide: STAFF_TOKEN, useFactory: () => process.env['STAFF_TOKEN'] || randomBytes(16).toString('hex') },
  ],
})
export class AppModule {}
