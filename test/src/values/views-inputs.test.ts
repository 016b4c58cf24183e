import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import type { Cache } from '@viewcache/core';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import type { Request, RequestHandler } from 'express';
import { expresses } from '../support/expresses.js';
import { gate } from '../support/gate.js';
import { closeAfterEach, serve } from '../support/site.js';
import { openMemory, openOn, stores, until } from './stores.js';

closeAfterEach();

const [[, express]] = expresses as [(typeof expresses)[number]];

const userOf = (req: Request): string => (Reflect.get(req, 'user') as { id: string }).id;

/** The login of the request that is answered. */
const visitor = new AsyncLocalStorage<string>();

/** What a page shows, and how it makes that. */
type Show = (req: Request) => unknown;

/** A site behind a login, whose pages are all cached with the same options but those under `/plain`. */
async function siteOf(
  cache: Cache,
  pages: Readonly<Record<string, Show>>,
  options: Partial<CachePageOptions> = {},
  make = express,
) {
  const app = make();
  const login: RequestHandler = (req, _res, next) => {
    const id = String(req.get('x-login'));
    Object.assign(req, { user: { id } });
    visitor.run(id, next);
  };
  app.use(login);
  for (const [path, show] of Object.entries(pages)) {
    const view = path.startsWith('/plain') ? [] : [cachePage({ ttl: '1d', cache, ...options })];
    app.get(path, ...view, async (req, res) => {
      res.json({ shown: await show(req) });
    });
  }
  const site = await serve(app);
  return async (user: string, path = '/', headers: Record<string, string> = {}) => {
    const { text, isHit } = await site.get(path, { 'x-login': user, ...headers });
    return [(JSON.parse(text) as { shown?: unknown }).shown, isHit] as const;
  };
}

const ways: readonly (readonly [string, (cache: Cache) => Show])[] = [
  ['getOrSet', (cache) => (req) => cache.getOrSet('profile', () => userOf(req), '1d')],
  [
    'getOrSet, that reads after an await',
    (cache) => (req) =>
      cache.getOrSet(
        'profile',
        async () => {
          await turn();
          return userOf(req);
        },
        '1d',
      ),
  ],
  [
    'getOrSet of what another one has made',
    (cache) => (req) =>
      cache.getOrSet('page', async () => `${await cache.getOrSet('profile', () => userOf(req), '1d')}`, '1d'),
  ],
  [
    'getOrSetMany',
    (cache) => async (req) => [...(await cache.getOrSetMany(['a'], () => ({ a: userOf(req) }), '1d')).values()].join(),
  ],
  [
    'getOrSetMany, whose loader uses a value',
    (cache) => async (req) => {
      const load = async () => ({ a: await cache.getOrSet('inner', () => userOf(req), '1d') });
      return [...(await cache.getOrSetMany(['a'], load, '1d')).values()].join();
    },
  ],
  [
    'a memoized function',
    (cache) => {
      let current: Request | undefined;
      const profile = cache.memoize(async () => userOf(current as Request), { name: 'profile', ttl: '1d' });
      return (req) => {
        current = req;
        return profile();
      };
    },
  ],
  [
    'get',
    (cache) => async (req) => {
      await cache.getOrSet('profile', () => userOf(req), '1d');
      return await cache.get('profile');
    },
  ],
];

describe.each(stores)('a page of a value whose producer has read who is asking, in %s', (_name, store) => {
  it.each(ways)('is stored neither where it was made nor where it was found: %s', async (_what, way) => {
    const { cache } = await openOn(store);
    const ask = await siteOf(cache, { '/': way(cache) });
    for (const user of ['ann', 'bob', 'eve']) expect(await ask(user)).toEqual(['ann', false]);
    expect(cache.stats().refused).toEqual({ input: 3 });
  });

  it('is stored where its key says who, as the key of the value does', async () => {
    const { cache } = await openOn(store);
    const show: Show = (req) => cache.getOrSet(`cart:${userOf(req)}`, () => `of ${userOf(req)}`, '1d');
    const ask = await siteOf(cache, { '/': show, '/other': show }, { key: (req) => userOf(req) });
    for (const path of ['/', '/other']) {
      expect(await ask('ann', path)).toEqual(['of ann', false]);
      await until(async () => (await ask('ann', path))[1]);
      expect((await ask('bob', path))[0]).toBe('of bob');
    }
    expect(cache.stats().refused).toEqual({});
  });

  it('goes on not to be stored when the value was touched, or given another version', async () => {
    const { cache } = await openOn(store);
    const versions = { version: 1 };
    const ask = await siteOf(cache, {
      '/': (req) => cache.getOrSet('profile', () => userOf(req), { ttl: '1d', ...versions }),
    });
    await ask('ann');
    await until(() => cache.has('profile', versions));
    expect(await cache.touch('profile', '2d', versions)).toBe(true);
    expect(await ask('bob')).toEqual(['ann', false]);
    expect(await cache.incrementVersion('profile', { version: 1 })).toBe(2);
    versions.version = 2;
    expect(await ask('eve')).toEqual(['ann', false]);
    expect(cache.stats().refused).toEqual({ input: 3 });
  });

  it('is not stored for whoever has waited for the value, either', async () => {
    const { cache } = await openOn(store);
    const [begun, goOn] = [gate(), gate()];
    const make = async (req: Request) => {
      begun.open();
      await goOn.passed;
      return userOf(req);
    };
    const show: Show = (req) => cache.getOrSet('profile', () => make(req), '1d');
    let waiting = 0;
    const ask = await siteOf(cache, {
      '/1': show,
      '/2': (req) => {
        waiting++;
        return show(req);
      },
    });
    const first = ask('ann', '/1');
    await begun.passed;
    const second = ask('bob', '/2');
    await until(() => waiting === 1);
    goOn.open();
    expect(await Promise.all([first, second])).toEqual([
      ['ann', false],
      ['ann', false],
    ]);
    expect(cache.stats()).toMatchObject({ collapsed: 1, refused: { input: 2 } });
  });
});

describe.each(stores.slice(1))('a page of such a value, in %s', (_name, store) => {
  it('is not stored in another process, which knows it by the store alone', async () => {
    const { cache, other } = await openOn(store);
    const show =
      (of: Cache): Show =>
      (req) =>
        of.getOrSet('profile', () => userOf(req), '1d');
    const first = await siteOf(cache, { '/': show(cache) });
    expect(await first('ann')).toEqual(['ann', false]);
    const elsewhere = await other();
    const second = await siteOf(elsewhere, { '/elsewhere': show(elsewhere) });
    for (const user of ['bob', 'eve']) expect(await second(user, '/elsewhere')).toEqual(['ann', false]);
    expect(elsewhere.stats().refused).toEqual({ input: 2 });
  });
});

describe.each(expresses)('a page of such a value, on %s', (_version, make) => {
  it('is told of as what it is', async () => {
    const warned: string[] = [];
    const spy = jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void warned.push(String(warning)));
    const { cache, events } = await openMemory();
    const show: Show = (req) => cache.getOrSet('profile', () => userOf(req), '1d');
    const ask = await siteOf(cache, { '/made': show, '/found': show }, {}, make);
    await ask('ann', '/made');
    await ask('bob', '/found');
    spy.mockRestore();
    const told = warned.map((text) => text.split('\n'));
    expect(told.map(([first]) => first)).toEqual(
      ['/made', '/found'].map(
        (path) =>
          `viewcache: GET ${path} was not stored: it used the value profile, whose producer read req.user, which is not part of its cache key.`,
      ),
    );
    expect(told[1]?.slice(1)).toEqual([
      expect.stringMatching(/^ {2}read by {3}the handler of \/found {3}\(test\/.*views-inputs\.test\.[jt]s:\d+\)$/),
      '  if the page differs per user   key: (req) => req.user?.id      one stored response each',
      "  if the value does              name it in the value's key, too",
      "  if it does not                 inputs: { 'req.user': 'ignore' }",
      '  why: docs/guides/values.md#who-is-asking',
    ]);
    expect(events.flatMap((event) => (event.type === 'input' ? [event.input] : []))).toEqual(['req.user', 'req.user']);
  });

  it('is stored where its view says that the input does not matter', async () => {
    const { cache } = await openMemory();
    const show: Show = (req) => cache.getOrSet('profile', () => userOf(req), '1d');
    const ask = await siteOf(cache, { '/': show, '/2': show }, { inputs: { 'req.user': 'ignore' } }, make);
    await ask('ann');
    await ask('bob', '/2');
    expect(await ask('eve', '/2')).toEqual(['ann', true]);
  });

  it('and of one that read a storage which is watched', async () => {
    const { cache } = await openMemory();
    const show: Show = () => cache.getOrSet('profile', () => visitor.getStore(), '1d');
    const ask = await siteOf(cache, { '/1': show, '/2': show }, { watch: [visitor] }, make);
    expect([await ask('ann', '/1'), await ask('bob', '/2'), await ask('eve', '/2')]).toEqual([
      ['ann', false],
      ['ann', false],
      ['ann', false],
    ]);
    expect(cache.stats().refused).toEqual({ input: 3 });
  });
});

describe('a value that is made new behind an answer', () => {
  const options = { ttl: 10, staleWhileRevalidate: '1h' } as const;

  it('says what its producer read when the response was long out', async () => {
    const { cache, clock } = await openMemory();
    const goOn = gate();
    let isSlow = false;
    const make = async (req: Request) => {
      if (isSlow) await goOn.passed;
      return isSlow ? userOf(req) : 'nobody';
    };
    const ask = await siteOf(cache, { '/': (req) => cache.getOrSet('profile', () => make(req), options) });
    await cache.set('profile', 'old', options);
    clock.advance(11_000);
    isSlow = true;
    expect(await ask('ann')).toEqual(['old', false]);
    goOn.open();
    await until(async () => (await cache.get('profile')) === 'ann');
    expect([await ask('bob'), await ask('eve')]).toEqual([
      ['ann', false],
      ['ann', false],
    ]);
    expect(cache.stats().refused).toEqual({ 'stale-part': 1, input: 2 });
  });

  it('hides from it what is hidden from its view', async () => {
    const { cache, clock } = await openMemory();
    const goOn = gate();
    const make = async (req: Request) => {
      await goOn.passed;
      return `cookie: ${req.headers.cookie}`;
    };
    const show: Show = (req) => cache.getOrSet('shown', () => make(req), options);
    const ask = await siteOf(cache, { '/': show }, { inputs: { cookie: 'hide' } });
    await cache.set('shown', 'old', options);
    clock.advance(11_000);
    await ask('ann', '/', { cookie: 'sid=1' });
    goOn.open();
    await until(async () => (await cache.get('shown')) !== undefined);
    await ask('bob');
    expect(await ask('eve')).toEqual(['cookie: undefined', true]);
  });

  it('stays what it was known to be where nobody hears what is read', async () => {
    const { cache, clock } = await openMemory();
    const show: Show = (req) => cache.getOrSet('profile', () => userOf(req), options);
    const ask = await siteOf(cache, { '/': show, '/plain': show });
    await ask('ann');
    clock.advance(11_000);
    expect(await ask('bob', '/plain')).toEqual(['ann', false]);
    await until(async () => (await cache.get('profile')) === 'bob');
    await ask('eve');
    expect(await ask('eve')).toEqual(['bob', false]);
  });
});

describe.each(stores)('a value whose producer reads a field that selects, in %s', (_name, store) => {
  const language = (req: Request): string => String(req.get('accept-language'));

  it('is stored for nobody, says so once, and the page varies by the field', async () => {
    const { cache, warnings } = await openOn(store);
    const ask = await siteOf(cache, { '/': (req) => cache.getOrSet('greeting', () => language(req), '1d') });
    const show = async (of: string) => await ask('ann', '/', { 'accept-language': of });
    for (const of of ['de', 'fr', 'it']) {
      expect(await show(of)).toEqual([of, false]);
      await until(async () => (await show(of))[1]);
    }
    expect(await cache.has('greeting')).toBe(false);
    expect(warnings()).toEqual([
      '(values): its producer reads header accept-language of the request, and a value has no variants: read that in front of the call, and name it in the key; it was not stored (greeting)',
    ]);
  });

  it('is given to nobody who has waited for it', async () => {
    const { cache } = await openOn(store);
    const [begun, goOn] = [gate(), gate()];
    let asked = 0;
    const make = async (req: Request) => {
      begun.open();
      await goOn.passed;
      return language(req);
    };
    const ask = await siteOf(cache, {
      '/:n': (req) => {
        asked++;
        return cache.getOrSet('greeting', () => make(req), '1d');
      },
    });
    const first = ask('ann', '/1', { 'accept-language': 'de' });
    await begun.passed;
    const second = ask('bob', '/2', { 'accept-language': 'fr' });
    await until(() => asked === 2);
    goOn.open();
    expect(await Promise.all([first, second])).toEqual([
      ['de', false],
      ['fr', false],
    ]);
  });

  it('is stored where that was read in front of the call', async () => {
    const { cache } = await openOn(store);
    const ask = await siteOf(cache, {
      '/': async (req) => {
        const of = language(req);
        return await cache.getOrSet(`greeting:${of}`, () => `in ${of}`, '1d');
      },
    });
    expect(await ask('ann', '/', { 'accept-language': 'de' })).toEqual(['in de', false]);
    expect(await cache.has('greeting:de')).toBe(true);
  });
});

describe('an error of a producer that has read who is asking', () => {
  it('keeps a page from being stored as a value does: where it is kept, and where it was waited for', async () => {
    const { cache } = await openMemory();
    const [begun, goOn] = [gate(), gate()];
    let waiting = 0;
    const show: Show = async (req) => {
      waiting++;
      const make = async (): Promise<string> => {
        begun.open();
        await goOn.passed;
        throw new Error(`not for ${userOf(req)}`);
      };
      return await cache
        .getOrSet('secret', make, { ttl: '1d', cacheErrors: 60 })
        .catch((error: Error) => error.message);
    };
    const ask = await siteOf(cache, { '/1': show, '/2': show, '/3': show });
    const [first, second] = [ask('ann', '/1'), begun.passed.then(() => ask('bob', '/2'))];
    await until(() => waiting === 2);
    goOn.open();
    expect(await Promise.all([first, second])).toEqual([
      ['not for ann', false],
      ['not for ann', false],
    ]);
    expect(await ask('eve', '/3')).toEqual(['not for ann', false]);
    expect(await ask('eve', '/3')).toEqual(['not for ann', false]);
    expect(cache.stats().refused).toMatchObject({ input: 4 });
  });
});
