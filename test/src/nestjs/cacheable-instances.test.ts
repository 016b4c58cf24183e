import { describe, expect, it } from '@jest/globals';
import { type DynamicModule, Inject, Injectable, Module, Optional, type Provider, Scope } from '@nestjs/common';
import { ContextIdFactory, INQUIRER, LazyModuleLoader, ModuleRef, REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { createCache } from '@viewcache/core';
import { Cacheable, type CacheableOptions, CacheInvalidate, ViewCache, ViewCacheModule } from '@viewcache/nestjs';
import { closeContextsAfterEach, closing, startContext } from './contexts.js';

closeContextsAfterEach();

/** Each of its instances and runs can be told apart. */
function counting(options: CacheableOptions = {}) {
  const made: object[] = [];
  const counts = { runs: 0, made };
  class Counting {
    readonly number: number;
    constructor() {
      this.number = made.push(this);
    }
    @Cacheable({ ttl: 60, ...options })
    async run(_id: number): Promise<string> {
      return `${++counts.runs} by ${this.number}`;
    }
  }
  return Object.assign(Counting, { counts });
}

describe('what is made for each request', () => {
  it.each(['request', 'transient'] as const)('finds what another one of its class has stored (%s)', async (scope) => {
    const Counting = counting({ instances: 'shared' });
    Injectable({ scope: scope === 'request' ? Scope.REQUEST : Scope.TRANSIENT })(Counting);
    const { app } = await startContext({ providers: [Counting] });
    const results = [];
    for (let i = 0; i < 3; i++) results.push(await (await app.resolve(Counting, ContextIdFactory.create())).run(1));
    expect(new Set(results).size).toBe(1);
    expect(Counting.counts.made.length).toBeGreaterThanOrEqual(3);
  });

  it('has results of its own where it asks for them', async () => {
    const Counting = counting({ instances: 'apart' });
    Injectable({ scope: Scope.REQUEST })(Counting);
    const { app } = await startContext({ providers: [Counting] });
    const one = await app.resolve(Counting, ContextIdFactory.create());
    const other = await app.resolve(Counting, ContextIdFactory.create());
    expect([await one.run(1), await one.run(1), await other.run(1)]).toEqual(['1 by 1', '1 by 1', '2 by 2']);
  });

  it("goes by the method's own word rather than by its class's", async () => {
    @Cacheable({ ttl: 60, instanceKey: 'tenant' })
    @Injectable()
    class Carts {
      runs = 0;
      constructor(readonly tenant: string) {}
      @Cacheable({ instances: 'shared' })
      async prices(): Promise<string> {
        return `${this.tenant} ${++this.runs}`;
      }
      @Cacheable()
      async items(): Promise<string> {
        return `${this.tenant} ${++this.runs}`;
      }
    }
    const providers = ['ann', 'bob'].map((name) => ({ provide: name, useFactory: () => new Carts(name) }));
    const { app } = await startContext({ providers });
    const [ann, bob] = [app.get<Carts>('ann'), app.get<Carts>('bob')];
    expect([await ann.prices(), await bob.prices()]).toEqual(['ann 1', 'ann 1']);
    expect([await ann.items(), await bob.items()]).toEqual(['ann 2', 'bob 1']);
  });

  it('is told apart by instanceKey', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Carts {
      static runs = 0;
      readonly tenant: string;
      constructor(@Inject(REQUEST) request: { readonly tenant: string }) {
        this.tenant = request.tenant;
      }
      @Cacheable({ ttl: 60, instanceKey: 'tenant' })
      async list(): Promise<string> {
        return `${this.tenant} ${++Carts.runs}`;
      }
    }
    const { app } = await startContext({ providers: [Carts] });
    const of = async (tenant: string) => {
      const contextId = ContextIdFactory.create();
      app.registerRequestByContextId({ tenant }, contextId);
      return await (await app.resolve(Carts, contextId)).list();
    };
    expect([await of('a'), await of('b'), await of('a')]).toEqual(['a 1', 'b 2', 'a 1']);
  });

  it('has to say so where it stands on the request, however deep that is', async () => {
    @Injectable()
    class Tenant {
      constructor(@Inject(REQUEST) readonly request: object) {}
    }
    @Injectable()
    class Prices {
      constructor(readonly tenant: Tenant) {}
    }
    @Injectable()
    class Carts {
      @Inject(Prices) readonly prices!: Prices;
      @Cacheable(60)
      async list(): Promise<number> {
        return 1;
      }
    }
    const providers: Provider[] = [Tenant, Prices, Carts];
    await expect(startContext({ providers })).rejects.toThrow(
      "Carts.list: @Cacheable.instances: undefined is not enough: Carts stands on the request, which Tenant is told; use 'shared'",
    );
    const byFactory = { provide: Tenant, inject: [{ token: REQUEST, optional: true }], useFactory: () => ({}) };
    await expect(startContext({ providers: [byFactory, Prices, Carts] })).rejects.toThrow('which Tenant is told');
    // Whoever comes first may put into it who asks.
    for (const durable of [false, true]) {
      const holder = { provide: Tenant, scope: Scope.REQUEST, durable, useFactory: () => ({}) };
      await expect(startContext({ providers: [holder, Prices, Carts] })).rejects.toThrow(
        'Carts stands on the request: Tenant is made for each (Scope.REQUEST); use',
      );
    }
    const itself = { provide: Carts, scope: Scope.REQUEST, useFactory: () => new Carts() };
    await expect(startContext({ providers: [itself] })).rejects.toThrow('Carts is made for each (Scope.REQUEST)');
    Cacheable({ instances: 'shared' })(Carts);
    await expect(startContext({ providers })).resolves.toBeDefined();
  });

  it('has to say so where it stands on what it is injected into', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Log {
      constructor(@Inject(INQUIRER) readonly of: object) {}
      @Cacheable(60)
      async name(): Promise<string> {
        return this.of.constructor.name;
      }
    }
    @Injectable()
    class Cities {
      constructor(readonly log: Log) {}
    }
    await expect(startContext({ providers: [Log, Cities] })).rejects.toThrow('(INQUIRER)');
    const made: Provider = {
      provide: Log,
      scope: Scope.TRANSIENT,
      inject: [INQUIRER],
      useFactory: (of: object) => new Log(of),
    };
    await expect(startContext({ providers: [made, Cities] })).rejects.toThrow('(INQUIRER)');
  });

  it('has to say so where something transient that it is made of does', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Place {
      constructor(@Inject(INQUIRER) readonly of: object) {}
    }
    @Injectable({ scope: Scope.TRANSIENT })
    class Log {
      constructor(readonly place: Place) {}
      @Cacheable(60)
      async name(): Promise<string> {
        return this.place.of.constructor.name;
      }
    }
    @Injectable()
    class Cities {
      constructor(readonly log: Log) {}
    }
    await expect(startContext({ providers: [Place, Log, Cities] })).rejects.toThrow('(INQUIRER)');
  });
});

describe('a class that the app has more than once', () => {
  const twice = (Class: new (...args: never[]) => object, ...others: Provider[][]) => {
    const modules = others.map((providers) => {
      @Module({ providers: [Class, ...providers], exports: [Class] })
      class Part {}
      return Part;
    });
    return { imports: modules };
  };

  it('shares results where it is made of the same', async () => {
    const Counting = counting();
    Injectable()(Counting);
    const { app } = await startContext(twice(Counting, [], []));
    const [one, other] = Counting.counts.made as InstanceType<typeof Counting>[];
    expect([await one?.run(1), await other?.run(1)]).toEqual(['1 by 1', '1 by 1']);
    expect(app.get(Counting, { each: true })).toHaveLength(2);
  });

  it('has to say whether it does where it is made of different things', async () => {
    @Injectable()
    class Rates {
      constructor(
        @Inject('currency') readonly currency: string,
        @Optional() @Inject('bank') readonly bank?: string,
      ) {}
      @Cacheable(60)
      async now(): Promise<string> {
        return this.currency;
      }
    }
    const currency = (useValue: string): Provider => ({ provide: 'currency', useValue });
    await expect(startContext(twice(Rates, [currency('EUR')], [currency('USD')]))).rejects.toThrow(
      /^Rates\.now: @Cacheable\.instances: undefined is not enough: the app has 2 of Rates, made of different things \(Part, Part\); use 'shared'/,
    );
    const bank = { provide: 'bank', useValue: 'ECB' };
    for (const others of [
      [[currency('EUR')], [currency('EUR'), bank]],
      [[currency('EUR'), bank], [currency('EUR')]],
    ])
      await expect(startContext(twice(Rates, ...others))).rejects.toThrow('the app has 2 of Rates');
    await expect(startContext(twice(Rates, [currency('EUR')], [currency('EUR')]))).resolves.toBeDefined();
    // The same thing, in another place.
    @Injectable()
    class Sides {
      constructor(
        @Optional() @Inject('left') readonly left?: string,
        @Optional() @Inject('right') readonly right?: string,
      ) {}
      @Cacheable(60)
      async side(): Promise<string> {
        return this.left === undefined ? 'right' : 'left';
      }
    }
    const sides = ['left', 'right'].map((provide): Provider[] => [{ provide, useValue: 1 }]);
    await expect(startContext(twice(Sides, ...sides))).rejects.toThrow('the app has 2 of Sides');
    @Injectable()
    class Asking {
      constructor(readonly module: ModuleRef) {}
      @Cacheable(60)
      async currency(): Promise<string> {
        return this.module.get('currency');
      }
    }
    await expect(startContext(twice(Asking, [currency('EUR')], [currency('USD')]))).rejects.toThrow(
      'the app has 2 of Asking',
    );
    Cacheable({ instanceKey: 'currency' })(Rates);
    const { app } = await startContext(twice(Rates, [currency('EUR')], [currency('USD')]));
    const all = app.get(Rates, { each: true });
    expect([...(await Promise.all(all.map((rates) => rates.now()))), await all[0]?.now()]).toEqual([
      'EUR',
      'USD',
      'EUR',
    ]);
  });

  it('may be in two apps, each with a cache of its own', async () => {
    const Counting = counting();
    Injectable()(Counting);
    const [one, other] = [await startContext({ providers: [Counting] }), await startContext({ providers: [Counting] })];
    const runs = async () => [await one.app.get(Counting).run(1), await other.app.get(Counting).run(1)];
    expect([await runs(), await runs()]).toEqual([
      ['1 by 1', '2 by 2'],
      ['1 by 1', '2 by 2'],
    ]);
    await one.cache.invalidate({ all: true });
    expect(await runs()).toEqual(['3 by 1', '2 by 2']);
    await one.app.close();
    expect(await other.app.get(Counting).run(1)).toBe('2 by 2');
  });

  it('finds what it had in an app before, with a cache that was there before', async () => {
    const Counting = counting({ cache: 'given' });
    Injectable()(Counting);
    const given = closing(createCache());
    const results: string[] = [];
    for (let i = 0; i < 2; i++) {
      const { app } = await startContext({ providers: [Counting], options: { caches: { given } } });
      results.push(await app.get(Counting).run(1));
      await app.close();
    }
    expect(results).toEqual(['1 by 1', '1 by 1']);
  });
});

describe('classes that extend one another', () => {
  abstract class Table {
    runs = 0;
    abstract readonly name: string;
    @Cacheable({ ttl: 60, name: 'find' })
    async find(id: number): Promise<string> {
      return `${this.name} ${id} ${++this.runs}`;
    }
  }

  it('never have one another’s results', async () => {
    @Injectable()
    class Cities extends Table {
      readonly name = 'cities';
    }
    @Injectable()
    class Rivers extends Table {
      readonly name = 'rivers';
    }
    const { app, cache } = await startContext({ providers: [Cities, Rivers] });
    const [cities, rivers] = [app.get(Cities), app.get(Rivers)];
    const ask = async () => [await cities.find(1), await rivers.find(1)];
    expect([await ask(), await ask()]).toEqual([
      ['cities 1 1', 'rivers 1 1'],
      ['cities 1 1', 'rivers 1 1'],
    ]);
    await cache.invalidate({ namespace: 'memo:find.Cities' });
    expect(await ask()).toEqual(['cities 1 2', 'rivers 1 1']);
  });

  it('override a method that is cached, and call it', async () => {
    @Cacheable({ ttl: 10 })
    @Injectable()
    class Cities {
      runs = 0;
      @Cacheable()
      async find(id: number): Promise<string> {
        return `${id} ${++this.runs}`;
      }
    }
    @Injectable()
    class Passed extends Cities {
      override async find(id: number): Promise<string> {
        return `passed ${++this.runs}, ${await super.find(id)}`;
      }
    }
    @Cacheable({ clone: false })
    @Injectable()
    class Both extends Cities {
      @Cacheable(60)
      override async find(id: number): Promise<string> {
        return `both ${++this.runs}, ${await super.find(id)}`;
      }
    }
    const { app, clock, warnings } = await startContext({ providers: [Cities, Passed, Both] });
    const ask = async () => [await app.get(Cities).find(1), await app.get(Passed).find(1), await app.get(Both).find(1)];
    expect([await ask(), await ask()]).toEqual([
      ['1 1', 'passed 1, 1 2', 'both 1, 1 2'],
      ['1 1', 'passed 3, 1 2', 'both 1, 1 2'],
    ]);
    await clock.advanceAsync(10_001);
    expect(await ask()).toEqual(['1 2', 'passed 4, 1 5', 'both 1, 1 2']);
    expect(warnings()).toEqual([]);
  });
});

describe('an instance that the injector has not made', () => {
  it('is cached where a provider is a value, or what a factory returns', async () => {
    const Counting = counting({ instances: 'apart' });
    const value = Object.freeze(new Counting());
    const { app } = await startContext({
      providers: [
        { provide: 'value', useValue: value },
        { provide: 'factory', useFactory: async () => new Counting() },
        { provide: 'alias', useExisting: 'factory' },
        { provide: 'nothing', useFactory: () => undefined },
        {
          provide: 'proxy',
          useValue: new Proxy(
            {},
            {
              has: () => {
                throw new Error('asked');
              },
            },
          ),
        },
      ],
    });
    for (const token of ['value', 'factory', 'alias']) {
      const counted: InstanceType<typeof Counting> = app.get(token);
      const first = await counted.run(1);
      expect(await counted.run(1)).toBe(first);
    }
    expect(Counting.counts.runs).toBe(2);
  });

  it.each(['request', 'transient'] as const)(
    'is cached where a factory makes it when it is asked for (%s)',
    async (scope) => {
      const Counting = counting({ instances: 'shared' });
      const { app } = await startContext({
        providers: [
          {
            provide: 'made',
            scope: scope === 'request' ? Scope.REQUEST : Scope.TRANSIENT,
            useFactory: () => new Counting(),
          },
        ],
      });
      const results = [];
      for (let i = 0; i < 3; i++) {
        const made: InstanceType<typeof Counting> = await app.resolve('made', ContextIdFactory.create());
        results.push(await made.run(1));
      }
      expect(new Set(results).size).toBe(1);
    },
  );

  it('runs each time where a factory makes it of the request, and nobody has said what that means', async () => {
    class Carts {
      runs = 0;
      constructor(readonly tenant: string) {}
      @Cacheable(60)
      async list(): Promise<string> {
        return `${this.tenant} ${++this.runs}`;
      }
      @CacheInvalidate({ tags: ['carts'] })
      async add(): Promise<void> {}
    }
    const told = { inject: [REQUEST], useFactory: async (tenant: string) => new Carts(tenant) };
    await expect(startContext({ providers: [{ provide: Carts, ...told }] })).rejects.toThrow(
      'Carts stands on the request, which Carts is told',
    );
    const { app, cache, warnings } = await startContext({
      providers: [
        { provide: 'carts', ...told },
        { provide: 'first', useValue: new Carts('first') },
      ],
    });
    const of = async (tenant: string): Promise<Carts> => {
      const contextId = ContextIdFactory.create();
      app.registerRequestByContextId(tenant, contextId);
      return await app.resolve('carts', contextId);
    };
    const first = app.get<Carts>('first');
    expect([await first.list(), await first.list()]).toEqual(['first 1', 'first 1']);
    const [a, b] = [await of('a'), await of('b')];
    expect([await a.list(), await b.list(), await a.list()]).toEqual(['a 1', 'b 1', 'a 2']);
    expect(warnings()).toEqual([
      expect.stringMatching(
        /^viewcache: what the factory of carts makes for each request is not cached: Carts\.list: /,
      ),
    ]);
    await cache.set('row', 1, { ttl: 60, tags: ['carts'] });
    await a.add();
    expect(await cache.has('row')).toBe(false);
  });

  it('has to say whether it has the results of one that somebody else has made', async () => {
    const Counting = counting();
    const providers = ['one', 'other'].map((provide) => ({ provide, useFactory: () => new Counting() }));
    await expect(startContext({ providers })).rejects.toThrow('the app has 2 of Counting');
  });

  it('is not cached where it belongs to no app', async () => {
    const Counting = counting();
    Injectable()(Counting);
    await startContext({ providers: [Counting] });
    const alone = new Counting();
    expect([await alone.run(1), await alone.run(1)]).toEqual(['1 by 2', '2 by 2']);
    const { run } = alone;
    await expect(run.call(undefined as never, 1)).rejects.toThrow(TypeError);
  });
});

describe('a provider', () => {
  it('is cached in a module that is loaded while the app runs, or made by ModuleRef', async () => {
    const [Lazy, Made] = [counting(), counting()];
    Injectable()(Lazy);
    Injectable()(Made);
    @Module({ providers: [Lazy] })
    class LazyModule {}
    const { app } = await startContext({});
    const lazy = (await app.get(LazyModuleLoader).load(() => LazyModule)).get(Lazy);
    expect([await lazy.run(1), await lazy.run(1)]).toEqual(['1 by 1', '1 by 1']);
    const made = await app.get(ModuleRef).create(Made);
    expect([await made.run(1), await made.run(1)]).toEqual(['1 by 1', '1 by 1']);
  });

  it('is refused when it is loaded, each time, where its decorator is wrong', async () => {
    const Lazy = counting({ ttl: -1 });
    Injectable()(Lazy);
    const { app } = await startContext({});
    for (let i = 0; i < 2; i++)
      await expect(app.get(ModuleRef).create(Lazy)).rejects.toThrow('Counting.run: @Cacheable');
  });

  it('has the caches of the module that it can see', async () => {
    const part = (maxEntries: number, Class: Provider): DynamicModule => {
      class Part {}
      class Caches {}
      const caches = { [`own${maxEntries}`]: {} };
      const imports = [ViewCacheModule.forRoot({ isGlobal: false, maxEntries, caches })];
      const own = { module: Caches, imports, exports: [ViewCacheModule] };
      return { module: Part, imports: [own], providers: [Class] };
    };
    @Injectable()
    class One {
      constructor(readonly cache: ViewCache) {}
      @Cacheable({ ttl: 60, cache: 'own1' })
      async run(): Promise<number> {
        return 1;
      }
    }
    @Injectable()
    class Other {
      constructor(readonly cache: ViewCache) {}
      @Cacheable({ ttl: 60, cache: 'own2' })
      async run(): Promise<number> {
        return 2;
      }
    }
    const app = closing(await Test.createTestingModule({ imports: [part(1, One), part(2, Other)] }).compile());
    await app.init();
    const [one, other] = [app.get(One, { strict: false }), app.get(Other, { strict: false })];
    expect([await one.run(), await other.run(), one.cache === other.cache]).toEqual([1, 2, false]);
  });

  it('is refused in an app without the module, and told what is missing', async () => {
    const Counting = counting();
    Injectable()(Counting);
    await expect(Test.createTestingModule({ providers: [Counting] }).compile()).rejects.toThrow(/ViewCacheModule/);
  });

  it('runs uncached in a test that puts mocks in the place of all that is missing', async () => {
    const Counting = counting();
    Injectable()(Counting);
    const app = closing(
      await Test.createTestingModule({ providers: [Counting] })
        .useMocker(() => ({}))
        .compile(),
    );
    await app.init();
    expect([await app.get(Counting).run(1), await app.get(Counting).run(1)]).toEqual(['1 by 1', '2 by 1']);
  });
});
