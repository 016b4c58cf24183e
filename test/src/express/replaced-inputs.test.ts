import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express, { type RequestHandler } from 'express';
import request from 'supertest';

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
