import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express, { type RequestHandler } from 'express';
import request from 'supertest';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const pageFor = (replace: RequestHandler, name: 'query' | 'body') => {
  const app = express().use(replace, cachePage({ ttl: 60, cache: createCache() }));
  app.get('/', (req, res) => void res.send(`for ${req[name]?.['user']}`));
  return async (user: string) => (await request(app).get('/').set('host', 'a').set('cookie', user)).text;
};

describe('what middleware in front has put in the place of a known property', () => {
  it.each(['query', 'body'] as const)('req.%s reaches its own visitor only', async (name) => {
    const ask = pageFor((req, _res, next) => {
      Object.defineProperty(req, name, { value: { user: req.headers.cookie }, configurable: true, enumerable: true });
      next();
    }, name);
    expect([await ask('alice'), await ask('bob')]).toEqual(['for alice', 'for bob']);
  });

  it('a stream of events lets a second visitor begin at once', async () => {
    const app = express().use(cachePage({ ttl: 60, cache: createCache() }));
    app.get('/', (_req, res) => void res.set('content-type', 'text/event-stream').end('data: 1\n\n'));
    const status = async () => (await request(app).get('/').set('host', 'a')).headers['cache-status'];
    expect([await status(), await status()]).toEqual(['viewcache; fwd=uri-miss', 'viewcache; fwd=miss']);
  });
});

describe.each(expresses)('route parameters, on %s', (_version, of) => {
  const whose: RequestHandler = (req, res) => {
    res.send(JSON.stringify(req.params));
  };

  it.each<[string, string, (params: Record<string, unknown>, user: string) => void]>([
    ['replaced', '/users/:id', (params, user) => (params['id'] = user)],
    ['replaced by another segment of the URL', '/users/:id', (params, user) => (params['id'] = user.slice(0, 5))],
    ['replaced by numbers', '/users/:id', (params, user) => (params['id'] = user.length)],
    ['replaced by lists', '/users/:id', (params, user) => (params['id'] = user.split('-'))],
    ['replaced by what is no text', '/users/:id', (params, user) => (params['id'] = { user })],
    ['added', '/users/:id', (params, user) => (params['user'] = user)],
    ['taken away', '/users/:id', (params, user) => user === 'users-7' && delete params['id']],
    ['replaced, of a regular expression', String.raw`/^\/users\/(.+)$/`, (params, user) => (params['0'] = user)],
  ])('%s in front reach their own visitor only', async (_how, pattern, replace) => {
    const app = of();
    const front: RequestHandler = (req, _res, next) => {
      replace(req.params, String(req.headers['x-user']));
      next();
    };
    const path = pattern.startsWith('/^') ? new RegExp(pattern.slice(1, -1)) : pattern;
    app.get(path, front, cachePage({ ttl: 60, cache: makeCache() }), whose);
    const site = await serve(app);
    const ask = async (user: string) => await site.get('/users/me', { 'x-user': user });
    const texts = [];
    for (const user of ['users-7', 'alice-12', 'users-7', 'alice-12']) texts.push((await ask(user)).text);

    expect(texts.slice(2)).toEqual(texts.slice(0, 2));
    expect(texts[0]).not.toBe(texts[1]);
  });

  it('that app.param() has replaced reach their own visitor only', async () => {
    const app = of();
    app.param('id', (req, _res, next, id) => {
      if (id === 'me') req.params['id'] = String(req.headers.cookie);
      next();
    });
    app.get('/users/:id', cachePage({ ttl: 60, cache: makeCache() }), whose);
    const site = await serve(app);

    expect((await site.get('/users/me', { cookie: 'alice' })).text).toBe('{"id":"alice"}');
    expect((await site.get('/users/me', { cookie: 'bob' })).text).toBe('{"id":"bob"}');
  });

  it('as the URL has them are not in the key once more', async () => {
    const app = of();
    app.get('/users/:id/:part', cachePage({ ttl: 60, cache: makeCache(), cacheStatus: 'full' }), whose);
    const site = await serve(app);
    await site.get('/users/a%20b/c', { host: 'a' });

    const { headers } = await site.get('/users/a%20b/c', { host: 'a' });
    expect(headers['cache-status']).toMatch(/hit; .*key="GET http:\/\/a\/users\/a%20b\/c"$/);
  });
});
