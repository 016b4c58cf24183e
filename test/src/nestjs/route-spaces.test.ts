import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Module, type Type, UseInterceptors, Version, VersioningType } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { CacheControl, CacheView, VaryOn, type ViewCacheModuleOptions } from '@viewcache/nestjs';
import { CacheInterceptor, CacheModule } from '@viewcache/nestjs/compat';
import { Keyv } from 'keyv';
import { closeAfterEach, makeCache } from '../support/site.js';
import { until } from '../values/stores.js';
import { closeCompatAfterEach, serveCompat } from './compat-packages.js';
import { closeNestsAfterEach, type MakeAdapter, type NestSetup, nests, serveNest } from './nests.js';

closeAfterEach();
closeNestsAfterEach();
closeCompatAfterEach();

/** As decorators are often written at home: what they put in a method's place has no name. */
function Traced(): MethodDecorator {
  return (_target, _key, descriptor: PropertyDescriptor) => {
    const method = descriptor.value;
    const traced = (
      () =>
      (...args: unknown[]) =>
        Reflect.apply(method, undefined, args)
    )();
    for (const key of Reflect.getMetadataKeys(method))
      Reflect.defineMetadata(key, Reflect.getMetadata(key, method), traced);
    Object.defineProperty(traced, 'name', { value: '' });
    descriptor.value = traced;
  };
}

/** A controller of that name, as another file has one, too. */
function makeCats(version: string | undefined, says: string): Type {
  @Controller({ path: 'cats', ...(version === undefined ? {} : { version }) })
  class Cats {
    @Get() @CacheView(60) all() {
      return { says };
    }
  }
  return Cats;
}

const byHeader: NonNullable<NestSetup['configure']> = (app) =>
  app.enableVersioning({ type: VersioningType.HEADER, header: 'x-v' });
const HOST = { host: 'api.example' };
const ask = { one: { ...HOST, 'x-v': '1' }, two: { ...HOST, 'x-v': '2' } };

const BRANCH = Symbol('branch');

@Controller('branch')
class Branch {
  constructor(@Inject(BRANCH) private readonly branch: string) {}
  @Get() @CacheView(60) show() {
    return { branch: this.branch };
  }
}

const serveBranch = (make: MakeAdapter, branch: string, options: ViewCacheModuleOptions) =>
  serveNest(make, [Branch], { options, providers: [{ provide: BRANCH, useValue: branch }] });

describe.each(nests)('what routes store, on %s', (_name, make) => {
  it('is kept apart where decorators have taken their methods’ names', async () => {
    @Controller('cats')
    class Cats {
      @Traced() @Get() @Version('1') @CacheView(60) one() {
        return { says: 'one' };
      }
      @Traced() @Get() @Version('2') @CacheView(60) two() {
        return { says: 'two' };
      }
    }
    const site = await serveNest(make, [Cats], { configure: byHeader });
    expect((await site.get('/cats', ask.one)).text).toBe('{"says":"one"}');
    expect((await site.get('/cats', ask.two)).text).toBe('{"says":"two"}');
    expect((await site.get('/cats', ask.one)).isHit).toBe(true);
  });

  it('is theirs in a store for all releases, in whatever order their controllers stand', async () => {
    const store = new Keyv();
    const Cats = { one: makeCats('1', 'one'), two: makeCats('2', 'two') };
    const first = await serveNest(make, [Cats.one, Cats.two], { options: { store }, configure: byHeader });
    await first.get('/cats', ask.one);
    const entries: Map<string, unknown> = store.store;
    await until(() => entries.size > 0);
    const second = await serveNest(make, [Cats.two, Cats.one], { options: { store }, configure: byHeader });
    expect((await second.get('/cats', ask.two)).text).toBe('{"says":"two"}');
    expect(await second.get('/cats', ask.one)).toMatchObject({ text: '{"says":"one"}', isHit: true });
  });

  it('is theirs under CacheInterceptor of compat, whichever is asked first', async () => {
    const keyv = new Keyv();
    const versionOf = (version: string, says: string): Type => {
      @Controller({ path: 'cats', version })
      @UseInterceptors(CacheInterceptor)
      class Cats {
        @Get() all() {
          return { says };
        }
      }
      return Cats;
    };
    const controllers = [versionOf('1', 'one'), versionOf('2', 'two')];
    const start = () =>
      serveCompat(make, CacheModule.register({ cache: makeCache({ store: keyv }), ttl: 60_000 }), controllers, {
        prepare: byHeader,
      });
    const first = await start();
    await first.get('/cats', ask.one);
    const entries: Map<string, unknown> = keyv.store;
    await until(() => entries.size > 0);
    const second = await start();
    expect((await second.get('/cats', ask.two)).text).toBe('{"says":"two"}');
    expect((await second.get('/cats', ask.one)).text).toBe('{"says":"one"}');
  });

  it.each([
    ['a header', { type: VersioningType.HEADER, header: 'x-v' }, { 'x-v': '1' }, 'x-v'],
    ['Accept', { type: VersioningType.MEDIA_TYPE, key: 'v=' }, { accept: 'application/json;v=1' }, 'Accept'],
  ] as const)(
    'says to caches behind it that the version is chosen by %s',
    async (_what, versioning, headers, field) => {
      @Controller({ path: 'cats', version: '1' })
      @CacheControl({ public: true, maxAge: 60 })
      class Cats {
        @Get() @CacheView({ ttl: 60, beforeGuards: true }) @VaryOn('accept-language') all() {
          return { says: 'one' };
        }
      }
      const site = await serveNest(make, [Cats], { configure: (app) => app.enableVersioning(versioning) });
      const answers = [];
      for (let i = 0; i < 3; i++) answers.push(await site.get('/cats', headers));
      expect(answers.map(({ isHit }) => isHit)).toEqual([false, true, true]);
      for (const answer of answers)
        expect(String(answer.headers.vary).split(/, */).sort()).toEqual([field, 'accept-language'].sort());
    },
  );

  it('is refused where a store would have two of them in one place', async () => {
    const twins = [makeCats(undefined, 'one'), makeCats(undefined, 'two')];
    await expect(serveNest(make, twins, { options: { store: new Keyv() } })).rejects.toThrow(
      /Cats\.all: @CacheView: the route.* is there twice/,
    );
  });

  it('is told apart by the paths of their modules', async () => {
    const Cats = [makeCats(undefined, 'a'), makeCats(undefined, 'b')] as const;
    @Module({ controllers: [Cats[0]] })
    class A {}
    @Module({ controllers: [Cats[1]] })
    class B {}
    const routes = RouterModule.register([
      { path: 'a', module: A },
      { path: 'b', module: B },
    ]);
    const site = await serveNest(make, [], { options: { store: new Keyv() }, imports: [A, B, routes] });
    expect((await site.get('/a/cats')).text).toBe('{"says":"a"}');
    expect((await site.get('/b/cats')).text).toBe('{"says":"b"}');
  });

  it('is that of its own app, where several have one cache in memory', async () => {
    const options = { cache: makeCache() };
    const [One, Two] = [makeCats(undefined, 'one'), makeCats(undefined, 'two')];
    const [one, two] = [await serveNest(make, [One], { options }), await serveNest(make, [Two], { options })];
    await one.get('/cats', HOST);
    expect(await two.get('/cats', HOST)).toMatchObject({ text: '{"says":"two"}', isHit: false });
    expect(await one.get('/cats', HOST)).toMatchObject({ text: '{"says":"one"}', isHit: true });
  });

  it('is that of its own app also where they have one controller, with other providers', async () => {
    const options = { cache: makeCache() };
    const [one, two] = [await serveBranch(make, 'one', options), await serveBranch(make, 'two', options)];
    await one.get('/branch', HOST);
    expect(await two.get('/branch', HOST)).toMatchObject({ text: '{"branch":"two"}', isHit: false });
    expect(await one.get('/branch', HOST)).toMatchObject({ text: '{"branch":"one"}', isHit: true });
    expect(await two.get('/branch', HOST)).toMatchObject({ text: '{"branch":"two"}', isHit: true });
  });

  it('is refused to a second app with the same cache behind a store, as long as the first one runs', async () => {
    const store = new Keyv();
    const options = { cache: makeCache({ store }) };
    const one = await serveBranch(make, 'one', options);
    await expect(serveBranch(make, 'two', options)).rejects.toThrow(
      /Branch\.show: @CacheView: the route: 'Branch\.show' is that of another app.* namespace/,
    );
    const apart = { cache: makeCache({ store, namespace: 'two' }) };
    const two = await serveBranch(make, 'two', apart);
    await one.get('/branch', HOST);
    await until(() => store.store.size > 0);
    expect((await two.get('/branch', HOST)).text).toBe('{"branch":"two"}');
    await one.app.close();
    const again = await serveBranch(make, 'again', options);
    expect(await again.get('/branch', HOST)).toMatchObject({ text: '{"branch":"one"}', isHit: true });
  });
});
