import { describe, expect, it } from '@jest/globals';
import type { CachePageOptions } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache } from '../support/site.js';
import { optionsSite } from './options-site.js';

closeAfterEach();

describe.each(expresses)('options of cachePage that make the key, on %s', (_version, express) => {
  const siteWith = optionsSite(express);

  describe('key', () => {
    it('adds to the URL what it returns, text or number', async () => {
      const { site } = await siteWith({ key: (req) => Number(req.get('x-tenant')) }, (req, res) => {
        res.send(`${req.get('x-tenant')} ${req.path}`);
      });

      const texts = [];
      for (const [path, tenant] of [
        ['/a', '1'],
        ['/a', '2'],
        ['/b', '1'],
        ['/a', '1'],
      ] as const) {
        texts.push((await site.get(path, { 'x-tenant': tenant })).text);
      }

      expect(texts).toEqual(['1 /a', '2 /a', '1 /b', '1 /a']);
    });

    it('is what invalidate({ key }) and invalidate({ keys }) name', async () => {
      const { site, cache } = await siteWith({ key: (req) => `user:${req.get('x-user')}` });
      const ask = async (user: string) => (await site.get('/', { 'x-user': user })).isHit;
      for (const user of ['1', '2']) await ask(user);

      await cache.invalidate({ key: 'user:1' });
      expect([await ask('1'), await ask('2')]).toEqual([false, true]);
      await cache.invalidate({ keys: 'user:*' });
      expect([await ask('1'), await ask('2')]).toEqual([false, false]);
    });

    it.each<[string, NonNullable<CachePageOptions['key']>]>([
      [
        'throws',
        () => {
          throw new Error('no tenant');
        },
      ],
      ['returns an object', () => ({}) as never],
      ['returns a promise', (async () => 'a') as never],
    ])('that %s lets the request past the cache, with a warning', async (_what, key) => {
      const { site, calls, warnings } = await siteWith({ key });

      const replies = [await site.get('/'), await site.get('/')];

      expect(replies.map(({ status, text }) => [status, text])).toEqual([
        [200, '1'],
        [200, '2'],
      ]);
      expect(replies[0]?.headers['cache-status']).toBe('viewcache; fwd=bypass');
      expect(calls()).toBe(2);
      expect(warnings()[0]).toMatch(/^cachePage\.key /);
    });

    it('cannot make one key of two: what it returns is kept apart from the URL', async () => {
      const { site } = await siteWith({ key: (req) => req.get('x-key') }, (req, res) => {
        res.send(`${req.url} ${req.get('x-key')}`);
      });

      const asked = [
        ['/a', 'b'],
        ['/ab', ''],
        ['/a?b', ''],
        ['/a', '?b'],
      ] as const;
      for (const [path, key] of [...asked, ...asked]) {
        expect((await site.get(path, { 'x-key': key })).text).toBe(`${path} ${key}`);
      }
    });
  });

  it('keyPrefix keeps two views of one URL apart, and is a namespace to invalidate', async () => {
    const cache = makeCache();
    const old = await siteWith({ cache, keyPrefix: 'v1' });
    const { site } = await siteWith({ cache, keyPrefix: 'v2' });
    const host = 'a.example';
    await old.site.get('/', { host });
    expect((await site.get('/', { host })).isHit).toBe(false);

    await cache.invalidate({ namespace: 'v1' });

    expect((await old.site.get('/', { host })).isHit).toBe(false);
    expect((await site.get('/', { host })).isHit).toBe(true);
  });

  describe('vary', () => {
    it('has a stored response for each value; absent is not empty; Vary says so', async () => {
      const { site } = await siteWith({ vary: ['X-Currency'] }, (req, res) => {
        res.send(`in ${req.get('x-currency') ?? 'none'}`);
      });

      const texts = [];
      for (const currency of ['eur', undefined, '', 'eur', undefined, '']) {
        const reply = await site.get('/', currency === undefined ? {} : { 'x-currency': currency });
        texts.push(reply.text);
        expect(reply.headers.vary).toMatch(/x-currency/i);
      }

      expect(texts).toEqual(['in eur', 'in none', 'in ', 'in eur', 'in none', 'in ']);
    });

    it('covers what it names: a cookie may be read then', async () => {
      const { site, calls } = await siteWith({ vary: ['cookie'] }, (req, res) => {
        res.send(`for ${req.headers.cookie}`);
      });

      const texts = [];
      for (const cookie of ['alice', 'bob', 'alice', 'bob']) texts.push((await site.get('/', { cookie })).text);

      expect(texts).toEqual(['for alice', 'for bob', 'for alice', 'for bob']);
      expect(calls()).toBe(2);
    });

    it('of Authorization lets requests with it be stored, each apart (RFC 9111 §3.5)', async () => {
      const { site, calls } = await siteWith({ vary: ['authorization'] }, (req, res) => {
        res.send(`for ${req.headers.authorization}`);
      });

      const texts = [];
      for (const authorization of ['a', 'b', 'a', 'b']) texts.push((await site.get('/', { authorization })).text);

      expect(texts).toEqual(['for a', 'for b', 'for a', 'for b']);
      expect(calls()).toBe(2);
    });

    it('keeps no more variants of a URL than maxVariants says', async () => {
      const { site, cache } = await siteWith({ vary: ['x-any'], cache: makeCache({ maxVariants: 3 }) });

      for (let value = 0; value < 10; value++) await site.get('/', { 'x-any': String(value) });

      expect(cache.stats().entries).toBe(3);
      expect((await site.get('/', { 'x-any': '9' })).isHit).toBe(true);
      expect((await site.get('/', { 'x-any': '0' })).isHit).toBe(false);
    });
  });

  describe('ignoreQuery', () => {
    it('by default leaves campaign parameters out of the key', async () => {
      const { site, calls } = await siteWith({});

      for (const query of ['?q=a', '?utm_source=mail&q=a', '?q=a&gclid=1&fbclid=2', '?utm_anything=x&q=a']) {
        expect((await site.get(`/${query}`)).text).toBe('1');
      }
      expect(calls()).toBe(1);
    });

    it('replaces that list', async () => {
      const { site } = await siteWith({ ignoreQuery: ['ref', 'x_*'] });
      await site.get('/?q=a');

      expect((await site.get('/?q=a&ref=b&x_y=1')).isHit).toBe(true);
      expect((await site.get('/?q=a&utm_source=mail')).isHit).toBe(false);
      expect((await site.get('/?q=a&reference=b')).isHit).toBe(false);
    });
  });
});
