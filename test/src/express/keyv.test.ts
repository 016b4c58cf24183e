import { describe, expect, it } from '@jest/globals';
import { type CacheOptions, view } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import { Keyv } from 'keyv';
import { Keyv as Keyv6 } from 'keyv6';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

type Store = Exclude<CacheOptions['store'], string | undefined>;

const refuse = (): never => {
  throw new Error('the store is broken');
};
const reject = async (): Promise<never> => refuse();
const never = (): Promise<never> => new Promise(() => {});

/** Stores that fail at every call, each in its own way. */
const broken: readonly (readonly [how: string, make: () => Store])[] = [
  ['a Keyv 5 whose store throws', () => quiet(new Keyv({ store: failing(refuse) }))],
  ['a Keyv 5 whose store rejects', () => quiet(new Keyv({ store: failing(reject) }))],
  ['a Keyv 5 whose store never answers', () => quiet(new Keyv({ store: failing(never) }))],
  [
    'a Keyv 5 that throws what its store throws',
    () => quiet(new Keyv({ store: failing(reject), throwOnErrors: true })),
  ],
  ['a Keyv 6 whose store rejects', () => quiet(new Keyv6({ store: failing(reject) as never }) as never)],
  ['an adapter that throws', () => failing(refuse)],
  ['an adapter that never answers', () => failing(never)],
];

describe.each(expresses)('a cache over a Keyv, on %s', (_version, express) => {
  async function siteOver(store: Store, options: CacheOptions = {}) {
    let calls = 0;
    const cache = makeCache({ store, deadline: '20ms', ...options });
    const app = express();
    app.use(cachePage({ ttl: 60, cache }));
    app.get('/private', (_req, res) => void res.set('Cache-Control', 'private').send(`${++calls}`));
    app.get('/', (_req, res) => {
      view().dependsOn('cities');
      res.send(`${++calls}`);
    });
    app.post('/', (_req, res) => void res.sendStatus(204));
    return { site: await serve(app), cache, calls: () => calls };
  }

  it.each(broken)('%s: every request is answered, and no write is missed', async (_how, make) => {
    const { site, cache } = await siteOver(make());

    const first = await site.get('/');
    const crowd = await Promise.all(Array.from({ length: 5 }, () => site.get('/private')));
    const receipt = await cache.invalidate({ tags: 'cities' });
    const second = await site.get('/');
    await site.ask('/', { method: 'POST' });
    const third = await site.get('/');

    expect([first, ...crowd, second, third].map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(new Set(crowd.map(({ text }) => text)).size).toBe(5);
    expect(new Set([first, second, third].map(({ text }) => text)).size).toBe(3);
    expect(receipt.durable).toBe(false);
    expect(cache.stats().storeErrors).toBeGreaterThan(0);
    expect(cache.health().unheardInvalidations).toBeGreaterThan(0);
  });

  it('purges whatever it is asked to invalidate, and says so', async () => {
    const { site, cache } = await siteOver(new Keyv());
    await site.get('/');
    const told: unknown[] = [];
    cache.on((event) => event.type === 'invalidated' && told.push([event.mode, event.tags, event.targets]));
    await cache.invalidate({ tags: 'cities#1' });
    await cache.invalidate({ path: '/cities/*' });
    expect(told).toEqual([
      ['hard', ['cities#1'], []],
      ['hard', [], ['path: /cities/*']],
    ]);
  });

  it('shares what it stores with another cache over the same store, and what is invalidated', async () => {
    const shared = new Map<string, unknown>();
    const one = await siteOver(new Keyv({ store: shared }), { l1MaxLag: 0 });
    const other = await siteOver(new Keyv({ store: shared }), { l1MaxLag: 0 });
    const host = 'a.example';

    const miss = await one.site.get('/', { host });
    await until(() => one.cache.stats().stored === 1);
    const hit = await other.site.get('/', { host });
    expect([miss.isHit, hit.isHit, hit.text, other.calls()]).toEqual([false, true, '1', 0]);

    const { durable } = await one.cache.invalidate({ tags: 'cities' });
    const after = await other.site.get('/', { host });

    expect(durable).toBe(true);
    expect([after.isHit, other.calls()]).toEqual([false, 1]);
  });

  it('is read anew by a cache that starts later, with the headers and bytes of the first answer', async () => {
    const shared = new Map<string, unknown>();
    const host = 'a.example';
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    const appOver = async () => {
      const cache = makeCache({ store: new Keyv({ store: shared }), l1MaxLag: 0 });
      const app = express();
      app.get('/', cachePage({ ttl: 60, cache, statuses: [203] }), (_req, res) => {
        res.status(203).type('png').set('X-Page', 'list').send(bytes);
      });
      return { site: await serve(app), cache };
    };
    const first = await appOver();
    const miss = await first.site.get('/', { host });
    await until(() => first.cache.stats().stored === 1);

    const hit = await (await appOver()).site.get('/', { host });

    expect([hit.status, hit.isHit, hit.body.equals(bytes)]).toEqual([203, true, true]);
    expect(hit.headers).toMatchObject({ 'content-type': 'image/png', 'x-page': 'list', etag: miss.headers.etag });
  });
});

/** A Keyv adapter of which each call ends the same way. */
function failing(call: () => unknown) {
  return { get: call, set: call, delete: call, clear: call as () => Promise<void>, has: call, getMany: call };
}

/** A Keyv tells of its store's errors by an event, which somebody has to listen to. */
function quiet<T extends { on(event: 'error', listener: () => void): unknown }>(keyv: T): T {
  keyv.on('error', () => {});
  return keyv;
}

/** Lets the event loop turn until something has come about. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
