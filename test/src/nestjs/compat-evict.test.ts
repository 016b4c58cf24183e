import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, Param, Put, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ConfigError } from '@viewcache/core';
import {
  CACHE_MANAGER,
  type Cache,
  CacheEvict,
  CacheInterceptor,
  CacheKey,
  CacheModule,
} from '@viewcache/nestjs/compat';
import { lastValueFrom, type Observable, of } from 'rxjs';
import { gate } from '../support/gate.js';
import { closeCompatAfterEach, serveCompat } from './compat-packages.js';
import { closeContextsAfterEach, closing } from './contexts.js';
import { nests } from './nests.js';

closeContextsAfterEach();
closeCompatAfterEach();

async function start<T>(service: new () => T): Promise<{ readonly service: T; readonly manager: Cache }> {
  @Module({ imports: [CacheModule.register()], providers: [service] })
  class AppModule {}
  const app = closing(await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false }));
  return { service: app.get(service), manager: app.get<Cache>(CACHE_MANAGER) };
}

describe('@CacheEvict()', () => {
  it.each(nests)(
    'evicts what CacheInterceptor and the manager have stored under keys and URLs, on %s',
    async (_name, make) => {
      let runs = 0;
      @Controller('cats')
      @UseInterceptors(CacheInterceptor)
      class Cats {
        @Get() @CacheKey('cats') list() {
          return { run: ++runs };
        }
        @Get(':id') one(@Param('id') id: string) {
          return { id, run: ++runs };
        }
        @Put(':id')
        @CacheEvict('cats', ({ id }: { id: string }) => [`/cats/${id}/kittens`, `cat:${id}`])
        save(@Param('id') id: string) {
          return { id };
        }
        @Get(':id/kittens') kittens() {
          return { run: ++runs };
        }
      }
      const site = await serveCompat(make, CacheModule.register(), [Cats]);
      await site.manager.set('cat:1', 'Tom');
      const again = async (): Promise<number> => {
        const before = runs;
        for (const path of ['/cats', '/cats/2', '/cats/1/kittens', '/cats/2/kittens']) await site.get(path);
        return runs - before;
      };
      expect([await again(), await again()]).toEqual([4, 0]);
      expect((await site.ask('/cats/1', { method: 'PUT' })).text).toBe('{"id":"1"}');
      expect(await again()).toBe(2);
      expect(await site.manager.get('cat:1')).toBeUndefined();
    },
  );

  it('does so when the method has succeeded, and not when it has failed', async () => {
    const done = gate();
    @Injectable()
    class Service {
      @CacheEvict('a') async save(fails: boolean): Promise<string> {
        await done.passed;
        if (fails) throw new RangeError('down');
        return 'saved';
      }
      @CacheEvict('a') watch(): Observable<number> {
        return of(1, 2);
      }
    }
    const { service, manager } = await start(Service);
    await manager.set('a', 1);
    const saved = service.save(false);
    expect(await manager.get('a')).toBe(1);
    done.open();
    expect(await saved).toBe('saved');
    expect(await manager.get('a')).toBeUndefined();
    await manager.set('a', 2);
    await expect(service.save(true)).rejects.toThrow(new RangeError('down'));
    expect(await manager.get('a')).toBe(2);
    expect(await lastValueFrom(service.watch())).toBe(2);
    expect(await manager.get('a')).toBeUndefined();
  });

  it('has none of its own on an instance that no app has made, and evicts nothing where nothing is named', async () => {
    class Service {
      @CacheEvict(
        () => undefined,
        (_: string, key: string) => key,
      )
      async save(_key: string): Promise<string> {
        return 'saved';
      }
    }
    const { service, manager } = await start(Service);
    await manager.set('a', 1);
    expect(await new Service().save('a')).toBe('saved');
    expect(await manager.get('a')).toBe(1);
    await service.save('b');
    expect(await manager.get('a')).toBe(1);
    expect(Object.keys(service)).toEqual([]);
  });

  it('refuses at once what can be no key', () => {
    for (const wrong of [[], [''], [5 as never]]) expect(() => CacheEvict(...wrong)).toThrow(ConfigError);
  });
});
