import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { Injectable, Module, Scope } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Cache } from '@viewcache/core';
import { getCacheToken, type ViewCache, ViewCacheModule } from '@viewcache/nestjs';
import { closeContextsAfterEach, startContext } from './contexts.js';

closeContextsAfterEach();

/** A data source that tells of what is written. */
class Database extends EventEmitter {
  write(table: string): void {
    this.emit('write', table);
  }
}

/** As the adapters of ORMs are called. */
function watchDatabase(database: Database, cache: Cache): () => void {
  return cache.invalidateOn(database, 'write', (table: string) => [table]);
}

@Module({ providers: [{ provide: Database, useFactory: async () => new Database() }] })
class DatabaseModule {}

describe('ViewCacheModule.watch', () => {
  it('ties a data source of any module to the cache, until the app has closed', async () => {
    const { app, cache, events } = await startContext({
      imports: [DatabaseModule, ViewCacheModule.watch(Database, watchDatabase)],
    });
    const database = app.get(Database, { strict: false });
    database.write('cities');
    expect(events).toEqual([expect.objectContaining({ type: 'invalidated', tags: ['cities'] })]);
    expect(database.listenerCount('write')).toBe(1);
    await app.close();
    expect(database.listenerCount('write')).toBe(0);
    expect(cache.stats().invalidations).toBe(1);
  });

  it('does so before the hooks of the app, and ends when its last request has been answered', async () => {
    @Injectable()
    class Seeds {
      constructor(readonly database: Database) {}
      onModuleInit() {
        this.database.write('seeds');
      }
      beforeApplicationShutdown() {
        this.database.write('logs');
      }
    }
    const { app, events } = await startContext({
      imports: [ViewCacheModule.watch('database', (database: Database, cache) => watchDatabase(database, cache))],
      providers: [Seeds, Database, { provide: 'database', useExisting: Database }],
    });
    await app.close();
    expect(events.flatMap((event) => (event.type === 'invalidated' ? event.tags : []))).toEqual(['seeds', 'logs']);
  });

  it('takes several, each with its own, and caches by name', async () => {
    const others = Symbol('other databases');
    const stopped: string[] = [];
    const attached: [object, Cache][] = [];
    const { app, cache } = await startContext({
      imports: [
        ViewCacheModule.watch(Database, (database, its) => {
          attached.push([database, its]);
          return () => stopped.push('one');
        }),
        ViewCacheModule.watch(
          others,
          async (list: readonly Database[], its) => {
            attached.push([list, its]);
            return async () => void stopped.push('others');
          },
          { cache: 'pages' },
        ),
        ViewCacheModule.watch(Database, () => {}),
      ],
      providers: [Database, { provide: others, useValue: [new Database()] }],
      options: { caches: { pages: {} } },
    });
    const pages: ViewCache = app.get(getCacheToken('pages'));
    expect(attached).toHaveLength(2);
    expect(attached).toEqual(
      expect.arrayContaining([
        [app.get(Database), cache],
        [app.get(others), pages],
      ]),
    );
    expect(attached.map(([, its]) => its === cache || its === pages)).toEqual([true, true]);
    await app.close();
    expect(stopped.sort()).toEqual(['one', 'others']);
  });

  it('is refused without a token or a function, or with an option that nobody knows', () => {
    const watch = ViewCacheModule.watch as (...given: unknown[]) => unknown;
    for (const token of [undefined, null, 5, '', {}, []])
      expect(() => watch(token, watchDatabase)).toThrow(
        /^ViewCacheModule\.watch\.token: .*a class, a string or a symbol/,
      );
    expect(() => watch(Database, 'watchTypeOrm')).toThrow('ViewCacheModule.watch.attach');
    expect(() => watch(Database, watchDatabase, { name: 'pages' })).toThrow('ViewCacheModule.watch.name');
  });

  it('is refused when the app starts, for what it cannot have', async () => {
    const start = (...imports: Parameters<typeof ViewCacheModule.watch>) =>
      startContext({
        imports: [ViewCacheModule.watch(...imports)],
        providers: [{ provide: 'later', scope: Scope.REQUEST, useFactory: () => ({}) }, Database],
      });
    await expect(start('nothing', () => {})).rejects.toMatchObject({
      code: 'ERR_CACHE_CONFIG',
      setting: 'ViewCacheModule.watch',
      message: expect.stringContaining('cannot be had: Nest could not find nothing'),
    });
    await expect(start('later', () => {})).rejects.toThrow("ViewCacheModule.watch: 'later' cannot be had");
    await expect(start(Database, () => {}, { cache: 'pagse' })).rejects.toThrow('ViewCacheModule.watch.cache');
    await expect(start(Database, (() => ({ close() {} })) as never)).rejects.toThrow('ViewCacheModule.watch.attach');
    const failing = () => {
      throw new RangeError('no connection');
    };
    await expect(start(Database, failing)).rejects.toThrow(RangeError);
    const alone = NestFactory.createApplicationContext(ViewCacheModule.watch(Database, watchDatabase), {
      logger: false,
      abortOnError: false,
    });
    await expect(alone).rejects.toThrow('use it in an app that imports ViewCacheModule.forRoot()');
  });
});
