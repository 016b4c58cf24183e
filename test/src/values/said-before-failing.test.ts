import { describe, expect, it } from '@jest/globals';
import { type Cache, view } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import type { Request } from 'express';
import { expresses } from '../support/expresses.js';
import { countdown, gate } from '../support/gate.js';
import { closeAfterEach, serve } from '../support/site.js';
import { openOn, stores, until } from './stores.js';

closeAfterEach();

const [[, express]] = expresses as [(typeof expresses)[number]];

const kept = [undefined, 60] as const;

/** Two pages that wait for the same part, show what it fails with, and are asked for at the same time. */
async function twoPages(cache: Cache, show: (req: Request) => Promise<unknown>, inputs: 'off' | undefined) {
  const app = express();
  const both = countdown(2);
  for (const path of ['/1', '/2', '/3'])
    app.get(path, cachePage({ ttl: 60, cache, ...(inputs && { inputs }) }), async (req, res) => {
      if (path !== '/3') both.count();
      await both.passed;
      const shown = await show(req).catch((error: Error) => error.message);
      res.send(`${req.get('x-tenant')} sees: ${shown}`);
    });
  const site = await serve(app);
  return async (tenant: string, path: string) => {
    const { text, isHit } = await site.get(path, { 'x-tenant': tenant });
    return [text, isHit] as const;
  };
}

describe.each(stores)('what a producer has said before it failed, in %s', (_name, store) => {
  it.each(kept)('keeps the page of whoever waited, too, from being stored (cacheErrors: %s)', async (cacheErrors) => {
    const { cache } = await openOn(store);
    let asked = 0;
    const goOn = gate();
    const produce = async (): Promise<never> => {
      view().doNotStore();
      await goOn.passed;
      throw new Error('down');
    };
    const show = () => {
      asked++;
      return cache.getOrSet('part', produce, { ttl: 60, cacheErrors });
    };
    const ask = await twoPages(cache, show, undefined);
    const first = [ask('ann', '/1'), ask('bob', '/2')];
    await until(() => asked === 2);
    goOn.open();
    expect(await Promise.all(first)).toEqual([
      ['ann sees: down', false],
      ['bob sees: down', false],
    ]);
    // What is kept of it says so, too.
    for (const path of ['/1', '/2', '/3', '/3']) expect(await ask('eve', path)).toEqual(['eve sees: down', false]);
    expect(cache.stats().refused).toMatchObject({ view: 6 });
  });

  it('keeps a value from being stored that was made of having waited', async () => {
    const { cache } = await openOn(store);
    const [begun, goOn] = [gate(), gate()];
    const part = () =>
      cache.getOrSet(
        'part',
        async () => {
          view().doNotStore();
          begun.open();
          await goOn.passed;
          throw new Error('down');
        },
        60,
      );
    let asked = 0;
    const whole = (key: string) =>
      cache.getOrSet(
        key,
        async () => {
          asked++;
          return await part().catch(() => 'fallback');
        },
        60,
      );
    const both = [whole('w1'), whole('w2')];
    await begun.passed;
    await until(() => asked === 2);
    goOn.open();
    expect(await Promise.all(both)).toEqual(['fallback', 'fallback']);
    expect([await cache.get('w1'), await cache.get('w2')]).toEqual([undefined, undefined]);
  });

  const selecting: readonly (readonly [string, 'off' | undefined, (req: Request) => unknown])[] = [
    ['reads what selects', undefined, (req) => req.get('x-tenant')],
    [
      'says varyOn()',
      'off',
      (req) => {
        view().varyOn('x-tenant');
        return Reflect.get(req.headers, 'x-tenant');
      },
    ],
  ];
  it.each(selecting.flatMap((way) => kept.map((cacheErrors) => [way[0], cacheErrors, way[1], way[2]] as const)))(
    'is for nobody else where it %s (cacheErrors: %s)',
    async (_what, cacheErrors, inputs, read) => {
      const { cache } = await openOn(store);
      const [begun, goOn] = [gate(), gate()];
      let asked = 0;
      const show = (req: Request) => {
        const asking = cache.getOrSet(
          'part',
          async () => {
            const tenant = read(req);
            begun.open();
            await goOn.passed;
            throw new Error(`the account of ${tenant} is locked`);
          },
          { ttl: 60, cacheErrors },
        );
        asked++;
        return asking;
      };
      const ask = await twoPages(cache, show, inputs);
      const first = [ask('ann', '/1'), ask('bob', '/2')];
      await begun.passed;
      await until(() => asked === 2);
      goOn.open();
      const told = (tenant: string) => `${tenant} sees: the account of ${tenant} is locked`;
      expect(await Promise.all(first)).toEqual([
        [told('ann'), false],
        [told('bob'), false],
      ]);
      for (const [tenant, path] of [
        ['eve', '/1'],
        ['kim', '/2'],
        ['lea', '/3'],
      ] as const)
        expect(await ask(tenant, path)).toEqual([told(tenant), false]);
    },
  );
});

const ways: readonly (readonly [string, (cache: Cache, produce: () => Promise<string>) => Promise<unknown>])[] = [
  ['getOrSet', (cache, produce) => cache.getOrSet('slow', produce, { ttl: 60, hardTimeout: 1 })],
  [
    'getOrSetMany',
    (cache, produce) =>
      cache.getOrSetMany(['slow'], async () => ({ slow: await produce() }), { ttl: 60, hardTimeout: 1 }),
  ],
];

describe.each(stores)('what a producer has said before hardTimeout, in %s', (_name, store) => {
  /** A value of what `slow` comes to, which says something and takes too long. */
  async function timedOut(say: (cache: Cache) => unknown, call: (typeof ways)[number][1], keys = ['w1']) {
    const { cache, clock } = await openOn(store);
    const [said, goOn] = [gate(), gate()];
    const produce = async (): Promise<string> => {
      await say(cache);
      said.open();
      await goOn.passed;
      return 'late';
    };
    let asked = 0;
    const whole = (key: string) =>
      cache.getOrSet(
        key,
        async () => {
          const asking = call(cache, produce).catch(() => 'fallback');
          asked++;
          return await asking;
        },
        60,
      );
    const all = keys.map(whole);
    await said.passed;
    await until(() => asked === keys.length);
    clock.advance(1_000);
    expect(await Promise.all(all)).toEqual(keys.map(() => 'fallback'));
    goOn.open();
    return cache;
  }

  it.each(ways)('keeps what is made of that from being stored: %s', async (_what, call) => {
    const cache = await timedOut(() => view().doNotStore(), call, ['w1', 'w2']);
    expect([await cache.get('w1'), await cache.get('w2')]).toEqual([undefined, undefined]);
  });

  it.each(ways)('has what is made of that go with what it depends on: %s', async (_what, call) => {
    const says: readonly ((cache: Cache) => unknown)[] = [
      () => view().dependsOn('dep'),
      (cache) => cache.getOrSet('inner', () => 1, { ttl: 60, tags: ['dep'] }),
    ];
    for (const say of says) {
      const cache = await timedOut(say, call);
      await until(() => cache.has('w1'));
      await cache.invalidate({ tags: 'dep' });
      expect(await cache.get('w1')).toBeUndefined();
    }
  });
});
