import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, type DynamicModule, Get, Inject, Injectable, Module, type ModuleMetadata } from '@nestjs/common';
import { LazyModuleLoader, NestFactory } from '@nestjs/core';
import { type Cache, createCache, defaultCache, setDefaultCache } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import {
  Cacheable,
  CacheView,
  getCacheToken,
  InjectCache,
  InvalidateOn,
  ViewCache,
  ViewCacheModule,
  type ViewCacheModuleOptions,
  type ViewCacheOptionsFactory,
} from '@viewcache/nestjs';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function start(metadata: ModuleMetadata) {
  @Module(metadata)
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  open.push(app);
  return app;
}

@Injectable()
class Cities {
  constructor(
    readonly cache: ViewCache,
    @InjectCache() readonly own: ViewCache,
    @InjectCache('pages') readonly pages: ViewCache,
  ) {}

  @InjectCache('sessions') readonly sessions!: Cache;
}

@Injectable()
class Misspelt {
  constructor(@InjectCache('pagse') readonly pages: ViewCache) {}
}

@Module({ providers: [Cities], exports: [Cities] })
class CitiesModule {}

/** How options reach the module. */
const ways: readonly (readonly [string, (options: ViewCacheModuleOptions) => ModuleMetadata])[] = [
  ['forRoot', (options) => ({ imports: [ViewCacheModule.forRoot(options), CitiesModule] })],
  [
    'forRootAsync({ useFactory })',
    (options) => {
      @Module({ providers: [{ provide: 'config', useValue: options }], exports: ['config'] })
      class Config {}
      const useFactory = async (config: ViewCacheModuleOptions) => config;
      return {
        imports: [ViewCacheModule.forRootAsync({ imports: [Config], inject: ['config'], useFactory }), CitiesModule],
      };
    },
  ],
  [
    'forRootAsync({ useClass })',
    (options) => {
      class Config implements ViewCacheOptionsFactory {
        createViewCacheOptions = () => options;
      }
      return { imports: [ViewCacheModule.forRootAsync({ useClass: Config }), CitiesModule] };
    },
  ],
  [
    'forRootAsync({ useExisting })',
    (options) => {
      class Config implements ViewCacheOptionsFactory {
        createViewCacheOptions = async () => options;
      }
      @Module({ providers: [Config], exports: [Config] })
      class ConfigModule {}
      const imports = [ConfigModule];
      return { imports: [ViewCacheModule.forRootAsync({ imports, useExisting: Config }), CitiesModule] };
    },
  ],
];

describe.each(ways)('ViewCacheModule.%s', (_name, modulesWith) => {
  it("gives every module the app's own cache and those with names", async () => {
    const app = await start(modulesWith({ caches: { pages: { maxEntries: 7 }, sessions: {} } }));
    const { cache, own, pages, sessions } = app.get(Cities);
    expect(own).toBe(cache);
    expect(app.get(ViewCache)).toBe(cache);
    expect(app.get(getCacheToken('pages'))).toBe(pages);
    expect(new Set([cache, pages, sessions]).size).toBe(3);
    for (const one of [cache, pages, sessions]) expect(one).toBeInstanceOf(ViewCache);
    await pages.set('a', 1, { ttl: 60 });
    expect([await pages.get('a'), await cache.get('a'), await sessions.get('a')]).toEqual([1, undefined, undefined]);
  });

  it('takes caches that were made already, and leaves them open', async () => {
    const [cache, pages] = [createCache(), createCache()];
    open.push(cache, pages);
    const app = await start(modulesWith({ cache, caches: { pages, sessions: {} } }));
    const cities = app.get(Cities);
    expect(cities.cache).toBe(cache);
    expect(cities.pages).toBe(pages);
    await app.close();
    await pages.set('a', 1, { ttl: 60 });
    expect(await pages.get('a')).toBe(1);
  });

  it.each<[string, string, unknown]>([
    ['maxBites', 'ViewCacheModule.maxBites', { maxBites: 1 }],
    ['a ttl that is none', 'ViewCacheModule.ttl', { ttl: 'soon' }],
    ['a setting of a named cache', 'ViewCacheModule.caches.pages.maxBytes', { caches: { pages: { maxBytes: -1 } } }],
    ['caches.default', 'ViewCacheModule.caches.default', { caches: { default: {} } }],
    ['caches that are none', 'ViewCacheModule.caches', { caches: ['pages'] }],
    ['caches that are null', 'ViewCacheModule.caches', { caches: null }],
    ['a cache without a name', 'ViewCacheModule.caches', { caches: { '': {} } }],
    ['a name that can be none', 'ViewCacheModule.caches', { caches: { 'a b': {} } }],
    ['a cache that is none', 'ViewCacheModule.cache', { cache: new Map() }],
    ['settings beside a cache', 'ViewCacheModule.maxBytes', { cache: createCache(), maxBytes: 1 }],
  ])('refuses %s when the app starts', async (_what, setting, options) => {
    await expect(start(modulesWith(options as ViewCacheModuleOptions))).rejects.toMatchObject({
      code: 'ERR_CACHE_CONFIG',
      setting,
    });
  });

  it('says what caches are', async () => {
    await expect(start(modulesWith({ caches: [] as never }))).rejects.toThrow(
      'ViewCacheModule.caches: an empty list is not allowed; use an object of settings, or a cache, for each name',
    );
  });

  it('refuses a name that is injected and that the app has no cache of, and says by whom', async () => {
    const metadata = modulesWith({ caches: { pages: {}, sessions: {} } });
    await expect(start({ ...metadata, providers: [Misspelt] })).rejects.toThrow(
      "@InjectCache() of Misspelt: 'pagse' is not allowed; use one of default, pages, sessions, or add it to ViewCacheModule.caches; did you mean pages?",
    );
    // Names that only another app's classes ask for are nobody's business here.
    await expect(start(metadata)).resolves.toBeDefined();
  });
});

describe('ViewCacheModule', () => {
  it.each<[unknown, string]>([
    [null, 'forRoot: null is not allowed; use an object of settings'],
    [5, 'forRoot: 5 is not allowed'],
    [[], 'forRoot: an empty list is not allowed'],
    [() => ({}), 'forRoot: the function'],
    [
      'redis://:secret@x',
      "forRoot: 'redis://***@x' is not allowed; use an object of settings; did you mean { store: 'redis://***@x' }?",
    ],
    [{ isGlobal: 'no' }, "isGlobal: 'no' is not allowed; use true or false"],
    [{ isGlobal: 0 }, 'isGlobal: 0 is not allowed'],
    [{ isGlobal: null }, 'isGlobal: null is not allowed'],
  ])('refuses forRoot(%j) at once', (options, message) => {
    expect(() => ViewCacheModule.forRoot(options as never)).toThrow(
      expect.objectContaining({
        code: 'ERR_CACHE_CONFIG',
        message: expect.stringContaining(`ViewCacheModule.${message}`),
      }),
    );
  });

  it.each<[unknown, string]>([
    [undefined, 'forRootAsync: undefined is not allowed; use an object with one of useFactory, useClass, useExisting'],
    [null, 'forRootAsync: null is not allowed'],
    [{}, 'forRootAsync: an object with no keys is not allowed; use an object with one of useFactory'],
    [{ useFactory: () => ({}), useClass: Object }, 'forRootAsync: an object with useFactory, useClass'],
    [{ useFactory: () => ({}), injekt: [] }, 'forRootAsync.injekt: an empty list is not allowed; '],
    [{ useFactory: () => ({}), inject: 'config' }, "forRootAsync.inject: 'config' is not allowed; use a list"],
    [{ useFactory: 5 }, 'forRootAsync.useFactory: 5 is not allowed; use a function'],
    [{ useClass: {} }, 'forRootAsync.useClass: an object with no keys is not allowed; use a class'],
    [{ useFactory: () => ({}), isGlobal: 'no' }, "isGlobal: 'no' is not allowed"],
  ])('refuses forRootAsync(%j) at once', (options, message) => {
    expect(() => ViewCacheModule.forRootAsync(options as never)).toThrow(
      expect.objectContaining({
        code: 'ERR_CACHE_CONFIG',
        message: expect.stringContaining(`ViewCacheModule.${message}`),
      }),
    );
  });

  it.each(['useClass', 'useExisting'] as const)('refuses a class that makes no options: %s', async (way) => {
    @Injectable()
    class Settings {}
    @Module({ providers: [Settings], exports: [Settings] })
    class SettingsModule {}
    const module = ViewCacheModule.forRootAsync({ imports: [SettingsModule], [way]: Settings } as never);
    await expect(start({ imports: [module] })).rejects.toThrow(
      `ViewCacheModule.forRootAsync.${way}: the function Settings is not allowed; use a class with a method createViewCacheOptions()`,
    );
  });

  it('shows no password of a URL that a factory returns in the place of options', async () => {
    const module = ViewCacheModule.forRootAsync({ useFactory: () => 'redis://:secret@x' as never });
    await expect(start({ imports: [module] })).rejects.toThrow("ViewCacheModule: 'redis://***@x' is not allowed");
  });

  it('has one cache of its own without options', async () => {
    const app = await start({ imports: [ViewCacheModule.forRoot()] });
    expect(app.get(ViewCache).stats()).toMatchObject({ hits: 0 });
  });

  it('names CACHE_URL where that is wrong', async () => {
    process.env['CACHE_URL'] = 'memory:?maxBytes=lots';
    const failed = start({ imports: [ViewCacheModule.forRoot()] });
    await expect(failed.finally(() => delete process.env['CACHE_URL'])).rejects.toThrow('CACHE_URL (maxBytes)');
  });

  it('warns where defaultCache() is made beside its own, until it has closed', async () => {
    const warned: unknown[] = [];
    const spy = jest.spyOn(process, 'emitWarning').mockImplementation((text) => void warned.push(text));
    // Where core keeps it, for all copies of itself.
    const kept = globalThis as unknown as Record<symbol, { cache: Cache | undefined }>;
    const holder = kept[Symbol.for('viewcache.default-cache')] as { cache: Cache | undefined };
    const before = holder.cache;
    const use = async () => {
      holder.cache = undefined;
      await defaultCache().get('a');
      await (holder.cache as Cache | undefined)?.close();
    };
    const follows = await start({ imports: [ViewCacheModule.forRoot({ cache: defaultCache() })] });
    await use();
    expect(warned).toEqual([]);
    await follows.close();
    const app = await start({ imports: [ViewCacheModule.forRoot()] });
    await app.close();
    await use();
    expect(warned).toEqual([]);
    await start({ imports: [ViewCacheModule.forRoot()] });
    await use();
    expect(warned).toEqual([expect.stringContaining('inject ViewCache')]);
    holder.cache = before;
    spy.mockRestore();
  });

  it('takes defaultCache() without having one made, and does each thing in whichever is the default one then', async () => {
    const app = await start({ imports: [ViewCacheModule.forRoot({ cache: defaultCache() })] });
    expect(app.get(ViewCache)).toBeInstanceOf(ViewCache);
    process.env['CACHE_URL'] = 'memory:?maxBytes=lots';
    // Refused only as long as there is none.
    expect(() => defaultCache()).toThrow('CACHE_URL (maxBytes)');
    delete process.env['CACHE_URL'];
    const later = createCache();
    open.push(later);
    setDefaultCache(later);
    await app.get(ViewCache).set('a', 1, { ttl: 60 });
    expect(await later.get('a')).toBe(1);
  });

  it('is for the modules that import it, with isGlobal: false', async () => {
    @Injectable()
    class Inside {
      constructor(readonly cache: ViewCache) {}
    }
    @Module({ imports: [ViewCacheModule.forRoot({ isGlobal: false })], providers: [Inside] })
    class Importing {}
    const app = await start({ imports: [Importing] });
    expect(app.get(Inside, { strict: false }).cache).toBeInstanceOf(ViewCache);
    @Injectable()
    class Outside {
      constructor(readonly cache: ViewCache) {}
    }
    await expect(start({ imports: [Importing], providers: [Outside] })).rejects.toThrow('ViewCache');
  });

  it('gives each app in a process its own', async () => {
    const metadata = { imports: [ViewCacheModule.forRoot({ caches: { pages: {} } })] };
    const [one, other] = [await start(metadata), await start(metadata)];
    expect(one.get(ViewCache)).not.toBe(other.get(ViewCache));
    expect(one.get(getCacheToken('pages'))).not.toBe(other.get(getCacheToken('pages')));
  });

  it.each<[string, () => unknown, () => unknown]>([
    ['forRoot() twice', () => ViewCacheModule.forRoot(), () => ViewCacheModule.forRoot()],
    [
      'one of forRootAsync()',
      () => ViewCacheModule.forRoot(),
      () => ViewCacheModule.forRootAsync({ useFactory: () => ({}) }),
    ],
    ['spread', () => ({ ...ViewCacheModule.forRoot() }), () => ViewCacheModule.forRoot({ ttl: 60 })],
  ])('is refused where two modules import it, each with caches of its own: %s', async (_how, first, second) => {
    @Module({ imports: [second() as DynamicModule] })
    class ReportsModule {}
    @Module({ imports: [first() as DynamicModule, ReportsModule] })
    class RootModule {}
    await expect(start({ imports: [RootModule] })).rejects.toThrow(
      "ViewCacheModule.forRoot: 'RootModule and ReportsModule' import it, and what is invalidated in the caches of one",
    );
  });

  it.each<[string, () => ModuleMetadata]>([
    [
      '@CacheView()',
      () => {
        @Controller()
        class Cities {
          @Get()
          @CacheView(60)
          all() {}
        }
        return { controllers: [Cities] };
      },
    ],
    [
      '@Cacheable()',
      () => {
        @Injectable()
        class Cities {
          @Cacheable(60)
          async all() {}
        }
        return { providers: [Cities] };
      },
    ],
    [
      '@InvalidateOn() of a provider',
      () => {
        @InvalidateOn('city.updated', () => 'cities')
        @Injectable()
        class Cities {}
        return { providers: [Cities] };
      },
    ],
    [
      '@InvalidateOn() of a module',
      () => {
        @InvalidateOn('city.updated', () => 'cities')
        @Module({})
        class CitiesModule {}
        return { imports: [CitiesModule] };
      },
    ],
    ['the module without forRoot()', () => ({ imports: [ViewCacheModule] })],
  ])('is named where it is missing: %s', async (_what, metadata) => {
    await expect(start(metadata())).rejects.toThrow(/make sure that .*ViewCacheModule\.forRoot\(\)/);
  });

  it('is refused in a module that is loaded later, too', async () => {
    @Module({ imports: [ViewCacheModule.forRoot()] })
    class LaterModule {}
    const app = await start({ imports: [ViewCacheModule.forRoot()] });
    const loaded = app.get(LazyModuleLoader).load(() => LaterModule);
    await expect(loaded).rejects.toThrow("'AppModule and LaterModule' import it");
  });

  it('may be imported by as many as like, as one and the same', async () => {
    const imports = [ViewCacheModule.forRoot()];
    @Module({ imports })
    class ReportsModule {}
    @Module({ imports: [ViewCacheModule] })
    class NamingModule {}
    const app = await start({ imports: [...imports, ReportsModule, NamingModule] });
    expect(app.get(ViewCache)).toBeInstanceOf(ViewCache);
  });

  it.each<[string, (options: ViewCacheModuleOptions) => DynamicModule]>([
    ['forRoot', (options) => ViewCacheModule.forRoot(options)],
    ['forRootAsync', (options) => ViewCacheModule.forRootAsync({ useFactory: () => options })],
  ])('has caches whose names nobody has told before: %s', async (how, importWith) => {
    const [late, later] = [`late-${how}`, `later-${how}`];
    const app = await start({ imports: [importWith({ caches: { [late]: {}, [later]: {} } })] });
    expect(app.get(getCacheToken(late))).toBeInstanceOf(ViewCache);
    @Injectable()
    class Late {
      constructor(@InjectCache(later) readonly its: ViewCache) {}
    }
    @Module({ providers: [Late] })
    class LateModule {}
    const { its } = (await app.get(LazyModuleLoader).load(() => LateModule)).get(Late);
    expect(its).toBe(app.get(getCacheToken(later)));
    expect(its).not.toBe(app.get(getCacheToken(late)));
  });

  it('closes what it made after the hooks of the app have had their use of it', async () => {
    const told: unknown[] = [];
    @Injectable()
    class Reports {
      constructor(@Inject(ViewCache) readonly cache: ViewCache) {}
      async beforeApplicationShutdown() {
        await this.cache.set('last', 'words', { ttl: 60 });
        told.push(await this.cache.get('last'));
      }
    }
    const clock = new FakeClock();
    const caches = { pages: { clock } };
    const app = await start({ imports: [ViewCacheModule.forRoot({ clock, caches })], providers: [Reports] });
    await app.get<ViewCache>(getCacheToken('pages')).set('a', 1, { ttl: 60 });
    expect(clock.pendingTimers).toBe(1);
    await app.close();
    expect(told).toEqual(['words']);
    expect(clock.pendingTimers).toBe(0);
  });
});
