import { randomBytes } from 'node:crypto';
import { ClassSerializerInterceptor, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { ViewCacheModule } from '@viewcache/nestjs';
import { watchTypeOrm } from '@viewcache/orm/typeorm';
import { Book } from './book.entity.js';
import { Books } from './books.service.js';
import { Seeds } from './seeds.js';
import { ShopController } from './shop.controller.js';
import { StaffController } from './staff.controller.js';
import { STAFF_TOKEN } from './staff.guard.js';

/** The bookshop. Which store it has, the environment variable `CACHE_URL` says; without it, memory. */
@Module({
  imports: [
    // An SQLite database in memory, as WebAssembly.
    TypeOrmModule.forRoot({ type: 'sqljs', entities: [Book], synchronize: true }),
    TypeOrmModule.forFeature([Book]),
    ViewCacheModule.forRoot(),
    // ③ Whatever is written drops what has read it, when it is committed.
    ViewCacheModule.watch(getDataSourceToken(), watchTypeOrm),
  ],
  controllers: [ShopController, StaffController],
  providers: [
    Books,
    Seeds,
    { provide: APP_INTERCEPTOR, useClass: ClassSerializerInterceptor },
    // Never a default that others know.
    { provide: STAFF_TOKEN, useFactory: () => process.env['STAFF_TOKEN'] || randomBytes(16).toString('hex') },
  ],
})
export class AppModule {}
