import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import compression from 'compression';
import ejs from 'ejs';
import type { Express, RequestHandler, Response } from 'express';
import helmet from 'helmet';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, type Reply, serve } from '../support/site.js';

closeAfterEach();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'viewcache-nonce-'));
  writeFileSync(join(folder, 'page.ejs'), '<script nonce="<%= nonce %>">go()</script><p>list</p>');
  writeFileSync(join(folder, 'plain.ejs'), '<p>list</p>');
});
afterAll(() => rmSync(folder, { recursive: true }));

const makeNonce: RequestHandler = (_req, res, next) => {
  res.locals['nonce'] = randomBytes(16).toString('base64');
  next();
};
const policy = helmet({
  contentSecurityPolicy: {
    directives: { scriptSrc: ["'self'", (_req, res) => `'nonce-${(res as Response).locals['nonce']}'`] },
  },
});
const placeholders = { nonce: (_req: unknown, res: Response) => String(res.locals['nonce']) };
const sendPage: RequestHandler = (_req, res) => {
  const { nonce } = res.locals;
  res.send(`<script nonce="${nonce}">go()</script><p>list</p><style nonce="${nonce}">p {}</style>`);
};

describe.each(expresses)('a nonce for each response, on %s', (_version, express) => {
  it.each<[string, RequestHandler]>([
    ['sent by the handler', sendPage],
    ['rendered', (_req, res) => void res.render('page')],
  ])('made in front, %s: without placeholders nothing is stored', async (_how, handler) => {
    const { site, calls } = await siteWith([makeNonce, policy], {}, handler);

    const replies = [await site.get('/'), await site.get('/'), await site.get('/')];

    expectOwnNonces(replies);
    expect(calls()).toBe(3);
  });

  it('made and used inside: nothing is stored', async () => {
    const { site, calls } = await siteWith([], {}, makeNonce, policy, sendPage);

    const replies = [await site.get('/'), await site.get('/')];

    expectOwnNonces(replies);
    expect(calls()).toBe(2);
  });

  it('made and used inside: nor with placeholders, which would leave the policy’s field as it was', async () => {
    const { site, calls } = await siteWith([], { placeholders }, makeNonce, policy, sendPage);

    expectOwnNonces([await site.get('/'), await site.get('/')]);
    expect(calls()).toBe(2);
  });

  it('kept where the guard cannot see it: the policy itself tells of it', async () => {
    const nonces = new WeakMap<object, string>();
    const { site, calls } = await siteWith(
      [
        (req, res, next) => {
          const nonce = randomBytes(16).toString('base64');
          nonces.set(req, nonce);
          res.set('Content-Security-Policy', `script-src 'nonce-${nonce}'`);
          next();
        },
      ],
      {},
      (req, res) => void res.send(`<script nonce="${nonces.get(req)}">`),
    );

    expectOwnNonces([await site.get('/'), await site.get('/')]);
    expect(calls()).toBe(2);
  });

  it.each<[string, RequestHandler]>([
    ['sent by the handler', sendPage],
    ['rendered', (_req, res) => void res.render('page')],
  ])('made in front, %s, with placeholders: stored, and filled in anew for each visitor', async (_how, handler) => {
    const { site, calls } = await siteWith([makeNonce, policy], { placeholders }, handler);

    const replies = [await site.get('/'), await site.get('/'), await site.get('/')];

    expectOwnNonces(replies);
    expect(replies.map(({ isHit }) => isHit)).toEqual([false, true, true]);
    expect(calls()).toBe(1);
    for (const { headers, body } of replies) expect(headers['content-length']).toBe(String(body.length));
    // An entity tag would say that two bodies with different nonces are the same.
    expect(replies[1]?.headers.etag).toBeUndefined();
  });

  it('with placeholders: those who wait get a nonce of their own', async () => {
    const { site, calls } = await siteWith([makeNonce, policy], { placeholders }, (_req, res) => {
      setImmediate(() => sendPage(_req, res, () => {}));
    });

    const replies = await Promise.all(Array.from({ length: 5 }, () => site.get('/')));

    expectOwnNonces(replies);
    expect(calls()).toBe(1);
  });

  it('with placeholders: no precondition makes a 304, whose body would have the nonce of before', async () => {
    const { site } = await siteWith([makeNonce, policy], { placeholders }, sendPage);
    const { headers } = await site.get('/');

    for (const tag of ['*', String(headers.etag)]) {
      const reply = await site.get('/', { 'if-none-match': tag });
      expect([reply.status, reply.isHit]).toEqual([200, true]);
      expectOwnNonces([reply]);
    }
  });

  it('with placeholders: HEAD says the length that GET would have', async () => {
    const { site } = await siteWith([makeNonce, policy], { placeholders }, sendPage);
    const { headers } = await site.get('/');

    const head = await site.ask('/', { method: 'HEAD' });

    expect([head.isHit, head.headers['content-length']]).toEqual([true, headers['content-length']]);
  });

  it('with placeholders: a page that does not use it is stored too', async () => {
    const { site, calls } = await siteWith([makeNonce, policy], { placeholders }, (_req, res) => res.render('plain'));

    const [miss, hit] = [await site.get('/'), await site.get('/')];

    expect([hit.text, hit.isHit, calls()]).toEqual([miss.text, true, 1]);
  });

  it('with placeholders: another local that the page uses still keeps it from being stored', async () => {
    const { site, calls } = await siteWith(
      [
        makeNonce,
        (req, res, next) => {
          res.locals['user'] = req.headers.cookie ?? 'nobody';
          next();
        },
      ],
      { placeholders },
      (_req, res) => void res.send(`${res.locals['nonce']} for ${res.locals['user']}`),
    );

    expect((await site.get('/', { cookie: 'alice' })).text).toMatch(/ for alice$/);
    expect((await site.get('/')).text).toMatch(/ for nobody$/);
    expect(calls()).toBe(2);
  });

  it('with placeholders: a page that spells it in another way is not stored', async () => {
    const escaped: RequestHandler = (_req, res) => {
      const nonce = String(res.locals['nonce']).replace(/[=+/]/g, (sign) => `&#${sign.charCodeAt(0)};`);
      res.send(`<script nonce="${nonce}">`);
    };
    const { site, calls } = await siteWith([makeNonce, policy], { placeholders }, escaped);

    await site.get('/');
    await site.get('/');

    expect(calls()).toBe(2);
  });

  it('with placeholders: nor one inside which nobody can look, because it is compressed', async () => {
    const { site, calls } = await siteWith(
      [makeNonce, policy],
      { placeholders },
      compression({ threshold: 0 }),
      sendPage,
    );

    await site.get('/', { 'accept-encoding': 'gzip' });
    await site.get('/', { 'accept-encoding': 'gzip' });

    expect(calls()).toBe(2);
  });

  it.each([
    ['too short to be told from the text around it', () => 'list'],
    ['not a string', () => 7 as never],
    [
      'not to be had',
      () => {
        throw new Error('no nonce');
      },
    ],
  ])('with a placeholder whose value is %s nothing is stored, and all are answered', async (_what, nonce) => {
    const { site, calls } = await siteWith(
      [],
      { placeholders: { nonce } },
      (_req, res) => void res.send('<p>list</p>'),
    );

    const replies = [await site.get('/'), await site.get('/')];

    expect(replies.map(({ status, text }) => [status, text])).toEqual(Array(2).fill([200, '<p>list</p>']));
    expect(calls()).toBe(2);
  });

  it('with a placeholder that is empty: what else is empty still counts as read', async () => {
    const app = express();
    app.use((req, _res, next) => {
      Object.assign(req, { banned: req.headers.cookie === 'mallory' ? 'for spam' : '' });
      next();
    });
    app.use(cachePage({ ttl: 60, cache: makeCache(), placeholders: { nonce: () => '' } }));
    app.get('/', (req, res) => void res.send(`banned ${String(Reflect.get(req, 'banned'))}`));
    const site = await serve(app);
    await site.get('/', { cookie: 'alice' });

    expect((await site.get('/', { cookie: 'mallory' })).text).toBe('banned for spam');
  });

  it('with a placeholder that has no value for a later visitor: its handler answers', async () => {
    let isAway = false;
    const { site, calls } = await siteWith(
      [makeNonce, policy],
      {
        placeholders: {
          nonce: (_req, res) => {
            if (isAway) throw new Error('no nonce');
            return String(res.locals['nonce']);
          },
        },
      },
      sendPage,
    );
    const replies = [await site.get('/')];

    isAway = true;
    replies.push(await site.get('/'));
    isAway = false;
    replies.push(await site.get('/'));

    expectOwnNonces(replies);
    expect(calls()).toBe(2);
  });

  async function siteWith(
    front: readonly RequestHandler[],
    options: Partial<CachePageOptions>,
    ...handlers: RequestHandler[]
  ) {
    let calls = 0;
    const app: Express = express();
    app.set('views', folder);
    app.engine('ejs', ejs.renderFile);
    app.set('view engine', 'ejs');
    for (const middleware of front) app.use(middleware);
    const count: RequestHandler = (_req, _res, next) => {
      calls++;
      next();
    };
    app.get('/', cachePage({ ttl: 60, cache: makeCache(), ...options }), count, ...handlers);
    return { site: await serve(app), calls: () => calls };
  }
});

/** Every response has a nonce, the same in its policy and throughout its body, and no other one has it. */
function expectOwnNonces(replies: readonly Reply[]): void {
  const nonces = replies.map(({ headers, text }) => {
    const [, nonce = ''] = /'nonce-([^']+)'/.exec(String(headers['content-security-policy'])) ?? [];
    const used = Array.from(text.matchAll(/nonce="([^"]*)"/g), ([, value]) => value);
    expect(nonce).not.toBe('');
    expect(used.length).toBeGreaterThan(0);
    expect(new Set(used)).toEqual(new Set([nonce]));
    return nonce;
  });
  expect(new Set(nonces).size).toBe(replies.length);
}
