import { describe, expect, it } from '@jest/globals';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import type { Express, Request } from 'express';
import expressBody from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';
import { HOST, send } from './raw.js';

closeAfterEach();

const EVIL = 'evil.example';

describe.each(expresses)('the target of a request, on %s', (_version, express) => {
  describe('path confusion', () => {
    /** Each asked for by a visitor who is logged in, as the link of an attacker would have it. */
    it.each([
      '/account/x.css',
      '/account/x.css?v=1',
      '/account;x.css',
      '/account%2fx.css',
      '/account%2Fx.css',
      '/account%3fx.css',
      '/account%23x.css',
      '/account%00x.css',
      '/account/..%2fstatic/x.css',
      '/static/..%2faccount',
      '/static/../account',
      '/static/%2e%2e/account',
      '/./account',
      '//account',
      '/account/',
      '/account//x.css',
      '/ACCOUNT/x.css',
      '/account\\x.css',
    ])('%s: nobody gets the account of who asked before, neither there nor at the account', async (target) => {
      const site = await siteOf((app) => {
        app.use('/static', (_req, res) => void res.send('public'));
        // A router that is as lenient as can be: whatever names the account is the account.
        app.use((req, res) => {
          const isAccount = /account/i.test(decoded(req.url));
          res.type('css').send(isAccount ? `account of ${req.headers.cookie ?? 'nobody'}` : 'page');
        });
      });

      const victim = await send(site, target, { lines: [HOST, 'Cookie: alice'] });
      for (const path of [target, '/account', '/account/x.css', '/']) {
        expect((await send(site, path)).bytes).not.toContain('alice');
      }
      expect(victim.status).toBe(200);
    });

    it('what is public is stored by each spelling apart: none is the answer to another', async () => {
      const site = await siteOf((app) => app.use((req, res) => void res.send(`at ${req.originalUrl}`)));
      const spellings = [
        '/a',
        '/A',
        '/a/',
        '//a',
        '/./a',
        '/%61',
        '/a%2f',
        '/a/.',
        '/b/../a',
        '/b/%2e%2e/a',
        '/a;b',
        '/a%3f',
        '/a?',
        '/a??',
        '/a%00',
      ];

      for (const target of spellings) await send(site, target);

      for (const target of spellings) {
        const { body } = await send(site, target);
        // An empty query says nothing that no query does not say.
        expect([body, target]).toEqual([`at ${target === '/a?' ? '/a' : target}`, target]);
      }
    });

    it.each(['http://evil.example/', 'HTTP://site.example/', '*', 'site.example:80'])(
      'a request target that is no path, %s, is neither looked up nor stored',
      async (target) => {
        const site = await siteOf((app) => app.use((req, res) => void res.send(`at ${req.url}`)));

        const attack = await send(site, target);

        expect([attack.isStored, attack.isHit]).toEqual([false, false]);
        expect((await send(site, '/')).bytes).not.toContain('evil');
      },
    );
  });

  describe('the host', () => {
    it.each([
      'Host: site.example:1337',
      'Host: site.example.',
      'Host: evil.example',
      'Host: site.example:80@evil.example',
      'Host: evil.example/site.example',
      'Host: site.example#evil.example',
      'Host: "evil.example',
      'Host: evil.example\\site.example',
      'Host: evil.example?',
      'Host: ',
    ])('%s: its page is not that of another', async (line) => {
      const site = await siteOf((app) => app.get('/', (req, res) => void res.send(`https://${req.headers.host}/a.js`)));

      const attack = await send(site, '/', { lines: [line] });
      const victim = await send(site, '/');

      expect(victim).toMatchObject({ status: 200, body: 'https://site.example/a.js' });
      if (attack.status === 200) expect((await send(site, '/', { lines: [line] })).body).toBe(attack.body);
    });

    it('in capitals is the same host: its page is printed no other way than by letter case', async () => {
      const site = await siteOf((app) => app.get('/', (req, res) => void res.send(`//${req.headers.host}/`)));

      await send(site, '/', { lines: ['Host: SITE.example'] });

      expect((await send(site, '/')).body.toLowerCase()).toBe('//site.example/');
    });

    it('named twice is one host for the key and for the handler', async () => {
      const site = await siteOf((app) => app.get('/', (req, res) => void res.send(`//${req.headers.host}/`)));

      for (const lines of [
        [HOST, `Host: ${EVIL}`],
        [`Host: ${EVIL}`, HOST],
        [HOST, 'Host:'],
      ])
        await send(site, '/', { lines });

      expect((await send(site, '/')).body).toBe('//site.example/');
    });
  });

  describe('fat GET', () => {
    it.each<[string, readonly string[], string]>([
      ['with a length', ['Content-Type: application/json', 'Content-Length: 12'], '{"q":"evil"}'],
      ['in chunks', ['Content-Type: application/json', 'Transfer-Encoding: chunked'], 'c\r\n{"q":"evil"}\r\n0\r\n\r\n'],
      ['of a form', ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 6'], 'q=evil'],
      ['with a length of many digits', ['Content-Type: application/json', 'Content-Length: 0000012'], '{"q":"evil"}'],
    ])('%s: what its body says is not on the page of others', async (_how, lines, body) => {
      const site = await siteOf(
        (app) =>
          app.get(
            '/',
            (req, res) => void res.send(`found ${(req.body as { q?: string } | undefined)?.q ?? req.query['q']}`),
          ),
        (app) => app.use(expressBody.json({ strict: false }), expressBody.urlencoded({ extended: false })),
      );

      const attack = await send(site, '/?q=good', { lines: [HOST, ...lines], body });

      expect(attack.body).toBe('found evil');
      expect((await send(site, '/?q=good')).body).toBe('found good');
    });
  });

  async function siteOf(mount: (app: Express) => unknown, front: (app: Express) => unknown = () => {}) {
    const app = express();
    const options: CachePageOptions = { ttl: 60, cache: makeCache() };
    front(app);
    app.use(cachePage(options));
    mount(app);
    return await serve(app);
  }
});

function decoded(url: Request['url']): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
