import { describe, expect, it } from '@jest/globals';
import { closeAfterEach } from '../support/site.js';
import { minute, standardSite } from './site.js';

closeAfterEach();

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1, 12);
const httpDate = (ms: number) => new Date(ms).toUTCString();

describe('what the standard profile stores (RFC 9111 §3)', () => {
  const cacheable = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 451, 501];
  const others = [201, 202, 302, 303, 307, 400, 403, 500, 502, 503, 504, 599];

  it.each([...cacheable, ...others])('%i with a stated lifetime, until that is over', async (status) => {
    const { site, clock } = await standardSite((_req, res) => void res.status(status).set(minute).end());

    await site.get('/');
    clock.advance(59_999);
    const fresh = await site.get('/');
    clock.advance(1);

    expect([fresh.isHit, fresh.status]).toEqual([true, status]);
    expect((await site.get('/')).isHit).toBe(false);
  });

  it.each([206, 304, 428, 429, 431, 511])('never %i', async (status) => {
    const { site, calls } = await standardSite((_req, res) => void res.status(status).set(minute).end());

    await site.get('/');
    await site.get('/');

    expect(calls()).toBe(2);
  });

  it.each([
    [200, true],
    [404, true],
    [599, false],
    [299, false],
  ])('%i with must-understand: %p, and then no-store is for those who do not', async (status, isStored) => {
    const { site } = await standardSite(
      (_req, res) => void res.status(status).set('Cache-Control', 'max-age=60, must-understand, no-store').end(),
    );

    await site.get('/');

    expect((await site.get('/')).isHit).toBe(isStored);
  });

  it.each([301, 302, 303, 307, 308])('%i with where it points to', async (status) => {
    const { site } = await standardSite((_req, res) => void res.set(minute).redirect(status, '/elsewhere?a=1'));

    await site.get('/');
    const hit = await site.get('/');

    expect([hit.isHit, hit.status, hit.headers['location']]).toEqual([true, status, '/elsewhere?a=1']);
  });

  it('not what came with trailers, and passes them on', async () => {
    const { site } = await standardSite((_req, res) => {
      res.set({ ...minute, Trailer: 'X-Sum' }).write('page');
      res.addTrailers({ 'X-Sum': '7' });
      res.end();
    });

    const response = await site.open('/');
    for await (const _ of response);

    expect(response.trailers['x-sum']).toBe('7');
    expect((await site.get('/')).isHit).toBe(false);
  });

  it('not an interim response: that goes by, and the final one is stored', async () => {
    const { site } = await standardSite((_req, res) => {
      res.writeProcessing();
      res.writeEarlyHints({ link: '</style.css>; rel=preload' });
      res.set(minute).send('page');
    });

    const wire = await site.exchange('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    const again = await site.exchange('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');

    expect(wire.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 102', 'HTTP/1.1 103', 'HTTP/1.1 200']);
    expect(again.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 200']);
    expect(again).toContain('viewcache; hit');
  });
});

describe('heuristicFreshness (RFC 9111 §4.2.2)', () => {
  const tenDaysOld = (status: number) => (_req: unknown, res: import('express').Response) =>
    void res
      .status(status)
      .set('Last-Modified', httpDate(START - 10 * DAY))
      .end();

  it('is off: what states no lifetime is not stored', async () => {
    const { site, calls } = await standardSite(tenDaysOld(200));

    await site.get('/');
    await site.get('/');

    expect(calls()).toBe(2);
  });

  it.each([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 451, 501])(
    '%i: a tenth, to the second',
    async (status) => {
      const { site, clock } = await standardSite(tenDaysOld(status), { heuristicFreshness: true });

      await site.get('/');
      clock.advance(DAY - 1);
      expect((await site.get('/')).isHit).toBe(true);
      clock.advance(1);
      expect((await site.get('/')).isHit).toBe(false);
    },
  );

  it('at most as long as it is told', async () => {
    const { site, clock } = await standardSite(tenDaysOld(200), { heuristicFreshness: { fraction: 1, max: '1m' } });

    await site.get('/');
    clock.advance(59_999);
    expect((await site.get('/')).isHit).toBe(true);
    clock.advance(1);
    expect((await site.get('/')).isHit).toBe(false);
  });

  it.each([201, 202, 302, 403, 500, 502, 503, 504, 599])('%i: never', async (status) => {
    const { site } = await standardSite(tenDaysOld(status), { heuristicFreshness: true });

    await site.get('/');

    expect((await site.get('/')).isHit).toBe(false);
  });

  it('not where nobody says since when it has not changed', async () => {
    const { site } = await standardSite((_req, res) => void res.send('page'), { heuristicFreshness: true });

    await site.get('/');

    expect((await site.get('/')).isHit).toBe(false);
  });
});

describe('Age and Date (RFC 9111 §4.2.3, §5.1; RFC 9110 §6.6.1)', () => {
  it.each([
    ['Age: 30', { 'Cache-Control': 'max-age=60', Age: '30' }],
    ['a Date 30 s back', { 'Cache-Control': 'max-age=60', Date: httpDate(START - 30_000) }],
    ['Age: 10 and a Date 30 s back', { 'Cache-Control': 'max-age=60', Age: '10', Date: httpDate(START - 30_000) }],
    ['Expires counted from Date', { Date: httpDate(START - 30_000), Expires: httpDate(START + 30_000) }],
  ])('%s: the response is 30 s old when it is stored, and grows older', async (_what, fields) => {
    const { site, clock } = await standardSite((_req, res) => void res.set(fields).send('page'));

    await site.get('/');
    clock.advance(29_999);
    const last = await site.get('/');
    clock.advance(1);

    expect([last.isHit, last.headers['age'], last.headers['cache-status']]).toEqual([
      true,
      '59',
      'viewcache; hit; ttl=1',
    ]);
    expect((await site.get('/')).isHit).toBe(false);
  });

  it('is not stored when it is too old on arrival', async () => {
    const { site } = await standardSite(
      (_req, res) => void res.set({ 'Cache-Control': 'max-age=60', Age: '60' }).send('page'),
    );

    await site.get('/');

    expect((await site.get('/')).isHit).toBe(false);
  });

  it('Date stays as the handler set it', async () => {
    const date = httpDate(START - 5_000);
    const { site, clock } = await standardSite((_req, res) => void res.set({ ...minute, Date: date }).send('page'));

    await site.get('/');
    clock.advance(10_000);

    expect((await site.get('/')).headers['date']).toBe(date);
  });

  it.each([undefined, 'yesterday'])('without a Date of its own (%p) it has that of its making', async (date) => {
    const { site, clock } = await standardSite((_req, res) => {
      if (date !== undefined) res.set('Date', date);
      res.set(minute).send('page');
    });

    await site.get('/');
    clock.advance(10_000);
    const hit = await site.get('/');

    expect([hit.headers['date'], hit.headers['age']]).toEqual([httpDate(START), '10']);
  });

  it('in the view profile the ttl begins anew, whatever Age the handler passes on', async () => {
    const { site, clock } = await standardSite((_req, res) => void res.set('Age', '50').send('page'), { ttl: 60 });

    await site.get('/');
    clock.advance(59_999);

    expect((await site.get('/')).headers['age']).toBe('59');
  });
});
