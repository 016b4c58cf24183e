import { describe, expect, it } from '@jest/globals';
import { view } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import type { RequestHandler } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache } from '../support/site.js';
import { optionsSite } from './options-site.js';

closeAfterEach();

describe.each(expresses)('options of cachePage that say what is stored, on %s', (_version, express) => {
  const siteWith = optionsSite(express);

  describe('when', () => {
    it('false lets the request past: nothing is looked up, nothing stored', async () => {
      const { site, calls } = await siteWith({ when: (req) => req.query['preview'] === undefined });
      await site.get('/');

      const preview = await site.get('/?preview=1');
      const again = await site.get('/?preview=1');
      const hit = await site.get('/');

      expect([preview.text, again.text, hit.text]).toEqual(['2', '3', '1']);
      expect(preview.headers['cache-status']).toBe('viewcache; fwd=bypass');
      expect(calls()).toBe(3);
    });

    it('may read who is asking without keeping others from being served', async () => {
      const { site } = await siteWith({ when: (req) => req.headers.cookie === undefined });

      const texts = [];
      for (const headers of [{}, { cookie: 'admin' }, {}, { cookie: 'admin' }]) {
        texts.push((await site.get('/', headers)).text);
      }

      expect(texts).toEqual(['1', '2', '1', '3']);
    });

    it('that throws, or returns anything but true, lets the request past', async () => {
      const throwing = await siteWith({
        when: () => {
          throw new Error('cannot say');
        },
      });
      const promising = await siteWith({ when: (async () => true) as never });

      for (const { site } of [throwing, promising]) {
        expect((await site.get('/')).status).toBe(200);
        expect((await site.get('/')).isHit).toBe(false);
      }
      expect(throwing.warnings()[0]).toMatch(/^cachePage\.when threw/);
    });
  });

  describe('storeIf', () => {
    it('sees status, fields and body, and decides', async () => {
      const seen: unknown[] = [];
      const { site } = await siteWith(
        {
          statuses: [200, 203],
          storeIf: ({ status, headers, body }) => {
            seen.push([status, headers[headers.indexOf('X-Page') + 1], body.toString()]);
            return body.length > 0;
          },
        },
        (req, res) =>
          void res
            .status(203)
            .set('X-Page', 'yes')
            .end(req.path === '/empty' ? '' : 'page'),
      );

      for (const path of ['/empty', '/full']) await site.get(path);

      expect(seen).toEqual([
        [203, 'yes', ''],
        [203, 'yes', 'page'],
      ]);
      expect((await site.get('/empty')).isHit).toBe(false);
      expect((await site.get('/full')).isHit).toBe(true);
    });

    it('that throws keeps the response from being stored, with a warning', async () => {
      const { site, warnings, cache } = await siteWith({
        storeIf: () => {
          throw new Error('cannot say');
        },
      });

      expect((await site.get('/')).text).toBe('1');
      expect((await site.get('/')).text).toBe('2');
      expect(cache.stats().refused).toEqual({ 'store-if': 2 });
      expect(warnings()[0]).toMatch(/^cachePage\.storeIf threw/);
    });
  });

  it('statuses replaces the default: what it names is stored, and nothing else', async () => {
    const { site } = await siteWith({ statuses: [404, 410] }, (req, res) => {
      res.status(Number(req.path.slice(1))).send('x');
    });
    const statuses = [200, 404, 410, 500];

    for (const status of statuses) await site.get(`/${status}`);
    const replies = [];
    for (const status of statuses) replies.push(await site.get(`/${status}`));

    expect(replies.map(({ status, isHit }) => [status, isHit])).toEqual([
      [200, false],
      [404, true],
      [410, true],
      [500, false],
    ]);
  });

  describe('methods', () => {
    const search: RequestHandler = (req, res) => void res.json({ found: req.body, by: req.method });
    const ask = { method: 'POST', headers: { 'content-type': 'application/json' } };

    it('POST with a key is cached by it', async () => {
      const { site, calls } = await siteWith({ methods: ['POST'], key: (req) => JSON.stringify(req.body) }, search);

      const texts = [];
      for (const body of ['{"q":"a"}', '{"q":"b"}', '{"q":"a"}', '{"q":"b"}']) {
        texts.push((await site.ask('/', { ...ask, body })).text);
      }

      expect(texts.slice(0, 2)).toEqual(['{"found":{"q":"a"},"by":"POST"}', '{"found":{"q":"b"},"by":"POST"}']);
      expect(texts.slice(2)).toEqual(texts.slice(0, 2));
      expect(calls()).toBe(2);
    });

    it('POST and GET of one URL and one key stay apart', async () => {
      const { site } = await siteWith({ methods: ['GET', 'POST'], key: () => 'same' }, search);

      await site.ask('/', { ...ask, body: '{}' });
      const get = await site.get('/');
      const post = await site.ask('/', { ...ask, body: '{}' });

      expect([JSON.parse(get.text).by, JSON.parse(post.text).by]).toEqual(['GET', 'POST']);
      expect([get.isHit, post.isHit]).toEqual([false, true]);
    });

    it('POST whose key is undefined goes past the cache: nothing covers its body', async () => {
      const { site, calls } = await siteWith({ methods: ['POST'], key: () => undefined }, search);

      const texts = [];
      for (const body of ['{"q":"a"}', '{"q":"b"}']) texts.push((await site.ask('/', { ...ask, body })).text);

      expect(texts).toEqual(['{"found":{"q":"a"},"by":"POST"}', '{"found":{"q":"b"},"by":"POST"}']);
      expect(calls()).toBe(2);
    });

    it('that are cached invalidate nothing; others still do', async () => {
      const { site } = await siteWith({
        methods: ['GET', 'HEAD', 'POST'],
        key: (req) => JSON.stringify(req.body ?? ''),
      });
      await site.get('/');

      await site.ask('/', { ...ask, body: '{}' });
      expect((await site.get('/')).isHit).toBe(true);
      await site.ask('/', { ...ask, method: 'PUT', body: '{}' });
      expect((await site.get('/')).isHit).toBe(false);
    });

    it('without HEAD: HEAD goes to the handler', async () => {
      const { site, calls } = await siteWith({ methods: ['GET'] });
      await site.get('/');

      await site.ask('/', { method: 'HEAD' });

      expect(calls()).toBe(2);
    });
  });

  describe('stripCookies', () => {
    const setting = (names: readonly string[]): RequestHandler => {
      let count = 0;
      return (_req, res) => {
        count++;
        for (const name of names) res.append('Set-Cookie', `${name}=${count}; Path=/`);
        res.send('page');
      };
    };

    it('leaves the named ones out of what is stored; their own visitor gets them', async () => {
      const { site, calls } = await siteWith({ stripCookies: ['_seen', '_lang'] }, setting(['_seen', '_lang']));

      const miss = await site.get('/');
      const hit = await site.get('/');

      expect(miss.headers['set-cookie']).toEqual(['_seen=1; Path=/', '_lang=1; Path=/']);
      expect([hit.isHit, hit.headers['set-cookie'], calls()]).toEqual([true, undefined, 1]);
    });

    it.each([[['sid']], [['_seen', 'sid']], [['_seen2']]])('is no help against %j', async (names) => {
      const { site, calls } = await siteWith({ stripCookies: ['_seen'] }, setting(names));

      await site.get('/');
      const second = await site.get('/');

      expect(second.headers['set-cookie']).toHaveLength(names.length);
      expect(calls()).toBe(2);
    });
  });

  describe('storeCookies', () => {
    const setting: RequestHandler = (req, res) => {
      res.append('Set-Cookie', 'lang=de; Path=/');
      for (const name of Object.keys(req.query)) res.append('Set-Cookie', `${name}=1`);
      res.send('page');
    };

    it('gives the named ones to everybody, each as its line was', async () => {
      const { site, calls } = await siteWith({ storeCookies: ['lang'] }, setting);

      await site.get('/');
      const hit = await site.get('/');

      expect([hit.isHit, hit.headers['set-cookie'], calls()]).toEqual([true, ['lang=de; Path=/'], 1]);
    });

    it('with stripCookies, the others are left out', async () => {
      const { site } = await siteWith({ storeCookies: ['lang'], stripCookies: ['_seen'] }, setting);

      expect((await site.get('/?_seen')).headers['set-cookie']).toHaveLength(2);
      const hit = await site.get('/?_seen');

      expect([hit.isHit, hit.headers['set-cookie']]).toEqual([true, ['lang=de; Path=/']]);
    });

    it.each(['sid', 'Lang', 'lang2'])('is no help against %s', async (name) => {
      const { site } = await siteWith({ storeCookies: ['lang'] }, setting);

      await site.get(`/?${name}`);

      expect((await site.get(`/?${name}`)).isHit).toBe(false);
    });
  });

  describe('statuses with a ttl for each', () => {
    it('keeps each status for its own time, and no other status at all', async () => {
      const clock = new FakeClock();
      const statuses = { 200: '5m', 404: '10s' };
      const { site } = await siteWith({ ttl: '1h', statuses, cache: makeCache({ clock }) }, (req, res) => {
        res.status(Number(req.path.slice(1))).send('page');
      });
      const areHits = async () =>
        await Promise.all(['/200', '/404', '/410'].map(async (path) => (await site.get(path)).isHit));

      await areHits();
      clock.advance(9_999);
      expect(await areHits()).toEqual([true, true, false]);
      clock.advance(1);
      expect(await areHits()).toEqual([true, false, false]);
      clock.advance(290_000);
      expect(await areHits()).toEqual([false, false, false]);
    });

    it('is overruled by view().ttl()', async () => {
      const clock = new FakeClock();
      const { site } = await siteWith(
        { ttl: '1h', statuses: { 200: 10 }, cache: makeCache({ clock }) },
        (_req, res) => {
          view().ttl(60);
          res.send('page');
        },
      );

      await site.get('/');
      clock.advance(59_999);

      expect((await site.get('/')).isHit).toBe(true);
    });
  });
});
