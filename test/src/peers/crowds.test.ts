import { once } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@viewcache/core/testing';
import { cachePage } from '@viewcache/express';
import express, { type RequestHandler, type Response } from 'express';
import { countdown, gate } from '../support/gate.js';
import { closeAfterEach, makeCache, type Reply, type Site, serve } from '../support/site.js';

closeAfterEach();

const CROWD = 20;

/** An app whose handler runs only when the whole crowd has asked, so that all but one are waiting by then. */
async function crowdAt(handler: RequestHandler, headersOf: (visitor: number) => OutgoingHttpHeaders = () => ({})) {
  const cache = makeCache();
  const all = countdown(CROWD);
  let calls = 0;
  const app = express();
  app.use((_req, _res, next) => {
    next();
    all.count();
  });
  app.get('/', cachePage({ ttl: 60, cache }), async (req, res, next) => {
    calls++;
    await all.passed;
    handler(req, res, next);
  });
  app.set('env', 'test');
  const site = await serve(app);
  const replies = await Promise.all(Array.from({ length: CROWD }, (_, visitor) => site.get('/', headersOf(visitor))));
  return { replies, site, cache, calls: () => calls };
}

describe('twenty equal requests at once', () => {
  it.each<[string, (res: Response) => void, string]>([
    ['a text', (res) => void res.send('list'), 'list'],
    ['a Buffer, for which route-cache lets 19 hang', (res) => void res.send(Buffer.from('bytes')), 'bytes'],
    [
      'chunks, for which route-cache answers 19 with nothing',
      (res) => {
        res.write('one ');
        res.write('two ');
        res.end('three');
      },
      'one two three',
    ],
    [
      'a chunk and a bare end',
      (res) => {
        res.write('one');
        res.end();
      },
      'one',
    ],
    ['no body at all', (res) => void res.end(), ''],
  ])('run the handler once and are all answered with %s', async (_what, answer, text) => {
    const { replies, calls } = await crowdAt((_req, res) => answer(res));

    expect(replies.map((reply) => [reply.status, reply.text])).toEqual(Array(CROWD).fill([200, text]));
    expect(calls()).toBe(1);
  });

  it('are all answered with a 500, each from its own handler; route-cache answers 19 with an empty 200', async () => {
    const { replies, calls } = await crowdAt((_req, res) => void res.status(500).send('database is away'));

    expect(replies.map((reply) => [reply.status, reply.text])).toEqual(Array(CROWD).fill([500, 'database is away']));
    expect(calls()).toBe(CROWD);
  });

  it('are all answered when the handler throws', async () => {
    const { replies } = await crowdAt(() => {
      throw new Error('database is away');
    });

    expect(replies.map(({ status }) => status)).toEqual(Array(CROWD).fill(500));
  });

  it('each get a cookie of their own when the handler sets one', async () => {
    let ids = 0;
    const { replies } = await crowdAt((_req, res) => void res.cookie('sid', ++ids).send('welcome'));

    expect(new Set(replies.map(({ headers }) => String(headers['set-cookie']))).size).toBe(CROWD);
  });

  it('that turn out to be of several languages each get their own, by one run of the handler each', async () => {
    const languages = ['en', 'fr', 'de'];
    const { replies, calls } = await crowdAt(
      (req, res) => void res.send(`in ${req.acceptsLanguages(...languages)}`),
      (visitor) => ({ 'accept-language': languages[visitor % 3] }),
    );

    expect(replies.map(({ text }) => text)).toEqual(replies.map((_, visitor) => `in ${languages[visitor % 3]}`));
    expect(calls()).toBe(3);
  });

  it('are counted as one miss, and the others as collapsed', async () => {
    const { replies, cache } = await crowdAt((_req, res) => void res.send('list'));

    expect(cache.stats()).toMatchObject({ misses: 1, collapsed: CROWD - 1, stored: 1 });
    expect(replies.filter(({ headers }) => /collapsed/.test(String(headers['cache-status'])))).toHaveLength(CROWD - 1);
  });
});

describe('a leader whose socket dies, after which a key of route-cache hangs for ever', () => {
  /** An app whose first handler never answers; later ones do. */
  async function abandoned() {
    const clock = new FakeClock();
    const isRunning = gate<Response>();
    let calls = 0;
    const app = express();
    const waiting = countdown(4);
    app.use((_req, _res, next) => {
      next();
      waiting.count();
    });
    app.get('/', cachePage({ ttl: 60, cache: makeCache({ clock }) }), (_req, res) => {
      if (++calls === 1) isRunning.open(res);
      else res.send(`answer ${calls}`);
    });
    const site = await serve(app);
    return { site, clock, leader: isRunning.passed, waiting: waiting.passed, calls: () => calls };
  }

  async function leaveAsLeader(site: Site, leader: Promise<Response>): Promise<Response> {
    const socket = await site.connect();
    socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${site.port}\r\n\r\n`);
    const res = await leader;
    const closed = once(res, 'close');
    socket.destroy();
    await closed;
    return res;
  }

  it('does not keep those who come later from an answer', async () => {
    const { site, clock, leader, waiting, calls } = await abandoned();
    await leaveAsLeader(site, leader);

    const asked: Promise<Reply>[] = [site.get('/'), site.get('/'), site.get('/')];
    await waiting;
    clock.advance(250);
    const replies = await Promise.all(asked);

    expect(replies.map(({ text }) => text)).toEqual(['answer 2', 'answer 2', 'answer 2']);
    expect(calls()).toBe(2);
  });

  it('keeps what its handler ends later from everybody: it may have been cut short', async () => {
    const { site, leader, waiting, calls } = await abandoned();
    const res = await leaveAsLeader(site, leader);

    const asked: Promise<Reply>[] = [site.get('/'), site.get('/'), site.get('/')];
    await waiting;
    res.send('half an answer');
    const replies = await Promise.all(asked);

    expect(replies.map(({ text }) => text)).toEqual(Array(3).fill('answer 2'));
    expect(calls()).toBe(2);
  });

  it('leaves nothing of a body that had begun', async () => {
    const clock = new FakeClock();
    const isRunning = gate<Response>();
    let calls = 0;
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache({ clock }) }), (_req, res) => {
      if (++calls > 1) {
        res.end('whole');
        return;
      }
      res.write('ha');
      isRunning.open(res);
    });
    const site = await serve(app);
    const res = await leaveAsLeader(site, isRunning.passed);
    res.destroy();
    clock.advance(250);

    const reply = await site.get('/');

    expect(reply.text).toBe('whole');
    expect((await site.get('/')).text).toBe('whole');
  });
});
