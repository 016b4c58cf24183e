import { describe, expect, it } from '@jest/globals';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import { Keyv } from 'keyv';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';
import { HOST, send } from './raw.js';

closeAfterEach();

/** A request and all that its page is made of. */
interface Ask {
  readonly target?: string;
  readonly host?: string;
  readonly own?: string;
  readonly field?: string;
}

describe.each(expresses)('the parts of a key, on %s', (_version, express) => {
  describe.each([
    ['memory', () => makeCache()],
    ['a Keyv', () => makeCache({ store: new Keyv() })],
  ])('over %s', (_store, cacheOf) => {
    /** Pairs that would be one, were the parts of a key only written one after another. */
    it.each<[string, Ask, Ask]>([
      ['the path and the host', { host: 'a/b', target: '/c' }, { host: 'a', target: '/b/c' }],
      ['a port and the path', { host: 'a:80/x', target: '/' }, { host: 'a:80', target: '/x/' }],
      ['the scheme and the host', { host: 'http://a' }, { host: 'a' }],
      ['the query and what the key function returned', { target: '/?x=1', own: '1' }, { target: '/', own: '?x=1' }],
      ['a line feed in what it returned', { own: 'a\n~x-field=1:b' }, { own: 'a', field: 'b' }],
      ['a length in what it returned', { own: '1:a' }, { own: 'a' }],
      ['a value and the next part', { own: 'a', field: 'b' }, { own: 'ab', field: '' }],
      ['a value that looks like the end of another', { field: 'a\t~x=1:b' }, { field: 'a' }],
      ['no value and an empty one', { field: '' }, {}],
      ['what was returned and nothing', { own: '' }, {}],
      ['a NUL, percent-encoded, and what stands behind it', { target: '/a%00b' }, { target: '/a' }],
      ['a line end, percent-encoded, and a second request line', { target: '/%0d%0aGET%20/x' }, { target: '/' }],
    ])('%s do not run into one another', async (_which, one, other) => {
      const { ask } = await siteOf(cacheOf());

      const [first, second] = [await ask(one), await ask(other)];

      expect(second.body).not.toBe(first.body);
      // Each is answered with its own, whoever came before.
      for (const [asked, reply] of [
        [one, first],
        [other, second],
      ] as const)
        expect((await ask(asked)).body).toBe(reply.body);
    });

    it('what selects a variant is compared as a whole, however long it is', async () => {
      const { ask } = await siteOf(cacheOf());
      const long = 'x'.repeat(4_000);

      await ask({ field: `${long}1` });

      expect((await ask({ field: `${long}2` })).body).toContain(`${long}2`);
      expect((await ask({ field: long })).body).not.toContain(`${long}1`);
    });
  });

  it('a value in the page’s head that would end it makes the handler fail, and is not stored', async () => {
    const app = express();
    app.use(cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/', (req, res) => {
      // By hand, because Express encodes what it is given for a Location.
      res.setHeader('Location', `/${req.query['to'] ?? 'home'}`);
      res.send('page');
    });
    app.use(
      ((_error, _req, res, _next) => void res.status(500).end('failed')) as import('express').ErrorRequestHandler,
    );
    const site = await serve(app);

    for (const to of [
      '%0d%0aSet-Cookie:%20a=evil',
      '%0aX-Evil:%201',
      '%0d%0a%0d%0a<script>evil',
      'a%00b',
      '%E5%98%8A%E5%98%8DSet-Cookie:%20a=evil',
    ]) {
      const attack = await send(site, `/?to=${to}`);
      expect([attack.status, attack.isStored]).toEqual([500, false]);
      expect(attack.lines.some((line) => /^(?:set-cookie|x-evil)/i.test(line))).toBe(false);
      expect((await send(site, `/?to=${to}`)).isHit).toBe(false);
    }
    expect((await send(site, '/')).lines).toContain('Location: /home');
  });

  it('a line end, bare or folded, in a request’s head begins no second field', async () => {
    const app = express();
    app.use(cachePage({ ttl: 60, cache: makeCache(), vary: ['x-field'], cacheStatus: 'full' }));
    app.get('/', (req, res) => void res.send(`for ${req.headers['x-field']} ${req.headers['x-evil']}`));
    const site = await serve(app);

    for (const line of [
      'X-Field: a\rX-Evil: 1',
      'X-Field: a\n X-Evil: 1',
      'X-Field: a\r\n X-Evil: 1',
      'X-Field : a',
      'X-Field: a\0b',
    ]) {
      const attack = await send(site, '/', { lines: [HOST, line] });
      if (attack.status === 200) expect(attack.body).toMatch(/undefined$/);
      expect(attack.lines.some((it) => /^x-evil/i.test(it))).toBe(false);
    }
    expect((await send(site, '/')).body).toBe('for undefined undefined');
  });

  async function siteOf(cache: ReturnType<typeof makeCache>) {
    const app = express();
    const options: CachePageOptions = {
      ttl: 60,
      cache,
      vary: ['x-field'],
      key: (req) => (req.query['own'] === undefined ? undefined : String(req.query['own'])),
      ignoreQuery: ['own'],
    };
    app.use(cachePage(options));
    app.use((req, res) => {
      const page = [req.headers.host, req.url.replace(/[?&]own=.*$/, ''), req.query['own'], req.headers['x-field']];
      res.send(JSON.stringify(page.map((part) => part ?? null)));
    });
    const site = await serve(app);
    const ask = async ({ target = '/', host = 'site.example', own, field }: Ask) => {
      const mark = target.includes('?') ? '&' : '?';
      const path = own === undefined ? target : `${target}${mark}own=${encodeURIComponent(own)}`;
      return await send(site, path, {
        lines: [`Host: ${host}`, ...(field === undefined ? [] : [`X-Field: ${field}`])],
      });
    };
    return { ask };
  }
});
