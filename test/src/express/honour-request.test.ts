import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@viewcache/core/testing';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const directives = ['no-cache', 'no-store', 'max-age', 'min-fresh', 'only-if-cached'] as const;

describe.each(expresses)('honourRequest (RFC 9111 §5.2.1), on %s', (_version, express) => {
  async function siteWith(honourRequest?: CachePageOptions['honourRequest']) {
    let calls = 0;
    const clock = new FakeClock();
    const app = express();
    const cache = makeCache({ clock });
    app.get(
      '/',
      cachePage({ ttl: 60, cache, ...(honourRequest === undefined ? {} : { honourRequest }) }),
      (_req, res) => void res.send(`${++calls}`),
    );
    const site = await serve(app);
    return {
      clock,
      ask: async (field?: string) => await site.get('/', field === undefined ? {} : { 'cache-control': field }),
      site,
    };
  }

  it.each(['no-cache', 'no-store', 'max-age=0', 'min-fresh=1000', 'NO-CACHE'])(
    'by default %s is not heard: a visitor cannot force a miss',
    async (field) => {
      const { ask } = await siteWith();
      await ask();

      expect((await ask(field)).isHit).toBe(true);
    },
  );

  it.each(directives)('of %s hears that directive alone', async (directive) => {
    const { ask } = await siteWith([directive]);
    await ask();

    const others = directives.filter((other) => other !== directive && other !== 'only-if-cached');
    for (const other of others) expect((await ask(other.replace(/^(max-age|min-fresh)$/, '$1=0'))).isHit).toBe(true);
  });

  it('no-cache: the handler answers, and what it answers is stored for all', async () => {
    const { ask } = await siteWith(['no-cache']);
    await ask();

    const fresh = await ask('No-Cache');
    const next = await ask();

    expect([fresh.text, next.text, next.isHit]).toEqual(['2', '2', true]);
    expect(fresh.headers['cache-status']).toBe('viewcache; fwd=request; stored');
  });

  it('Pragma: no-cache counts where there is no Cache-Control (RFC 9111 §5.4)', async () => {
    const { site } = await siteWith(['no-cache']);
    await site.get('/');

    expect((await site.get('/', { pragma: 'no-cache', 'cache-control': 'max-age=60' })).isHit).toBe(true);
    expect((await site.get('/', { pragma: 'no-cache' })).isHit).toBe(false);
  });

  it('no-store: the handler answers, and what is stored stays', async () => {
    const { ask } = await siteWith(['no-store']);
    await ask();

    const own = await ask('no-store');
    const next = await ask();

    expect([own.text, next.text]).toEqual(['2', '1']);
    expect(own.isStored).toBe(false);
  });

  it('max-age: an older one is not taken', async () => {
    const { ask, clock } = await siteWith(['max-age']);
    await ask();
    clock.advance(10_000);

    expect((await ask('max-age=10')).text).toBe('1');
    expect((await ask('max-age=9')).text).toBe('2');
    expect((await ask()).text).toBe('2');
  });

  it('min-fresh: one that is fresh for less is not taken', async () => {
    const { ask, clock } = await siteWith(['min-fresh']);
    await ask();
    clock.advance(10_000);

    expect((await ask('min-fresh=50')).text).toBe('1');
    expect((await ask('min-fresh=51')).text).toBe('2');
  });

  it('only-if-cached: a hit or 504, and no handler', async () => {
    const { ask } = await siteWith(['only-if-cached']);

    const none = await ask('only-if-cached');
    const first = await ask();
    const some = await ask('only-if-cached');

    expect([none.status, none.text, first.text]).toEqual([504, '', '1']);
    expect([some.status, some.text, some.isHit]).toEqual([200, '1', true]);
  });

  it('reads a field that is nonsense as if it were not there', async () => {
    const { ask } = await siteWith([...directives]);
    await ask();

    for (const field of ['max-age=soon', 'min-fresh=', '"no-cache"', 'x="no-store"', ',,,']) {
      expect((await ask(field)).isHit).toBe(true);
    }
  });
});
