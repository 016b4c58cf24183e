import { describe, expect, it } from '@jest/globals';
import { type Cache, type ProducerRun, view } from '@viewcache/core';
import { settled } from '@viewcache/core/testing';
import { cachePage } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { gate } from '../support/gate.js';
import { closeAfterEach, serve } from '../support/site.js';
import { openMemory, openOn, stores } from './stores.js';

closeAfterEach();

const [[, express]] = expresses as [(typeof expresses)[number]];

const lasting = { ttl: 10, staleWhileRevalidate: '1h', staleIfError: '1h' } as const;
/** Its source says that nothing has changed. */
const unchanged =
  <T>(make: () => T) =>
  ({ stale }: ProducerRun<Awaited<T>>): T | Awaited<T> =>
    stale ?? make();

/** A value of a part, whose own source never has anything new once it was asked. */
function wholeOf(cache: Cache) {
  const state = { price: 1, made: 0, told: [] as unknown[] };
  const part = () => cache.getOrSet('part', () => state.price, { ttl: '1d', tags: ['prices'] });
  const make = async ({ stale }: ProducerRun<{ price: number }>) => {
    state.made++;
    state.told.push(stale);
    return stale ?? { price: await part() };
  };
  const whole = () => cache.getOrSet('whole', make, { ...lasting, tags: ['whole'] });
  return { state, whole };
}

describe.each(stores)('what a producer makes of what was there before, in %s', (_name, store) => {
  it.each([
    ['invalidate', (cache: Cache) => cache.invalidate({ tags: 'prices' })],
    ['set', (cache: Cache) => cache.set('part', 2, '1d')],
  ])('goes with its parts, by %s', async (_what, write) => {
    const { cache, jump } = await openOn(store);
    const { state, whole } = wholeOf(cache);
    expect(await whole()).toEqual({ price: 1 });
    for (let round = 0; round < 3; round++) {
      await settled(cache);
      jump(10_000);
      expect(await whole()).toEqual({ price: 1 });
    }
    await settled(cache);
    expect(state.made).toBe(4);
    expect(await whole()).toEqual({ price: 1 });
    // It was stored, and is fresh again.
    expect(state.made).toBe(4);
    state.price = 2;
    await write(cache);
    expect(await whole()).toEqual({ price: 2 });
  });

  it('is told of nothing that was deleted since the run began', async () => {
    const { cache, jump } = await openOn(store);
    await cache.getOrSet('k', () => 'secret', lasting);
    await settled(cache);
    jump(10_000);
    const [begun, go] = [gate(), gate()];
    const told: unknown[] = [];
    const make = async (run: ProducerRun<string>) => {
      begun.open();
      await go.passed;
      told.push(run.stale);
      return 'made';
    };
    expect(await cache.getOrSet('k', make, lasting)).toBe('secret');
    await begun.passed;
    await cache.delete('k');
    go.open();
    await settled(cache);
    expect(told).toEqual([undefined]);
    expect(await cache.has('k')).toBe(false);
  });

  it('is kept under no other key, by a value that is made within the run', async () => {
    const { cache, jump } = await openOn(store);
    const part = () => cache.getOrSet('part', () => 1, '1d');
    await cache.getOrSet('k', async () => ({ of: await part() }), lasting);
    await settled(cache);
    jump(10_000);
    const inner = (run: ProducerRun<unknown>) => cache.getOrSet('inner', () => run.stale, '1h');
    expect(await cache.getOrSet('k', (run: ProducerRun<unknown>) => inner(run), { ttl: '1h' })).toEqual({ of: 1 });
    await settled(cache);
    expect(await cache.has('inner')).toBe(false);
  });

  it('is not stored where a part goes meanwhile', async () => {
    const { cache, jump } = await openOn(store);
    const { passed, open } = gate();
    let price = 1;
    const whole = (wait: Promise<void>) =>
      cache.getOrSet<{ price: number }>(
        'whole',
        async ({ stale }) => {
          await wait;
          return stale ?? { price: await cache.getOrSet('part', () => price, { ttl: '1d', tags: ['prices'] }) };
        },
        lasting,
      );
    await whole(Promise.resolve());
    await settled(cache);
    jump(10_000);
    expect(await whole(passed)).toEqual({ price: 1 });
    price = 2;
    await cache.invalidate({ tags: 'prices' });
    open();
    await settled(cache);
    expect(await whole(Promise.resolve())).toEqual({ price: 2 });
  });

  it('is nothing where that was invalidated, and has parts', async () => {
    const { cache } = await openOn(store);
    const { state, whole } = wholeOf(cache);
    await whole();
    await settled(cache);
    state.price = 2;
    await cache.invalidate({ tags: 'prices' });
    expect(await whole()).toEqual({ price: 2 });
    await settled(cache);
    // A tag of its own may be one of a part, too.
    await cache.invalidate({ tags: 'whole' });
    expect(await whole()).toEqual({ price: 2 });
    await settled(cache);
    await whole();
    expect(state.told).toEqual([undefined, undefined, undefined]);
  });

  it('goes with what its producer has named the time before', async () => {
    const { cache, jump } = await openOn(store);
    let rate = 1;
    const make = unchanged(() => {
      view().dependsOn('rates');
      return rate;
    });
    const ask = () => cache.getOrSet('k', make, lasting);
    await ask();
    await settled(cache);
    jump(10_000);
    await ask();
    await settled(cache);
    rate = 2;
    await cache.invalidate({ tags: 'rates' });
    expect(await ask()).toBe(2);
  });

  it('is shown by no page that does not say who is asking, where that was read for it', async () => {
    const { cache, jump } = await openOn(store);
    const options = { ttl: 10, staleIfError: '1h' } as const;
    const app = express();
    app.use((req, _res, next) => {
      Object.assign(req, { user: String(req.get('x-login')) });
      next();
    });
    app.use(cachePage({ ttl: '1d', cache }));
    app.get('/', async (req, res) => {
      res.send(
        await cache.getOrSet(
          'name',
          unchanged(() => String(Reflect.get(req, 'user'))),
          options,
        ),
      );
    });
    const site = await serve(app);
    const get = async (login: string) => {
      const { text, isHit } = await site.get('/', { 'x-login': login });
      await settled(cache);
      return [text, isHit];
    };
    expect(await get('alice')).toEqual(['alice', false]);
    // It is made of what was there before, by the second, and that is then found by the third.
    jump(11_000);
    expect(await get('bob')).toEqual(['alice', false]);
    expect(await get('carol')).toEqual(['alice', false]);
    expect(await get('carol')).toEqual(['alice', false]);
  });
});

describe.each(stores.filter(([name]) => name !== 'Memcached'))(
  'a producer of what was invalidated, in %s',
  (_name, store) => {
    it.each([
      ['a list', ['t', 'rows#1']],
      ['a function', () => ['t', 'rows#1']],
    ])('is told of it where there are no parts, its tags being %s, and its answer is stored', async (_what, tags) => {
      const { cache } = await openOn(store);
      let runs = 0;
      const make = ({ stale }: ProducerRun<string>) => `${++runs}, after ${stale}`;
      const ask = () => cache.getOrSet('k', make, { ...lasting, tags });
      await ask();
      await settled(cache);
      await cache.invalidate({ tags: 'rows#1' });
      expect(await ask()).toBe('2, after 1, after undefined');
      await settled(cache);
      expect(await ask()).toBe('2, after 1, after undefined');
      expect(runs).toBe(2);
    });
  },
);

describe('what is made again and again of what was there before', () => {
  it('begins anew where it would have more tags than can be, and is stored each time', async () => {
    const { cache, clock } = await openMemory();
    let round = 0;
    const told: boolean[] = [];
    const ask = () =>
      cache.getOrSet<number>(
        'k',
        async ({ stale }) => {
          round++;
          told.push(stale !== undefined);
          const parts = Array.from({ length: 300 }, (_, i) => cache.getOrSet(`part:${round}.${i}`, () => 1, '1d'));
          await Promise.all(parts);
          return round;
        },
        { ttl: 10, staleIfError: '1h' },
      );
    for (let i = 1; i <= 4; i++) {
      expect(await ask()).toBe(i);
      expect(await ask()).toBe(i);
      clock.advance('10s');
    }
    expect(told).toEqual([false, true, false, true]);
  });
});
