import { describe, expect, it } from '@jest/globals';
import { type CacheEvent, view } from '@viewcache/core';
import { invalidateFrom, readReason, recordRead, watchedBy } from '@viewcache/core/tracking';
import { cachePage } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, serve } from '../support/site.js';
import { openMemory } from '../values/stores.js';
import { watchedSource } from './source.js';

closeAfterEach();

const [[, express]] = expresses as [(typeof expresses)[number]];
const SELECT = { by: 'read', source: 'main', statement: 'SELECT * FROM users WHERE id = $1' };

describe('explain() of what has read a watched data source', () => {
  it('says why a response has each of its tags', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    const app = express();
    app.get('/page', cachePage({ cache, tags: ['site'] }), async (_req, res) => {
      view().dependsOn('users#1', 'menu');
      const read = [users.read(1), users.read(2), users.read(4)];
      view().dependsOn('users#4');
      res.json([...read, await cache.getOrSet('user', () => users.read(3))]);
    });
    const site = await serve(app);
    const why = {
      site: [{ by: 'declared' }],
      menu: [{ by: 'declared' }],
      'users#1': [{ by: 'declared' }, SELECT],
      'users#2': [SELECT],
      'users#3': [{ by: 'part', key: 'user' }],
      'users#4': [SELECT, { by: 'declared' }],
    };
    await site.get('/page');
    expect(cache.explain('/page').stored[0]).toMatchObject({ reasons: why, untracked: [] });
    // The same where the value is found, and not made.
    await cache.purge({ url: '/page' });
    await site.get('/page');
    expect(cache.explain('/page').stored[0]?.reasons).toEqual(why);
    expect((await cache.explain({ key: 'user' })).stored[0]?.reasons).toEqual({ 'users#3': [SELECT] });
    users.stop();
  });

  it('says of a group which statements have read its rows', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    await cache.getOrSet('two', () => [users.read(1), users.read(2)], { maxTags: 1 });
    expect((await cache.explain({ key: 'two' })).stored[0]?.reasons).toEqual({ users: [SELECT] });
    users.stop();
  });

  it('knows a bounded number of statements and tags, and counts what that takes', async () => {
    const { cache } = await openMemory();
    const stop = watchedBy(cache);
    const read = (count: number) => () => {
      for (let i = 0; i < count; i++)
        recordRead(cache, [`t${i}`, 'all'], readReason('main', `SELECT ${i}${'x'.repeat(999)}`));
      return 1;
    };
    await cache.getOrSet('many', read(400), { maxTags: 1_000 });
    await cache.getOrSet('few', read(1));
    const [many] = (await cache.explain({ key: 'many' })).stored;
    expect(many?.reasons['all']).toHaveLength(4);
    expect(many?.reasons['t0']).toEqual([expect.objectContaining({ statement: expect.stringMatching(/^.{500}…$/) })]);
    expect(many?.reasons['t399']).toEqual([]);
    stop();
  });

  it('says that tags were declared where nothing is watched', async () => {
    const { cache } = await openMemory();
    await cache.getOrSet('a', () => 1, { tags: ['t'] });
    expect((await cache.explain({ key: 'a' })).stored[0]?.reasons).toEqual({ t: [{ by: 'declared' }] });
  });
});

describe('the event of an invalidation that comes of a write', () => {
  it('says which one, and what it has dropped', async () => {
    const { cache, events } = await openMemory();
    const users = watchedSource(cache);
    for (const key of ['a', 'b']) await cache.getOrSet(key, () => users.read(1));
    await cache.getOrSet('c', () => users.read(2));
    await users.write(1, 'Eve');
    const told = (): CacheEvent[] => events.filter(({ type }) => type === 'invalidated');
    const origin = { source: 'main', statement: 'UPDATE users SET name = $1 WHERE id = $2' };
    expect(told()).toEqual([
      {
        type: 'invalidated',
        tags: ['users', 'users#1'],
        targets: [],
        mode: 'hard',
        durable: true,
        origin,
        dropped: { count: 2, exact: true, keys: ['a', 'b'] },
      },
    ]);
    await users.write(1, 'Ada');
    expect(told()[1]).toMatchObject({ dropped: { count: 0, exact: true, keys: [] } });
    users.stop();
  });

  it('counts what has one of its tags or another, each once, and nothing that had gone before', async () => {
    const { cache, events } = await openMemory();
    const stop = watchedBy(cache);
    const origin = { source: 'main', statement: 'DELETE' };
    const dropped = async (...tags: string[]): Promise<unknown> => {
      await invalidateFrom(cache, tags, 'purge', origin);
      const last = events.findLast(({ type }) => type === 'invalidated');
      return last?.type === 'invalidated' ? last.dropped : undefined;
    };
    const fill = async (key: string, ...tags: string[]): Promise<void> =>
      void (await cache.getOrSet(key, () => key, { tags, ttl: 60 }));
    await fill('a', 'posts');
    await fill('b', 'users');
    await fill('c', 'users', 'posts');
    await fill('d', 'others');
    expect(await dropped('users', 'posts')).toEqual({ count: 3, exact: true, keys: ['a', 'b', 'c'] });
    expect(await dropped('users', 'posts')).toEqual({ count: 0, exact: true, keys: [] });
    await fill('b', 'users');
    await fill('e', 'users');
    await fill('f', 'users');
    await cache.purge({ key: 'e' });
    expect(await dropped('users')).toEqual({ count: 2, exact: true, keys: ['b', 'f'] });
    await fill('b', 'users');
    await cache.purge({ all: true });
    expect(await dropped('users', 'others')).toEqual({ count: 0, exact: true, keys: [] });
    stop();
  });

  it('counts more than it names, and of more than it goes through so many at least', async () => {
    const { cache, events } = await openMemory();
    const fill = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await cache.set(`${i}`, i, { tags: ['users'], ttl: 60 });
    };
    const origin = { source: 'main', statement: 'DELETE' };
    await fill(25);
    await invalidateFrom(cache, ['users'], 'purge', origin);
    await fill(10_005);
    await invalidateFrom(cache, ['users'], 'purge', origin);
    const dropped = events.flatMap((event) => (event.type === 'invalidated' && event.dropped) || []);
    expect(dropped).toMatchObject([
      { count: 25, exact: true, keys: { length: 10 } },
      { count: 10_000, exact: false, keys: { length: 10 } },
    ]);
  });

  it('can be one that only invalidates, and does nothing for tags that can be none', async () => {
    const { cache, events } = await openMemory();
    const origin = { source: 'main', statement: 'UPDATE' };
    await invalidateFrom(cache, ['users#1', 'users#1\n'], 'invalidate', origin);
    expect(events).toEqual([expect.objectContaining({ tags: ['users#1', 'users'], mode: 'soft' })]);
    expect(await invalidateFrom(cache, ['\n', 'a\nb#1'], 'purge', origin)).toMatchObject({ durable: true });
    expect(events).toHaveLength(1);
  });

  it('says of a batch the first write, and what all of them have dropped', async () => {
    const { cache, events } = await openMemory();
    const users = watchedSource(cache);
    for (const id of [1, 2, 3]) await cache.getOrSet(`user ${id}`, () => users.read(id));
    await cache.getOrSet('city', () => 'Lisbon', { tags: ['city'], ttl: 60 });
    await cache.batch(async () => {
      await users.write(1, 'Eve');
      await cache.invalidate({ tags: 'city' });
      await users.write(2, 'Ada');
      // What is made within the batch is made anew.
      await users.write(2, 'Ida');
    });
    const told = events.filter(({ type }) => type === 'invalidated');
    expect(told).toEqual([
      expect.objectContaining({
        tags: ['users', 'users#1', 'users#2'],
        mode: 'hard',
        origin: { source: 'main', statement: 'UPDATE users SET name = $1 WHERE id = $2' },
        dropped: { count: 2, exact: true, keys: ['user 1', 'user 2'] },
      }),
      { type: 'invalidated', tags: ['city'], targets: [], mode: 'soft', durable: true },
    ]);
    users.stop();
  });

  it('says nothing of an origin where a person has asked for it', async () => {
    const { cache, events } = await openMemory();
    await cache.purge({ tags: 'a' });
    expect(events[0]).toEqual({ type: 'invalidated', tags: ['a'], targets: [], mode: 'hard', durable: true });
  });
});
