import { describe, expect, it } from '@jest/globals';
import { cachePage } from '@viewcache/express';
import type { Express, RequestHandler } from 'express';
import session, { type SessionOptions } from 'express-session';
import request from 'supertest';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

declare module 'express-session' {
  interface SessionData {
    user?: string;
    views?: number;
  }
}

closeAfterEach();

const settings: SessionOptions = { secret: 'secret', resave: false, saveUninitialized: false };

describe.each(expresses)('express-session, on %s', (_version, express) => {
  describe('in front of the cached part', () => {
    it.each<[string, SessionOptions]>([
      ['lazy', settings],
      ['saveUninitialized', { ...settings, saveUninitialized: true }],
      ['resave', { ...settings, resave: true }],
    ])(
      '%s: a page that does not read it is stored, and each visitor keeps a session of its own',
      async (_how, options) => {
        const { site, calls } = await siteWith((app, cached) => {
          app.use(session(options));
          app.post('/login/:user', logIn);
          app.get('/', cached, (_req, res) => void res.send('for all'));
        });
        const alice = request.agent(site.url);
        const bob = request.agent(site.url);
        const aliceId = idOf((await alice.post('/login/alice')).headers);
        const bobId = idOf((await bob.post('/login/bob')).headers);

        const miss = await alice.get('/');
        const hit = await bob.get('/');

        expect([miss.text, hit.text]).toEqual(['for all', 'for all']);
        expect(hit.headers['cache-status']).toMatch(/^viewcache; hit/);
        expect([miss, hit].map(({ headers }) => headers['set-cookie'])).toEqual([undefined, undefined]);
        expect(aliceId).not.toBe(bobId);
        expect(calls()).toBe(1);
      },
    );

    it('saveUninitialized: a newcomer gets a session of its own with a hit', async () => {
      const { site, calls } = await siteWith((app, cached) => {
        app.use(session({ ...settings, saveUninitialized: true }));
        app.get('/', cached, (_req, res) => void res.send('for all'));
      });
      const known = request.agent(site.url);

      const ids = [idOf((await known.get('/')).headers)];
      await known.get('/');
      for (let visitor = 0; visitor < 3; visitor++) {
        const reply = await request(site.url).get('/');
        expect(reply.headers['cache-status']).toMatch(/^viewcache; hit/);
        ids.push(idOf(reply.headers));
      }

      expect(new Set(ids).size).toBe(4);
      expect(ids).not.toContain(undefined);
      // The first one's cookie came with the response that would have been stored.
      expect(calls()).toBe(2);
    });

    it('rolling: nothing is stored of a response whose session is prolonged, and nobody gets the cookie of another', async () => {
      const { site } = await siteWith((app, cached) => {
        app.use(session({ ...settings, rolling: true, saveUninitialized: true }));
        app.get('/', cached, (_req, res) => void res.send('for all'));
      });
      const alice = request.agent(site.url);
      const bob = request.agent(site.url);

      const replies = [await alice.get('/'), await bob.get('/'), await alice.get('/'), await bob.get('/')];
      const ids = replies.map(({ headers }) => idOf(headers));

      expect(ids[0]).toBe(ids[2]);
      expect(ids[1]).toBe(ids[3]);
      expect(ids[0]).not.toBe(ids[1]);
    });

    it('read by the handler: no visitor gets the page of another', async () => {
      const { site } = await siteWith((app, cached) => {
        app.use(session(settings));
        app.post('/login/:user', logIn);
        app.get('/', cached, (req, res) => void res.send(`for ${req.session.user ?? 'nobody'}`));
      });
      const alice = request.agent(site.url);
      const bob = request.agent(site.url);
      await alice.post('/login/alice');
      await bob.post('/login/bob');

      const nobody = await request(site.url).get('/');
      const texts = [(await alice.get('/')).text, (await bob.get('/')).text, (await alice.get('/')).text];

      expect(nobody.text).toBe('for nobody');
      expect(texts).toEqual(['for alice', 'for bob', 'for alice']);
    });

    it('written by the handler: each request counts, and the session is saved', async () => {
      const { site, calls } = await siteWith((app, cached) => {
        app.use(session(settings));
        app.get('/', cached, (req, res) => {
          req.session.views = (req.session.views ?? 0) + 1;
          res.send(`view ${req.session.views}`);
        });
      });
      const alice = request.agent(site.url);
      const bob = request.agent(site.url);

      const texts = [];
      for (const visitor of [alice, bob, alice, alice, bob]) texts.push((await visitor.get('/')).text);

      expect(texts).toEqual(['view 1', 'view 1', 'view 2', 'view 3', 'view 2']);
      expect(calls()).toBe(5);
    });

    it('read by middleware between it and the cache: pages that do not read it are stored', async () => {
      const { site, calls } = await siteWith((app, cached) => {
        app.use(session(settings));
        app.post('/login/:user', logIn);
        app.use((req, res, next) => void (req.session.user === undefined ? res.sendStatus(401) : next()));
        app.get('/', cached, (_req, res) => void res.send('for members'));
      });
      const alice = request.agent(site.url);
      const bob = request.agent(site.url);
      await alice.post('/login/alice');
      await bob.post('/login/bob');

      const statuses = [(await alice.get('/')).status, (await bob.get('/')).status];
      const stranger = await request(site.url).get('/');

      expect([statuses, stranger.status]).toEqual([[200, 200], 401]);
      expect(calls()).toBe(1);
    });
  });

  describe('inside the cached part', () => {
    it.each<[string, SessionOptions]>([
      ['lazy', settings],
      ['saveUninitialized', { ...settings, saveUninitialized: true }],
      ['rolling', { ...settings, rolling: true }],
    ])('%s: no visitor gets the page or the cookie of another', async (_how, options) => {
      const { site } = await siteWith((app, cached) => {
        app.use(cached, session(options));
        app.post('/login/:user', logIn);
        app.get('/', (req, res) => void res.send(`for ${req.session.user ?? 'nobody'}`));
      });
      const alice = request.agent(site.url);
      const bob = request.agent(site.url);

      const nobody = await request(site.url).get('/');
      const other = await request(site.url).get('/');
      const aliceId = idOf((await alice.post('/login/alice')).headers);
      const bobId = idOf((await bob.post('/login/bob')).headers);
      const texts = [(await alice.get('/')).text, (await bob.get('/')).text, (await alice.get('/')).text];

      expect(texts).toEqual(['for alice', 'for bob', 'for alice']);
      expect([nobody.text, other.text]).toEqual(['for nobody', 'for nobody']);
      expect(aliceId).not.toBe(bobId);
      const given = [idOf(nobody.headers), idOf(other.headers)].filter((id) => id !== undefined);
      expect(new Set(given).size).toBe(given.length);
    });
  });

  const logIn: RequestHandler<{ user: string }> = (req, res) => {
    req.session.user = req.params.user;
    res.sendStatus(204);
  };

  async function siteWith(mount: (app: Express, cached: RequestHandler) => void) {
    let calls = 0;
    const app = express();
    const cached = cachePage({ ttl: 60, cache: makeCache() });
    mount(app, (req, res, next) => {
      cached(req, res, (error) => {
        if (req.method === 'GET') calls++;
        next(error);
      });
    });
    return { site: await serve(app), calls: () => calls };
  }
});

/** The session's id as it came with a response, without its signature. */
function idOf(headers: Record<string, unknown>): string | undefined {
  return /connect\.sid=s%3A([^.;]+)/.exec(String(headers['set-cookie']))?.[1];
}
