import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { type Cache, ConfigError, createCache, defaultCache, setDefaultCache, view } from '@viewcache/core';
import { isTracking, readReason, recordRead } from '@viewcache/core/tracking';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import type { Response } from 'express';
import { expresses } from '../support/expresses.js';
import { gate } from '../support/gate.js';
import { closeAfterEach, serve } from '../support/site.js';
import { openMemory } from '../values/stores.js';
import { now, type Source, watchedSource } from './source.js';

closeAfterEach();

const [[, express]] = expresses as [(typeof expresses)[number]];

/** A site of one page, which is cached without a ttl unless the options have one. */
async function siteOf(cache: Cache, show: (res: Response) => unknown, options: CachePageOptions = {}) {
  const app = express();
  let runs = 0;
  app.get('/page', cachePage({ cacheStatus: 'full', cache, ...options }), async (_req, res) => {
    runs++;
    const shown = await show(res);
    if (!res.headersSent) res.json(shown);
  });
  const site = await serve(app);
  const get = async () => {
    const { text, isHit, headers } = await site.get('/page');
    return { text, isHit, status: String(headers['cache-status']) };
  };
  return { get, site, runs: () => runs };
}

describe('a view that reads a watched data source', () => {
  it('needs no ttl, and is invalidated by what is written to what it has read', async () => {
    const { cache, clock } = await openMemory();
    const users = watchedSource(cache);
    users.rows.set(1, 'Ada');
    const { get } = await siteOf(cache, () => users.read(1));
    expect(await get()).toMatchObject({ text: '"Ada"', isHit: false });
    clock.advance(365 * 86_400_000);
    expect(await get()).toMatchObject({ text: '"Ada"', isHit: true });
    await users.write(2, 'Bob');
    expect(await get()).toMatchObject({ isHit: true });
    await users.write(1, 'Eve');
    expect(await get()).toMatchObject({ text: '"Eve"', isHit: false });
    users.stop();
  });

  it("may be kept 'forever' without a tag of its own", async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    const { get } = await siteOf(cache, () => users.read(1), { ttl: 'forever' });
    await get();
    expect(await get()).toMatchObject({ isHit: true });
    users.stop();
  });

  it('is invalidated before the end of its ttl, too', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    const { get } = await siteOf(cache, () => users.read(1), { ttl: 60 });
    await get();
    await users.write(1, 'Eve');
    expect(await get()).toMatchObject({ text: '"Eve"', isHit: false });
    users.stop();
  });

  it('is not stored where a write comes between its read and its answer', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    const written = gate();
    const { get } = await siteOf(cache, async () => {
      const read = users.read(1);
      await written.passed;
      return read;
    });
    const answer = get();
    await turn();
    while (users.heard === 0) await turn();
    await users.write(1, 'Eve');
    written.open();
    expect(await answer).toMatchObject({ text: '"nobody"' });
    expect(await get()).toMatchObject({ text: '"Eve"', isHit: false });
    users.stop();
  });

  it('has the rows of a table stand for each other where there are too many to be named', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    const { get } = await siteOf(cache, () => Array.from({ length: 65 }, (_, id) => users.read(id)));
    await get();
    expect(cache.explain('/page').stored[0]?.tags).toEqual(['users']);
    expect(await get()).toMatchObject({ isHit: true });
    await users.write(64, 'Eve');
    expect(await get()).toMatchObject({ isHit: false });
    users.stop();
  });

  it('depends on the table where a row has a key that can be no tag', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    const { get } = await siteOf(cache, () => {
      recordRead(cache, [`users#${'x'.repeat(300)}`, 'a\nb#1'], readReason('main', 'SELECT'));
      return 1;
    });
    await get();
    expect(cache.stats().refused).toEqual({ tag: 1 });
    const other = await siteOf(cache, () => {
      recordRead(cache, [`users#${'x'.repeat(300)}`], readReason('main', 'SELECT'));
      return 1;
    });
    await other.get();
    await other.get();
    expect(other.runs()).toBe(1);
    await users.write(5, 'Eve');
    await other.get();
    expect(other.runs()).toBe(2);
    users.stop();
  });

  it('counts what is read between the first part of its body and the last', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    const { get } = await siteOf(cache, async (res) => {
      res.type('text/plain').write('begin ');
      await turn();
      res.end(users.read(1));
    });
    await get();
    expect(await get()).toMatchObject({ text: 'begin nobody', isHit: true });
    await users.write(1, 'Eve');
    expect(await get()).toMatchObject({ text: 'begin Eve', isHit: false });
    users.stop();
  });

  it('does not depend on what is read when its answer is out', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    const late = gate();
    const done = gate();
    let wasTracking: boolean | undefined;
    const { get } = await siteOf(cache, (res) => {
      res.json(users.read(1));
      void late.passed.then(() => {
        wasTracking = isTracking();
        users.read(2);
        done.open();
      });
    });
    await get();
    late.open();
    await done.passed;
    expect(wasTracking).toBe(false);
    expect(cache.explain('/page').stored[0]?.tags).toEqual(['users#1']);
    await users.write(2, 'Bob');
    expect(await get()).toMatchObject({ isHit: true });
    users.stop();
  });

  it('does not depend on it with trackReads: false, of its own or of the cache', async () => {
    for (const [ofCache, ofView] of [
      [undefined, false],
      [false, undefined],
    ]) {
      const { cache } = await openMemory({ trackReads: ofCache });
      const users = watchedSource(cache);
      const { get } = await siteOf(cache, () => users.read(1), { ttl: 60, trackReads: ofView });
      await get();
      await users.write(1, 'Eve');
      expect(await get()).toMatchObject({ isHit: true });
      users.stop();
    }
  });

  it('tracks them with trackReads: true where the cache says false', async () => {
    const { cache } = await openMemory({ trackReads: false });
    const users = watchedSource(cache);
    const { get } = await siteOf(cache, () => users.read(1), { trackReads: true });
    await get();
    await users.write(1, 'Eve');
    expect(await get()).toMatchObject({ isHit: false });
    users.stop();
  });

  it('is one of the default cache, whichever that is by now', async () => {
    const before = createCache();
    setDefaultCache(before);
    const users = watchedSource(defaultCache());
    const { cache } = await openMemory();
    setDefaultCache(cache);
    const { get } = await siteOf(cache, () => users.read(1));
    await get();
    expect(await get()).toMatchObject({ isHit: true });
    await users.write(1, 'Eve');
    expect(await get()).toMatchObject({ isHit: false });
    users.stop();
    await before.close();
  });

  it('is none of what is watched for another cache', async () => {
    const [{ cache }, other] = [await openMemory(), await openMemory()];
    const users = watchedSource(other.cache);
    const { get } = await siteOf(cache, () => users.read(1), { ttl: 60 });
    await get();
    expect(cache.explain('/page').stored[0]?.tags).toEqual([]);
    users.stop();
  });

  it('hands on what it has read to a cached view nearer to the handler', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    const app = express();
    app.use(cachePage({ cache }));
    app.use((_req, _res, next) => {
      users.read(1);
      next();
    });
    app.get('/page', cachePage({ cache }), (_req, res) => void res.json(users.read(2)));
    const site = await serve(app);
    const isHit = async () => (await site.get('/page')).isHit;
    await isHit();
    expect(await isHit()).toBe(true);
    for (const id of [1, 2]) {
      await users.write(id, 'Eve');
      expect([await isHit(), await isHit()]).toEqual([false, true]);
    }
    users.stop();
  });
});

describe('a view of which nothing says when it changes', () => {
  it('is not stored, and a warning names its route and says what to do', async () => {
    const { cache, warnings, events } = await openMemory();
    const users = watchedSource(cache);
    const { get, runs } = await siteOf(cache, () => 'the weather');
    expect(await get()).toMatchObject({ isHit: false, status: expect.stringContaining('detail=nothing-tracked') });
    await get();
    expect(runs()).toBe(2);
    expect(cache.stats().refused).toEqual({ 'nothing-tracked': 2 });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'refused', reason: 'nothing-tracked', route: '/page' }),
    );
    expect(warnings()).toHaveLength(1);
    for (const word of ['GET /page', 'ttl', 'view().dependsOn()', 'view().untracked()'])
      expect(warnings()[0]).toContain(word);
    expect(cache.explain('/page').refusals[0]).toMatchObject({
      reason: 'nothing-tracked',
      detail: 'it read nothing of a watched data source',
    });
    users.stop();
  });

  it("is not stored where it is kept 'forever'", async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    await (await siteOf(cache, () => 'the weather', { ttl: 'forever' })).get();
    expect(cache.stats().refused).toEqual({ 'nothing-tracked': 1 });
    users.stop();
  });

  it('is stored with a tag, or with a ttl', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    for (const say of [() => view().dependsOn('weather'), () => view().ttl(60)]) {
      const { get } = await siteOf(cache, () => {
        say();
        return 1;
      });
      await get();
      expect(await get()).toMatchObject({ isHit: true });
    }
    users.stop();
  });

  it('is not stored where no data source is watched, whatever tags it has, and the warning says so', async () => {
    const { cache, warnings } = await openMemory();
    const { get } = await siteOf(cache, () => 1, { tags: ['a'] });
    await get();
    expect(await get()).toMatchObject({ isHit: false });
    expect(warnings()).toEqual([expect.stringContaining('no data source is watched')]);
    // Watching may come later than the routes.
    const users = watchedSource(cache);
    await get();
    expect(await get()).toMatchObject({ isHit: true });
    users.stop();
    await cache.purge({ all: true });
    await get();
    expect(await get()).toMatchObject({ isHit: false });
  });

  it.each<[string, () => unknown]>([
    ['undefined', () => cachePage(undefined as never)],
    ['a ttl that is undefined', () => cachePage({ ttl: undefined as never })],
    ['no ttl, and nothing is to be tracked', () => cachePage({ trackReads: false })],
  ])('is refused at once: %s', (_name, make) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow('cachePage.ttl');
  });

  it('may be made by cachePage() alone', async () => {
    const { cache } = await openMemory();
    setDefaultCache(cache);
    const users = watchedSource(defaultCache());
    const app = express();
    app.get('/', cachePage(), (_req, res) => void res.json(users.read(1)));
    const site = await serve(app);
    await site.get('/');
    expect((await site.get('/')).isHit).toBe(true);
    users.stop();
  });
});

describe('view().untracked()', () => {
  it('keeps a response without a ttl from being stored, and says why', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    for (const ttl of [undefined, 'forever'] as const) {
      const show = () => {
        view().untracked('the weather');
        return users.read(1);
      };
      await (await siteOf(cache, show, ttl === undefined ? {} : { ttl })).get();
    }
    expect(cache.stats().refused).toEqual({ untracked: 2 });
    expect(cache.explain('/page').refusals[0]).toMatchObject({ reason: 'untracked', detail: 'the weather' });
    users.stop();
  });

  it('lets one with a ttl be stored, and explain tells of it', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    const { get } = await siteOf(cache, () => {
      view().untracked('the weather').ttl(60);
      return users.read(1);
    });
    await get();
    expect(await get()).toMatchObject({ isHit: true });
    expect(cache.explain('/page').stored[0]).toMatchObject({ untracked: ['the weather'], lifetime: 60 });
    await users.write(1, 'Eve');
    expect(await get()).toMatchObject({ isHit: false });
    users.stop();
  });
});

describe('a view that reads within a transaction', () => {
  const cases: readonly (readonly [string, (users: Source) => string, string])[] = [
    ['that has written', (users) => users.readWithin(1, now(), true), 'uncommitted-read'],
    ['that had begun before it', (users) => users.readWithin(1, 0), 'older-snapshot'],
  ];
  it.each(cases)('%s is not stored', async (_name, read, reason) => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    const { get } = await siteOf(cache, () => read(users), { ttl: 60 });
    expect(await get()).toMatchObject({ status: expect.stringContaining(`detail=${reason}`) });
    expect(await get()).toMatchObject({ isHit: false });
    expect(cache.stats().refused).toEqual({ [reason]: 2 });
    users.stop();
  });

  it('that began after it is stored', async () => {
    const { cache } = await openMemory();
    const users = watchedSource(cache);
    const { get } = await siteOf(cache, () => users.readWithin(1, now()));
    await get();
    expect(await get()).toMatchObject({ isHit: true });
    users.stop();
  });
});
