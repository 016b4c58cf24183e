import { afterAll, describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { fragmentsOf } from '@viewcache/express';
import { RedisServer } from '../servers/redis.js';
import { closeAfterEach, makeCache } from '../support/site.js';
import { until } from '../values/stores.js';
import { kitchens } from './kitchens.js';
import { lay, login } from './table.js';

closeAfterEach();

const redis = await RedisServer.start();
afterAll(() => redis.stop());

let namespaces = 0;
/** A store that nobody has used before. */
const shared = () => ({ store: redis.url, namespace: `fragments-${++namespaces}` });
/** Processes of one app have one host, which these have not. */
const layTwin: typeof lay = (kitchen, laid) => lay(kitchen, { ...laid, fragments: { ignoreHost: true } });
const waiting = kitchens.filter(([, { isAsync }]) => isAsync);
const atOnce = kitchens.filter(([, { isAsync }]) => !isAsync);

describe.each(waiting)('fragments in %s over Redis', (_name, kitchen) => {
  it('of a list of 50 are asked for together: in one command, and in one more for tags that nobody here knows yet', async () => {
    const store = shared();
    const items = Array.from({ length: 50 }, (_, id) => ({ id, name: `n${id}` }));
    const first = await layTwin(kitchen, { cache: store });
    first.locals['items'] = items;
    const html = await first.get('/list');
    await until(() => first.cache.stats().stored === 50);
    const second = await layTwin(kitchen, { cache: { ...store, consistency: 'strict' } });
    second.locals['items'] = items;
    for (const reads of [2, 1]) {
      await redis.command('CONFIG', 'RESETSTAT');
      expect(await second.get('/list')).toBe(html);
      const counts = await redis.commandCounts();
      expect([counts.get('mget'), counts.get('evalsha')]).toEqual([reads, undefined]);
    }
    expect(second.count('item')).toBe(0);
  });

  it('are invalidated from elsewhere with those around them', async () => {
    const store = shared();
    const { get, cache } = await lay(kitchen, { cache: { ...store, consistency: 'strict' } });
    await get('/page');
    await until(() => cache.stats().stored === 2);
    expect(await get('/page')).toContain('outer:1');
    const elsewhere = makeCache(store, createCache);
    await elsewhere.ready();
    await elsewhere.invalidate({ tags: ['inner'] });
    expect(await get('/page')).toMatch(/outer:2.*inner:2/);
  });

  it('of a visitor are his in other processes as well', async () => {
    const store = shared();
    const [first, second] = [
      await layTwin(kitchen, { cache: store, front: [login] }),
      await layTwin(kitchen, { cache: store, front: [login] }),
    ];
    expect(await first.get('/named', { 'x-who': 'Ada' })).toBe('hello:1 Ada');
    expect(await first.get('/hello', { 'x-who': 'Ada' })).toBe('hello:2 Ada');
    await until(() => first.cache.stats().stored === 1);
    expect(await second.get('/named', { 'x-who': 'Ada' })).toBe('hello:1 Ada');
    expect(await second.get('/named', { 'x-who': 'Grace' })).toBe('hello:1 Grace');
    expect(await second.get('/hello', { 'x-who': 'Grace' })).toBe('hello:2 Grace');
  });
});

describe('a list over Redis', () => {
  it('has an item show one further down in it, which is looked up at the same time', async () => {
    const [, kitchen] = waiting[0] as (typeof waiting)[number];
    const rendered: number[] = [];
    const { get } = await lay(kitchen, {
      cache: shared(),
      routes(app) {
        app.get('/list', async (_req, res) => {
          const cache = fragmentsOf(res);
          const said = (id: number) => ({ name: 'product', key: id, ttl: '1h', shared: true });
          const one = async (id: number): Promise<string> => {
            rendered.push(id);
            return `<${id}${await cache.each(id < 4 ? [id + 1, 5] : [], said, one)}>`;
          };
          res.send(await cache.each([1, 2, 3, 4, 5], said, one));
        });
      },
    });
    const four = '<4>';
    const three = `<3${four}<5>>`;
    const two = `<2${three}<5>>`;
    expect(await get('/list')).toBe(`<1${two}<5>>${two}${three}${four}<5>`);
    expect([...new Set(rendered)].sort()).toEqual([1, 2, 3, 4, 5]);
  });
});

describe.each(atOnce)('fragments in %s, which cannot wait, over Redis', (_name, kitchen) => {
  it('are found in memory, and what the store has comes there behind an answer', async () => {
    const store = shared();
    const first = await layTwin(kitchen, { cache: store });
    await first.get('/mine');
    await until(() => first.cache.stats().stored === 1);
    expect(await first.get('/mine')).toBe('mine:1');
    expect(first.count('mine')).toBe(1);
    const second = await layTwin(kitchen, { cache: store });
    second.locals['made'] = () => 'by the second';
    expect(await second.get('/mine')).toBe('by the second');
    // What the first one has made was stored before.
    await until(async () => (await second.get('/mine')) === 'mine:1');
  });

  it('are rendered anew when a tag is invalidated, here at once and elsewhere by word of it', async () => {
    const store = shared();
    const { get, cache } = await lay(kitchen, { cache: store });
    await get('/page');
    await until(() => cache.stats().stored === 2);
    expect(await get('/page')).toContain('outer:1');
    await cache.invalidate({ tags: ['inner'] });
    expect(await get('/page')).toMatch(/outer:2.*inner:2/);
    await until(() => cache.stats().stored === 4);
    const elsewhere = makeCache(store, createCache);
    await elsewhere.ready();
    await elsewhere.invalidate({ tags: ['inner'] });
    await until(async () => /inner:[3-9]/.test(await get('/page')));
  });

  it('are told of where a loop does not tell them apart, though each is rendered until memory has one', async () => {
    const { get, locals, warnings } = await lay(kitchen, { cache: shared() });
    locals['items'] = [{ name: 'a' }, { name: 'b' }];
    expect(await get('/loop')).toBe('<b>a</b><b>b</b>');
    expect(warnings()).toEqual([expect.stringContaining(`as in ${kitchen.words.apart}`)]);
  });

  it('are rendered each time where the store has to be asked before each answer, which a warning says once', async () => {
    const { get, cache, warnings } = await lay(kitchen, { cache: { ...shared(), consistency: 'strict' } });
    await get('/mine');
    await until(() => cache.stats().stored === 1);
    expect(await get('/mine')).toBe('mine:2');
    expect(warnings()).toEqual([expect.stringContaining("use consistency: 'bounded', or an engine that waits")]);
  });
});
