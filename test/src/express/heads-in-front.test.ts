import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cachePage } from '@viewcache/express';
import compression from 'compression';
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const file = join(mkdtempSync(join(tmpdir(), 'viewcache-')), 'page.txt');
writeFileSync(file, 'a page');

const ways: readonly (readonly [string, RequestHandler])[] = [
  ['res.json', (_req, res) => void res.json({ a: 'page' })],
  ['res.end', (_req, res) => void res.end('a page')],
  [
    'res.write',
    (_req, res) => {
      res.write('a ');
      res.end('page');
    },
  ],
  ['res.writeHead', (_req, res) => void res.writeHead(200, { 'Content-Type': 'text/plain' }).end('a page')],
  [
    'res.flushHeaders',
    (_req, res) => {
      res.flushHeaders();
      res.end('a page');
    },
  ],
  ['res.sendFile', (_req, res) => res.sendFile(file, { maxAge: 60_000 })],
  ['compression', (req, res) => compression({ threshold: 0 })(req, res, () => void res.json({ a: 'page' }))],
];

describe.each(expresses)('fields that middleware in front has set, on %s', (_version, express) => {
  it.each(ways)(
    'keep nothing from being stored that answers by %s: it is the cache that reads them',
    async (_way, handler) => {
      const cache = makeCache();
      const app = express();
      app.use(helmet() as RequestHandler, (_req, res, next) => {
        res.set('Access-Control-Allow-Origin', '*').set('X-Request-Id', '1');
        next();
      });
      app.get('/', cachePage({ ttl: 60, cache, cacheStatus: 'full' }), handler);
      const site = await serve(app);
      const first = await site.get('/');
      expect(first.text).toMatch(/page/);
      const second = await site.get('/');
      expect(second.headers['cache-status']).toContain('hit');
      expect(second.text).toBe(first.text);
      expect(second.headers['content-security-policy']).toBeDefined();
    },
  );

  it('still count as read where the handler asks for one', async () => {
    const cache = makeCache();
    const app = express();
    app.use((_req, res, next) => {
      res.set('X-Visitor', 'ann');
      next();
    });
    app.get('/', cachePage({ ttl: 60, cache, cacheStatus: 'full' }), (_req, res) => {
      res.write(`hello ${String(res.get('X-Visitor'))}`);
      res.end();
    });
    const site = await serve(app);
    expect((await site.get('/')).headers['cache-status']).toContain('input response header X-Visitor');
  });
});
