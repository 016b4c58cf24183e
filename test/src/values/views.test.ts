import { describe, expect, it } from '@jest/globals';
import { type Cache, view } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { gate } from '../support/gate.js';
import { closeAfterEach, serve } from '../support/site.js';
import { openMemory, openOn, stores, until } from './stores.js';

closeAfterEach();

/** A page of one value. */
async function pageOf(
  cache: Cache,
  inner: () => Promise<unknown>,
  [, express] = expresses[0] as (typeof expresses)[0],
) {
  const app = express();
  app.get('/', cachePage({ ttl: '5m', cache }), async (_req, res) => {
    res.json({ inner: await inner() });
  });
  const site = await serve(app);
  return async () => {
    const { text, isHit } = await site.get('/');
    return [(JSON.parse(text) as { inner?: unknown }).inner, isHit];
  };
}

const writes: readonly (readonly [string, (cache: Cache) => Promise<unknown>])[] = [
  ['set', (cache) => cache.set('inner', 'new', 60)],
  ['delete', (cache) => cache.delete('inner')],
  ['invalidate by its tag', (cache) => cache.invalidate({ tags: 'of-inner' })],
  ['invalidate by its key', (cache) => cache.invalidate({ key: 'inner' })],
  ['invalidate by its prefix', (cache) => cache.invalidate({ keys: 'inner:*' })],
];

describe.each(stores)('a page of a value, in %s', (_name, store) => {
  it.each(writes.flatMap(([what, write]) => [false, true].map((isFound) => [what, isFound, write] as const)))(
    'goes with it, by %s, whether the value was found (%p) or made on the way',
    async (what, isFound, write) => {
      const { cache } = await openOn(store);
      const key = what === 'invalidate by its prefix' ? 'inner:1' : 'inner';
      let made = 'old';
      const inner = () => cache.getOrSet(key, () => made, { ttl: 60, tags: ['of-inner'] });
      if (isFound) await inner();
      const get = await pageOf(cache, inner);
      expect(await get()).toEqual(['old', false]);
      // A visitor has his answer before the store has heard of it.
      await until(async () => (await get())[1] === true);
      made = 'new';
      await write(cache);
      expect(await get()).toEqual(['new', false]);
      // A visitor has his answer before the store has heard of it.
      await until(async () => (await get())[1] === true);
    },
  );

  it('goes with it still when its handler has said, without reading it again, that the page holds', async () => {
    const { cache, jump } = await openOn(store);
    const [, express] = expresses[0] as (typeof expresses)[0];
    const app = express();
    app.get('/', cachePage({ ttl: '1m', revalidateFor: '1h', cache }), async (req, res) => {
      res.set('ETag', '"v1"');
      if (req.headers['if-none-match'] === '"v1"') return void res.status(304).end();
      res.send(await cache.getOrSet('inner', () => 'old', { ttl: '1d', tags: ['of-inner'] }));
    });
    const site = await serve(app);
    const get = async () => await site.get('/');
    const stored = async () => await until(async () => (await get()).isHit);
    await stored();
    jump(61_000);
    expect((await get()).headers['cache-status']).toContain('fwd-status=304');
    await stored();
    await cache.set('inner', 'new', '1d');
    const { text, isHit } = await get();
    expect([text, isHit]).toEqual(['new', false]);
  });

  it('goes when something is there that was not', async () => {
    const { cache } = await openOn(store);
    const get = await pageOf(cache, async () => (await cache.get('inner')) ?? 'nothing');
    expect(await get()).toEqual(['nothing', false]);
    // A visitor has his answer before the store has heard of it.
    await until(async () => (await get())[1] === true);
    expect(await cache.set('inner', 'something', 60)).toBe(true);
    expect(await get()).toEqual(['something', false]);
  });
});

describe.each(expresses)('a page of a value, on %s', (...express) => {
  it('is not stored with a part that is stale, or that is not to be stored', async () => {
    const { cache, clock } = await openMemory();
    const options = { ttl: 10, staleIfError: '1h' } as const;
    await cache.set('inner', 'old', options);
    clock.advance(10_000);
    let isDown = true;
    const inner = () =>
      cache.getOrSet(
        'inner',
        () => {
          if (isDown) throw new Error('down');
          return 'new';
        },
        options,
      );
    const get = await pageOf(cache, inner, express);
    expect(await get()).toEqual(['old', false]);
    isDown = false;
    clock.advance(60_000);
    expect(await get()).toEqual(['new', false]);
    expect(await get()).toEqual(['new', true]);
    const preview = () =>
      cache.getOrSet(
        'preview',
        () => {
          view().doNotStore();
          return 'draft';
        },
        60,
      );
    const getPreview = await pageOf(cache, preview, express);
    expect([await getPreview(), await getPreview()]).toEqual([
      ['draft', false],
      ['draft', false],
    ]);
  });

  it('keeps its own ttl: what a producer says of its own is its own', async () => {
    const { cache, clock } = await openMemory();
    const inner = () =>
      cache.getOrSet(
        'inner',
        () => {
          view().ttl(1);
          return 'v';
        },
        60,
      );
    const get = await pageOf(cache, inner, express);
    await get();
    clock.advance(30_000);
    expect(await get()).toEqual(['v', true]);
  });

  it('varies by what its part varies by, and that part is stored for nobody', async () => {
    const { cache } = await openMemory();
    const app = express[1]();
    app.get('/', cachePage({ ttl: '5m', cache }), async (req, res) => {
      const make = () => {
        view().varyOn('accept-language');
        return req.get('accept-language');
      };
      res.json(await cache.getOrSet('greeting', make, 60));
    });
    const site = await serve(app);
    const ask = async (language: string) => (await site.get('/', { 'accept-language': language })).text;
    expect([await ask('de'), await ask('fr'), await ask('de')]).toEqual(['"de"', '"fr"', '"de"']);
    expect(await cache.has('greeting')).toBe(false);
    expect(cache.stats()).toMatchObject({ hits: 1 });
  });

  it('what was invalidated while the page was made is not on what is stored', async () => {
    const { cache } = await openMemory();
    await cache.set('inner', 'old', 60);
    const [read, goOn] = [gate(), gate()];
    let isFirst = true;
    const inner = async () => {
      const value = await cache.get('inner');
      if (isFirst) {
        isFirst = false;
        read.open();
        await goOn.passed;
      }
      return value;
    };
    const get = await pageOf(cache, inner, express);
    const page = get();
    await read.passed;
    await cache.set('inner', 'new', 60);
    goOn.open();
    expect(await page).toEqual(['old', false]);
    expect(await get()).toEqual(['new', false]);
  });
});

describe('a page that lives longer than its value', () => {
  const sayings: readonly (readonly [string, (cache: Cache) => Promise<void>, number])[] = [
    ['shows it for as long as its own ttl says', async () => {}, 300],
    [
      'unless its handler says how long the value is good',
      async (cache) => {
        view().ttl(Math.min(300, (await cache.ttl('price')) ?? 0));
      },
      20,
    ],
    ['or how long it is at most', async () => void view().ttl('30s'), 30],
  ];
  it.each(sayings)('%s', async (_name, say, seconds) => {
    const { cache, clock } = await openMemory();
    let runs = 0;
    const price = (): Promise<number> =>
      cache.getOrSet('price', () => {
        view().ttl('30s'); // of the value, and of nothing that uses it
        return ++runs;
      });
    expect(await price()).toBe(1);
    clock.advance('10s');
    const get = await pageOf(cache, async () => {
      const found = await price();
      await say(cache);
      return found;
    });
    expect(await get()).toEqual([1, false]);
    clock.advance(seconds * 1_000 - 1);
    expect(await get()).toEqual([1, true]);
    clock.advance(1);
    expect(await get()).toEqual([2, false]);
  });

  it('stays a hit when it has counted, and goes with a counter that it has read', async () => {
    const { cache } = await openMemory();
    const counts = await pageOf(cache, () => cache.increment('visits'));
    expect([await counts(), await cache.increment('visits'), await counts()]).toEqual([[1, false], 2, [1, true]]);
    const reads = await pageOf(cache, () => cache.get('visits'));
    expect([await reads(), await cache.increment('visits'), await reads()]).toEqual([[2, false], 3, [3, false]]);
  });
});

describe('a page in another process than the one that writes its value', () => {
  it('goes with the value, over Redis, also where it was made of what that process had in memory', async () => {
    const [, [, store]] = stores as [unknown, (typeof stores)[number]];
    const { cache: writer, other } = await openOn(store, { consistency: 'strict' });
    const reader = await other();
    await writer.set('inner', 'old', 60);
    const get = await pageOf(reader, () => reader.getOrSet('inner', () => 'made', 60));
    expect(await get()).toEqual(['old', false]);
    await until(async () => (await get())[1] === true);
    await writer.set('inner', 'new', 60);
    expect(await get()).toEqual(['new', false]);
    await writer.delete('inner');
    expect(await get()).toEqual(['made', false]);
  });
});
