import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express, { type RequestHandler } from 'express';
import { Keyv } from 'keyv';
import request from 'supertest';

const get = (app: express.Express, user = 'nobody') => request(app).get('/').set('host', 'a').set('x-who', user);

/** One release of an app, over a store that outlives it. */
function release(pages: Map<string, unknown>, build: (app: express.Express, page: () => RequestHandler) => void) {
  const cache = createCache({ store: new Keyv({ store: pages, namespace: 'app' }) });
  const app = express();
  build(app, () => cachePage({ ttl: 60, cache }) as RequestHandler);
  return app;
}

const admins: RequestHandler = (req, _res, next) => (req.headers['x-who'] === 'admin' ? next() : next('route'));
const figures: RequestHandler = (_req, res) => void res.send('figures');
const open: RequestHandler = (_req, res) => void res.send('public');

describe('the views of two releases over one store', () => {
  it('never answer with what another view of the last release has stored', async () => {
    const pages = new Map<string, unknown>();
    const first = release(pages, (app, page) => {
      app.get('/more', page(), open);
      app.get('/', admins, page(), figures);
      app.get('/', page(), open);
    });
    expect((await get(first, 'admin')).text).toBe('figures');
    const second = release(pages, (app, page) => {
      app.get('/', admins, page(), figures);
      app.get('/', page(), open);
    });
    expect((await get(second)).text).toBe('public');
    expect((await get(second)).headers['cache-status']).toContain('hit');
  });

  it('find what the last release has stored where the views are the same', async () => {
    const pages = new Map<string, unknown>();
    const build = (app: express.Express, page: () => RequestHandler) => {
      app.get('/', admins, page(), figures);
      app.get('/', page(), open);
    };
    expect((await get(release(pages, build), 'admin')).text).toBe('figures');
    expect((await get(release(pages, build), 'admin')).headers['cache-status']).toContain('hit');
    expect((await get(release(pages, build))).text).toBe('public');
  });
});

describe('two views of one URL', () => {
  it('keep to themselves what they store, where a gate in front chooses between them', async () => {
    const cache = createCache();
    const app = express();
    app.get('/', admins, cachePage({ ttl: 60, cache }), figures);
    app.get('/', cachePage({ ttl: 60, cache }), open);
    expect((await get(app, 'admin')).text).toBe('figures');
    expect((await get(app)).text).toBe('public');
    expect((await get(app, 'admin')).headers['cache-status']).toContain('hit');
  });

  it('keep to themselves what they store, where they are of two apps with one cache', async () => {
    const cache = createCache();
    const [inner, outer] = ['internal', 'public'].map((text) =>
      express()
        .use(cachePage({ ttl: 60, cache }))
        .get('/', (_req, res) => void res.send(text)),
    );
    if (inner === undefined || outer === undefined) throw new Error('two apps');
    expect((await get(inner)).text).toBe('internal');
    expect((await get(outer)).text).toBe('public');
  });
});
