import { describe, expect, it } from '@jest/globals';
import { cachePage } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

describe.each(expresses)('HEAD, on %s', (_version, express) => {
  async function siteWith() {
    let calls = 0;
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
      calls++;
      res.set('X-Page', 'list').send('list');
    });
    return { site: await serve(app), calls: () => calls };
  }

  it('is answered from a stored GET, with its length and without a body', async () => {
    const { site, calls } = await siteWith();
    const { headers } = await site.get('/');

    const head = await site.ask('/', { method: 'HEAD' });

    expect([head.isHit, head.status, head.text, calls()]).toEqual([true, 200, '', 1]);
    expect(head.headers).toMatchObject({
      'content-length': '4',
      'content-type': headers['content-type'],
      etag: headers.etag,
      'x-page': 'list',
      age: '0',
    });
  });

  it('never fills: the handler answers each, and GET after it', async () => {
    const { site, calls } = await siteWith();

    const heads = [await site.ask('/', { method: 'HEAD' }), await site.ask('/', { method: 'HEAD' })];
    const get = await site.get('/');

    expect(heads.map(({ isHit, isStored }) => [isHit, isStored])).toEqual(Array(2).fill([false, false]));
    expect([get.text, get.isHit, calls()]).toEqual(['list', false, 3]);
  });

  it('says that it went past because of its method (RFC 9211 §2.2)', async () => {
    const { site } = await siteWith();

    expect((await site.ask('/', { method: 'HEAD' })).headers['cache-status']).toBe('viewcache; fwd=method');
  });

  it('with a matching precondition is answered with 304', async () => {
    const { site } = await siteWith();
    const { headers } = await site.get('/');

    const head = await site.ask('/', { method: 'HEAD', headers: { 'if-none-match': headers.etag } });

    expect(head.status).toBe(304);
  });
});
