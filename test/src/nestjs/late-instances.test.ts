import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { type DynamicModule, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { ContextIdFactory, LazyModuleLoader, ModuleRef, REQUEST } from '@nestjs/core';
import { Cacheable, CacheInvalidate, CachePut } from '@viewcache/nestjs';
import { closeContextsAfterEach, startContext } from './contexts.js';

closeContextsAfterEach();

/** A class made of what 'city' stands for, and modules that provide it. */
function cities(options: { scope?: Scope; instances?: 'shared' } = {}) {
  @Injectable({ scope: options.scope ?? Scope.DEFAULT })
  class Cities {
    static runs = 0;
    constructor(@Inject('city') readonly city: string) {}
    @Cacheable({ ttl: 60, ...(options.instances && { instances: options.instances }) })
    async here(): Promise<string> {
      return `${this.city} ${++Cities.runs}`;
    }
    @CacheInvalidate({ method: 'here' })
    async move(): Promise<void> {}
    @CachePut({ method: 'here' })
    async rename(): Promise<string> {
      return `${this.city} new`;
    }
  }
  /** @param provides - the class, too */
  const moduleOf = (city: string, provides = true): DynamicModule => {
    class Part {}
    Module({})(Part);
    const own = [{ provide: 'city', useValue: city }, ...(provides ? [Cities] : [])];
    return { module: Part, providers: own };
  };
  return { Cities, moduleOf };
}

const twice = async (from: { here(): Promise<string> }) => [await from.here(), await from.here()];

describe('an instance of moduleRef.create()', () => {
  it('never has what another one has that stands on another request', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Visitor {
      constructor(@Inject(REQUEST) readonly name: string) {}
    }
    class Told {
      constructor(@Inject(REQUEST) readonly name: string) {}
      @Cacheable(60)
      async here(): Promise<string> {
        return this.name;
      }
    }
    class Deep {
      constructor(@Inject(Visitor) readonly visitor: Visitor) {}
      @Cacheable(60)
      async here(): Promise<string> {
        return this.visitor.name;
      }
    }
    @Module({ providers: [Visitor] })
    class Part {}
    const { app, warnings } = await startContext({ imports: [Part] });
    const modules = app.select(Part).get(ModuleRef, { strict: true });
    const of = async (Class: typeof Told | typeof Deep, name: string) => {
      const contextId = ContextIdFactory.create();
      app.registerRequestByContextId(name, contextId);
      return await (await modules.create<Told | Deep>(Class, contextId)).here();
    };
    for (const Class of [Told, Deep]) {
      expect([await of(Class, 'alice'), await of(Class, 'bobby')]).toEqual(['alice', 'bobby']);
    }
    expect(warnings()).toEqual([
      expect.stringMatching(
        /what Told returns is not cached.*Told\.here: @Cacheable\.instances.*moduleRef\.create\(\)/,
      ),
      expect.stringMatching(
        /what Deep returns is not cached.*Deep\.here: @Cacheable\.instances.*moduleRef\.create\(\)/,
      ),
    ]);
  });

  it('never has what another module’s one has', async () => {
    const { Cities, moduleOf } = cities();
    const [one, other] = [moduleOf('Bern', false), moduleOf('Wien', false)];
    const { app, warnings } = await startContext({ imports: [one, other] });
    const made = async (module: DynamicModule) =>
      await app.select(module).get(ModuleRef, { strict: true }).create(Cities);
    expect(await twice(await made(one))).toEqual(['Bern 1', 'Bern 2']);
    expect(await twice(await made(other))).toEqual(['Wien 3', 'Wien 4']);
    expect(warnings()).toHaveLength(1);
  });

  it('has what others have where it is said that they have the same', async () => {
    const { Cities, moduleOf } = cities({ instances: 'shared' });
    const module = moduleOf('Graz', false);
    const { app, warnings } = await startContext({ imports: [module] });
    expect(await twice(await app.select(module).get(ModuleRef, { strict: true }).create(Cities))).toEqual([
      'Graz 1',
      'Graz 1',
    ]);
    expect(warnings()).toEqual([]);
  });

  it.each([Scope.DEFAULT, Scope.TRANSIENT])(
    'has what a provided one has only where all modules would make it of the same (scope %s)',
    async (scope) => {
      for (const city of ['Bern', 'Wien']) {
        const { Cities, moduleOf } = cities({ scope });
        const other = moduleOf(city, false);
        const { app } = await startContext({ imports: [moduleOf('Bern'), other] });
        const provided = await (scope === Scope.DEFAULT
          ? app.get(Cities, { strict: false })
          : app.resolve(Cities, undefined, { strict: false }));
        const made = await app.select(other).get(ModuleRef, { strict: true }).create(Cities);
        expect((await provided.here()).slice(0, 4)).toBe('Bern');
        expect((await made.here()).slice(0, 4)).toBe(city);
        expect(Cities.runs).toBe(city === 'Bern' ? 1 : 2);
      }
    },
  );

  it('runs each time where a factory makes it before the app has started', async () => {
    const { Cities, moduleOf } = cities();
    const asked: string[] = [];
    const factory = async (modules: ModuleRef) => {
      const made = await modules.create(Cities);
      asked.push(...(await twice(made)));
      return made;
    };
    const module = moduleOf('Bern', false);
    module.providers?.push({ provide: 'made', inject: [ModuleRef], useFactory: factory });
    const { app, warnings } = await startContext({ imports: [module] });
    expect(asked).toEqual(['Bern 1', 'Bern 2']);
    // It is what a module provides.
    expect(await twice(app.get('made', { strict: false }))).toEqual(['Bern 3', 'Bern 3']);
    expect(warnings()).toEqual([]);
  });
});

describe('a module that is loaded while the app runs', () => {
  it('never has what another one has that is made of something else', async () => {
    const { Cities, moduleOf } = cities();
    const { app, warnings } = await startContext({ imports: [moduleOf('Bern')] });
    const load = async (city: string) => (await app.get(LazyModuleLoader).load(() => moduleOf(city))).get(Cities);
    const first = app.get(Cities, { strict: false });
    expect(await twice(first)).toEqual(['Bern 1', 'Bern 1']);
    const late = await load('Wien');
    expect(await twice(late)).toEqual(['Wien 2', 'Wien 3']);
    expect(await twice(await load('Graz'))).toEqual(['Graz 4', 'Graz 5']);
    expect(await twice(await load('Bern'))).toEqual(['Bern 1', 'Bern 1']);
    expect(warnings()).toEqual([
      expect.stringMatching(
        /what Cities returns is not cached.*Cities\.here: @Cacheable\.instances.*made of different/,
      ),
    ]);
    // What it writes is written.
    await late.move();
    expect(await twice(first)).toEqual(['Bern 6', 'Bern 6']);
    expect(await late.rename()).toBe('Wien new');
    expect(await twice(first)).toEqual(['Bern 7', 'Bern 7']);
    expect(await first.rename()).toBe('Bern new');
    expect(await twice(first)).toEqual(['Bern new', 'Bern new']);
  });

  it('is cached where it is the first that has the class, and the next one is checked against it', async () => {
    const { Cities, moduleOf } = cities();
    const { app, warnings } = await startContext();
    const load = async (city: string) => (await app.get(LazyModuleLoader).load(() => moduleOf(city))).get(Cities);
    expect(await twice(await load('Bern'))).toEqual(['Bern 1', 'Bern 1']);
    expect(warnings()).toEqual([]);
    expect(await twice(await load('Wien'))).toEqual(['Wien 2', 'Wien 3']);
    expect(warnings()).toHaveLength(1);
  });

  it('runs each time what stands on the request, and says so once', async () => {
    const { Cities, moduleOf } = cities({ scope: Scope.REQUEST });
    const { app, warnings } = await startContext();
    const loaded = await app.get(LazyModuleLoader).load(() => moduleOf('Bern'));
    const asked = [];
    for (let i = 0; i < 2; i++) asked.push(...(await twice(await loaded.resolve(Cities))));
    expect(asked).toEqual(['Bern 1', 'Bern 2', 'Bern 3', 'Bern 4']);
    expect(warnings()).toEqual([expect.stringContaining('Cities stands on the request: Cities is made for each')]);
  });
});

describe('a class that a factory makes anew each time', () => {
  it('is not kept', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const refs: WeakRef<object>[] = [];
    const factory = () => {
      const { Cities } = cities({ instances: 'shared' });
      refs.push(new WeakRef(Cities));
      return new Cities('Bern');
    };
    const made = { provide: 'made', scope: Scope.REQUEST, useFactory: factory };
    const { app } = await startContext({ providers: [made] });
    const runs: number[] = [];
    for (let i = 0; i < 20; i++) {
      const one: { here(): Promise<string> } = await app.resolve('made', ContextIdFactory.create());
      runs.push((await twice(one)).length);
    }
    expect(runs).toHaveLength(20);
    // A WeakRef holds its target until the turn it was made in has ended.
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
    // The last ones may still be on somebody's stack.
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(5);
  });
});
