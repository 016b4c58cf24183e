import { describe, expect, it } from '@jest/globals';
import { createServer } from '@viewcache/express';
import express from 'express';
import express4 from 'express4';
import request from 'supertest';
import { ofRequests, ofResponses } from '../../../packages/core/dist/node/inputs.js';

describe.each([
  ['5', express],
  ['4', express4 as unknown as typeof express],
])('a request of an app with nothing in front, on Express %s', (_version, framework) => {
  // Each property that is taken for a visitor's costs every miss; one of Node's or Express' own would cost them all.
  it.each(['app.listen', 'createServer'])('under %s has no property that is taken for a visitor’s', async (how) => {
    const app = framework();
    const found: string[] = [];
    app.use((req, res, next) => {
      for (const name of ofRequests.of(req as never)) found.push(`req.${String(name)}`);
      for (const name of ofResponses.of(res as never)) found.push(`res.${String(name)}`);
      next();
    });
    app.get('/', (_req, res) => void res.json({}));
    const server = how === 'createServer' ? createServer(app).listen(0) : app.listen(0);
    await request(server).get('/');
    await new Promise((closed) => server.close(closed));
    expect(found).toEqual([]);
  });
});
