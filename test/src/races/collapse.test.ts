import { describe, expect, it } from '@jest/globals';
import { type CacheOptions, view } from '@viewcache/core';
import { countdown, gate } from '../support/gate.js';
import { closeAfterEach } from '../support/site.js';
import { guests, Party, type Served } from './party.js';

closeAfterEach();

/*
 * Equal requests that meet (PROTOCOL 4.4). A rejection that nobody handles fails the test it happens in.
 */

const CROWD = 200;
const everybody = guests(CROWD);

describe('two hundred equal requests at once', () => {
  it.each<[string, CacheOptions]>([
    ['in memory', {}],
    ['with a Keyv behind it', { store: new Map<string, unknown>() }],
  ])('run the handler once, and all get its answer, %s', async (_store, cache) => {
    const start = gate();
    const party = await Party.open({
      cache,
      handler: async ({ guest, res }) => {
        await start.passed;
        res.send(`made for ${guest}`);
      },
    });
    const served = await party.comeAll(everybody);
    start.open();
    const replies = await Promise.all(served);
    expect(party.runs).toEqual(['guest-0']);
    expect(new Set(replies.map(({ status, text }) => `${status} ${text}`))).toEqual(new Set(['200 made for guest-0']));
    expect(replies.filter(({ headers }) => String(headers['cache-status']).includes('collapsed'))).toHaveLength(
      CROWD - 1,
    );
    expect(party.cache.stats()).toMatchObject({ misses: 1, collapsed: CROWD - 1, stored: 1, entries: 1 });
    const [next] = await party.come('one more');
    expect((await next)?.headers['cache-status']).toContain('hit');
  });

  it.each<[string, (res: Parameters<Parameters<typeof Party.open>[0]['handler']>[0]['res']) => void]>([
    ['sets a cookie', (res) => res.cookie('session', 'secret')],
    ['answers 500', (res) => res.status(500)],
    ['says no-store', (res) => res.set('Cache-Control', 'No-Store')],
    ['says private', (res) => res.set('Cache-Control', 'private, max-age=60')],
    ['varies by everything', (res) => res.set('Vary', '*')],
    ['does not want to be stored', () => void view().doNotStore()],
  ])(
    'that cannot be stored since it %s do not queue up: all others run at once, each gets its own',
    async (_what, mark) => {
      const start = gate();
      const others = countdown(CROWD - 1);
      const party = await Party.open({
        handler: async ({ guest, number, res }) => {
          if (number === 1) {
            await start.passed;
          } else {
            // Nobody goes on before all the others have begun: had they to wait for one another, none ever would.
            others.count();
            await others.passed;
          }
          mark(res);
          res.send(`made for ${guest}`);
        },
      });
      const served = await party.comeAll(everybody);
      expect(party.runs).toHaveLength(1);
      start.open();
      const replies = await Promise.all(served);
      expect(replies.map(({ text }) => text)).toEqual(everybody.map((guest) => `made for ${guest}`));
      expect(party.runs).toHaveLength(CROWD);
      expect(party.cache.stats()).toMatchObject({ stored: 0, entries: 0, collapsed: 0 });
    },
  );

  it('of a view that cannot be stored do not wait at all while that is known, and are collapsed again after', async () => {
    let going = gate();
    const party = await Party.open({
      handler: async ({ guest, res }) => {
        await going.passed;
        res.set('Cache-Control', 'no-store').send(guest);
      },
    });
    const [first] = await party.come('first');
    going.open();
    await first;
    going = gate();
    party.clock.advance(1_999);
    const soon = await party.comeAll(['a', 'b', 'c']);
    expect(party.runs).toEqual(['first', 'a', 'b', 'c']);
    party.clock.advance(1);
    const later = await party.comeAll(['d', 'e', 'f']);
    expect(party.runs.slice(4)).toEqual(['d']);
    going.open();
    const texts = (await Promise.all([...soon, ...later])).map(({ text }) => text);
    expect(texts).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });
});

describe('a tag that is invalidated during every run', () => {
  it('lets nobody wait for more than two of them, and runs the handler no more often than it has to', async () => {
    // A crowd comes into each of the first runs.
    const waves = [guests(20, 'a'), guests(20, 'b'), guests(20, 'c')];
    const served: Promise<Served>[] = [];
    const party = await Party.open({
      handler: async ({ number, res }) => {
        view().dependsOn('news');
        served.push(...(await party.comeAll(waves[number - 1] ?? [])));
        await party.cache.invalidate({ tags: 'news' });
        res.send(`run ${number}`);
      },
    });
    await party.ask('first');
    // Those of the last wave are answered by a run after the third.
    while (party.runsWaitedFor.size < 61) await Promise.all([...served]);
    expect(Math.max(...party.runsWaitedFor.values())).toBe(2);
    expect(party.runs.length).toBeLessThanOrEqual(4);
    expect(party.cache.stats()).toMatchObject({ stored: 0, refused: { invalidated: party.runs.length } });
  });
});

describe('different variants in one crowd', () => {
  it('each get their own, with one run each', async () => {
    const languages = ['de', 'fr', 'it'];
    const start = gate();
    const party = await Party.open({
      handler: async ({ req, res }) => {
        const language = req.headers['accept-language'];
        await start.passed;
        res.vary('Accept-Language').send(`in ${language}`);
      },
    });
    const crowd = guests(60);
    const languageOf = (guest: string) => languages[crowd.indexOf(guest) % 3] ?? '';
    const served = await party.comeAll(crowd, (guest) => ({ 'accept-language': languageOf(guest) }));
    start.open();
    const replies = await Promise.all(served);
    expect(replies.map(({ text }) => text)).toEqual(crowd.map((guest) => `in ${languageOf(guest)}`));
    expect(party.runs).toHaveLength(3);
    expect(party.cache.stats().entries).toBe(3);
  });
});

describe('requests that cannot lead', () => {
  it.each([
    ['HEAD', { method: 'HEAD' }],
    ['Range', { headers: { range: 'bytes=0-1' } }],
  ])(
    'such as %s are answered by their own handler, and those who come later do not wait for it',
    async (_what, ask) => {
      const start = gate();
      const party = await Party.open({
        handler: async ({ guest, res }) => {
          await start.passed;
          res.send(guest);
        },
      });
      const odd = await party.come('odd', ask);
      const [leader, waiter] = await party.comeAll(['leader', 'waiter']);
      const late = await party.come('odd too', ask);
      expect(party.runs).toEqual(['odd', 'leader', 'odd too']);
      start.open();
      expect([(await leader)?.text, (await waiter)?.text]).toEqual(['leader', 'leader']);
      await Promise.all([...odd, ...late]);
      const [next] = await party.come('next');
      expect((await next)?.text).toBe('leader');
    },
  );

  it('are answered from what others have filled', async () => {
    const party = await Party.open({ handler: ({ res }) => res.send('hello') });
    await party.ask('first');
    const head = await party.ask('second', { method: 'HEAD' });
    expect([head.text, head.headers['content-length'], party.runs.length]).toEqual(['', '5', 1]);
  });
});

describe('more than a thousand who wait', () => {
  it('are a thousand, and the others run their own handler', async () => {
    const start = gate();
    const party = await Party.open({
      handler: async ({ guest, number, res }) => {
        if (number === 1) await start.passed;
        res.send(guest);
      },
    });
    const crowd = guests(1_010);
    const served = await party.comeAll(crowd);
    expect(party.runs).toEqual(['guest-0', ...crowd.slice(1_001, 1_002)]);
    start.open();
    const texts = new Set((await Promise.all(served)).map(({ text }) => text));
    expect(texts).toEqual(new Set(['guest-0', 'guest-1001']));
  });
});
