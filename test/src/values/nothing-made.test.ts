import { describe, expect, it, jest } from '@jest/globals';
import { type Cache, view } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, serve } from '../support/site.js';
import { openMemory, openOn, stores, until } from './stores.js';

closeAfterEach();

const [[, express]] = expresses as [(typeof expresses)[number]];

/** What a loader goes by when it finds that there is nothing, and what has it find something. */
const grounds: readonly (readonly [string, (cache: Cache) => unknown, (cache: Cache) => Promise<unknown>])[] = [
  ['a value', (cache) => cache.get('perms'), (cache) => cache.set('perms', ['a'], 60)],
  ['a value that it makes', (cache) => cache.getOrSet('perms', () => [], 60), (cache) => cache.delete('perms')],
  ['a tag', () => view().dependsOn('perms'), (cache) => cache.invalidate({ tags: 'perms' })],
  ['the tags of its call', () => {}, (cache) => cache.invalidate({ tags: 'rows' })],
  ['what is not to be kept', () => view().doNotStore(), async () => {}],
];

describe.each(stores)('what is made of there being nothing, in %s', (_name, store) => {
  /** Loads two rows, of which one may be there; and something later those that are. */
  async function opened(ground: (cache: Cache) => unknown) {
    const { cache } = await openOn(store);
    await cache.set('perms', [], 60);
    const rows = { there: [] as string[] };
    const load = async (keys: readonly string[]) => {
      await ground(cache);
      return new Map(keys.filter((key) => rows.there.includes(key)).map((key) => [key, `row ${key}`]));
    };
    const list = async () => [
      ...(await cache.getOrSetMany(['a', 'b'], load, { ttl: 60, tags: ['rows'], storeIf: () => false })).keys(),
    ];
    return { cache, rows, list };
  }

  it.each(grounds)('a value goes with what that was found by: %s', async (_what, ground, change) => {
    const { cache, rows, list } = await opened(ground);
    const ask = () => cache.getOrSet('list', list, 60);
    expect(await ask()).toEqual([]);
    rows.there = ['a'];
    await change(cache);
    expect(await ask()).toEqual(['a']);
    // Of one there is something, of the other not.
    rows.there = ['a', 'b'];
    await change(cache);
    expect(await ask()).toEqual(['a', 'b']);
  });

  it.each(grounds)('a page goes with what that was found by: %s', async (what, ground, change) => {
    const { cache, rows, list } = await opened(ground);
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache }), async (_req, res) => {
      res.json(await list());
    });
    const site = await serve(app);
    expect((await site.get('/')).text).toBe('[]');
    // A visitor has his answer before the store has heard of it.
    if (!what.startsWith('what is not')) await until(async () => (await site.get('/')).isHit);
    rows.there = ['a'];
    await change(cache);
    expect((await site.get('/')).text).toBe('["a"]');
  });
});

it('where nothing is kept, the options of a value are asked of none that was not made', async () => {
  const { cache, warnings } = await openMemory({ store: 'off:' });
  const { cache: outer } = await openMemory();
  const tags = jest.fn((value: unknown) => [`of-${typeof value}`]);
  await outer.getOrSet('list', async () => (await cache.getOrSetMany(['a'], () => ({}), { ttl: 60, tags })).size, 60);
  expect([tags.mock.calls, warnings()]).toEqual([[], []]);
});
