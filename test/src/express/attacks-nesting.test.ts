import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { type Cache, type InvalidationTarget, view } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import type { Request, RequestHandler } from 'express';
import { expresses } from '../support/expresses.js';
import { gate } from '../support/gate.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const run = promisify(execFile);
const rejecting = fileURLToPath(new URL('../support/rejecting.js', import.meta.url));

describe.each(expresses)('one cached view inside another, on %s', (_version, express) => {
  it.each(['account', 'cookies'])('req.%s, set between the two, keeps the response from being stored', async (name) => {
    const { site } = await nested(
      (req, _res, next) => {
        Object.assign(req, { [name]: { name: req.headers.cookie } });
        next();
      },
      (req, res) => void res.send(`for ${(Reflect.get(req, name) as { name: string }).name}`),
    );
    // The name is known from an earlier request: absent, it is watched by the outer view already.
    await site.get('/before', { cookie: 'zoe' });

    expect((await site.get('/me', { cookie: 'alice' })).text).toBe('for alice');
    expect((await site.get('/me', { cookie: 'bob' })).text).toBe('for bob');
  });

  it('view().doNotStore() between the two holds for the inner one', async () => {
    const { site } = await nested(
      (_req, _res, next) => {
        view().doNotStore();
        next();
      },
      (_req, res) => void res.send('draft'),
    );
    await site.get('/');

    expect((await site.get('/')).isHit).toBe(false);
  });

  it('tags of the outer view, declared between the two or as its option, invalidate what the inner one stored', async () => {
    let state = 'old';
    const { site, cache } = await nested(
      (_req, _res, next) => {
        view().dependsOn('settings');
        next();
      },
      (_req, res) => void res.send(state),
    );

    for (const tag of ['settings', 'site']) {
      await site.get('/');
      expect((await site.get('/')).isHit).toBe(true);
      state = `new ${tag}`;
      await cache.invalidate({ tags: tag });
      expect((await site.get('/')).text).toBe(`new ${tag}`);
    }
  });

  it.each<InvalidationTarget>([{ url: '/' }, { path: '/' }, { path: '/*' }, { all: true }, { key: 'k' }])(
    'what was read between the two is not stored once %j was invalidated before the inner one began',
    async (target) => {
      const cache = makeCache();
      expect(await readBetween(cache, cache, () => cache.invalidate(target))).toMatchObject({ text: 'new' });
    },
  );

  it('nor where the two have caches of their own, and the outer one’s clock runs ahead', async () => {
    const [outer, inner] = [makeCache(), makeCache()];
    await outer.invalidate({ tags: 'other' });
    await outer.invalidate({ tags: 'other' });
    expect(await readBetween(outer, inner, () => inner.invalidate({ tags: 'row' }))).toMatchObject({ text: 'new' });
  });

  it('is stored in the inner one’s cache where the clock of that runs ahead', async () => {
    const [outer, inner] = [makeCache(), makeCache()];
    await inner.invalidate({ tags: 'row' });
    expect(await readBetween(outer, inner, async () => {})).toMatchObject({ text: 'old', isHit: true });
  });

  it.each<[string, InvalidationTarget]>([
    ['a tag', { tags: 'row' }],
    ['the URL', { url: '/' }],
  ])('nor where another process has invalidated %s by then, of which this one has not heard', async (_name, target) => {
    const store = new Map();
    const [cache, other] = [makeCache({ store, consistency: 'strict' }), makeCache({ store, consistency: 'strict' })];
    expect(await readBetween(cache, cache, () => other.invalidate(target))).toMatchObject({ text: 'new' });
  });

  it('is stored there where nothing was invalidated', async () => {
    const cache = makeCache({ store: new Map(), consistency: 'strict' });
    expect(await readBetween(cache, cache, async () => {})).toMatchObject({ text: 'old', isHit: true });
  });

  /** Reads between two views, lets `change` happen before the inner one begins, and asks once more. */
  async function readBetween(outer: Cache, inner: Cache, change: () => Promise<unknown>) {
    const isRead = gate();
    const mayGoOn = gate();
    let state = 'old';
    const app = express();
    app.use(cachePage({ ttl: 60, cache: outer }), async (req, _res, next) => {
      view().dependsOn('row');
      Object.assign(req, { row: state });
      isRead.open();
      await mayGoOn.passed;
      next();
    });
    app.get('/', cachePage({ ttl: 60, cache: inner, key: (req) => Reflect.get(req, 'row') && 'k' }), (req, res) => {
      res.send(Reflect.get(req, 'row'));
    });
    const site = await serve(app);
    const first = site.get('/');
    await isRead.passed;
    await change();
    state = 'new';
    mayGoOn.open();
    await first;
    return await site.get('/');
  }

  async function nested(between: RequestHandler, handler: RequestHandler) {
    const cache = makeCache();
    const app = express();
    app.use(cachePage({ ttl: 60, cache, tags: ['site'] }), between);
    app.use(cachePage({ ttl: 60, cache }), handler);
    return { cache, site: await serve(app) };
  }
});

describe.each(expresses)("users' functions that fail, on %s", (version, express) => {
  it.each([
    ['in memory', {}],
    ['in a shared store', { store: new Map() }],
  ])(
    'a key that throws when it is asked again leaves the answer be, and nothing is stored %s',
    async (_where, options) => {
      const cache = makeCache(options);
      const key = (req: Request & { asked?: number }) => {
        req.asked = (req.asked ?? 0) + 1;
        if (req.asked > 1) throw new Error('asked again');
        return 'k';
      };
      const app = express();
      app.use(cachePage({ ttl: 60, cache, key }));
      app.get('/', (_req, res) => void res.send('page'));
      const site = await serve(app);

      for (let visit = 0; visit < 2; visit++) expect(await site.get('/')).toMatchObject({ status: 200, text: 'page' });
      expect(cache.stats().stored).toBe(0);
    },
  );

  it('functions that promise and reject end no process: each visitor is answered', async () => {
    const { stdout } = await run(process.execPath, [rejecting, version === 'Express 4' ? 'express4' : 'express']);

    const outcomes = JSON.parse(stdout) as { name: string; status: number; rejections: number }[];
    expect(outcomes).toEqual(
      ['when', 'key', 'tags', 'storeIf', 'placeholders', 'placeholders on a hit', 'listener', 'invalidateOn'].map(
        (name) => ({
          ...{ name, status: 200, rejections: 0 },
        }),
      ),
    );
  });
});
