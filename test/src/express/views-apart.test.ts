import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express, { type RequestHandler } from 'express';
import request from 'supertest';

const get = (app: express.Express, user = 'nobody') => request(app).get('/').set('host', 'a').set('x-who', user);

describe('two views of one URL', () => {
  it('keep to themselves what they store, where a gate in front chooses between them', async () => {
    const cache = createCache();
    const app = express();
    const admins: RequestHandler = (req, _res, next) => (req.headers['x-who'] === 'admin' ? next() : next('route'));
    app.get('/', admins, cachePage({ ttl: 60, cache }), (_req, res) => void res.send('figures'));
    app.get('/', cachePage({ ttl: 60, cache }), (_req, res) => void res.send('public'));
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
