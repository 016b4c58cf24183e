import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { cachePage } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

describe.each(expresses)('targeted cache control (RFC 9213) on %s', (_version, express) => {
  it('counts in place of Cache-Control and Expires, and is sent on', async () => {
    const { site, clock } = await siteOf(
      { 'CDN-Cache-Control': 'max-age=60', 'Cache-Control': 'no-store', Expires: '0' },
      ['CDN-Cache-Control'],
    );

    const first = await site.get('/');
    clock.advance(59_000);
    const second = await site.get('/');
    clock.advance(2_000);
    const third = await site.get('/');

    expect([first.isStored, second.isHit, third.isHit]).toEqual([true, true, false]);
    expect(second.headers).toMatchObject({ 'cdn-cache-control': 'max-age=60', 'cache-control': 'no-store' });
  });

  it('is somebody else’s word where it is not named', async () => {
    const { site } = await siteOf({ 'CDN-Cache-Control': 'max-age=60' }, []);
    expect((await site.get('/')).isStored).toBe(false);
  });

  it('forbids what Cache-Control allows', async () => {
    const { site } = await siteOf({ 'CDN-Cache-Control': 'no-store', 'Cache-Control': 'max-age=60' }, [
      'cdn-cache-control',
    ]);
    expect((await site.get('/')).isStored).toBe(false);
  });

  it('gives way to Cache-Control where it cannot be read', async () => {
    const { site } = await siteOf({ 'CDN-Cache-Control': 'max-age=60, &', 'Cache-Control': 'no-store' }, [
      'CDN-Cache-Control',
    ]);
    expect((await site.get('/')).isStored).toBe(false);
  });

  async function siteOf(fields: Record<string, string>, targets: string[]) {
    const clock = new FakeClock();
    const app = express();
    app.use(cachePage({ ttl: 'origin', targets, cache: makeCache({ clock }) }));
    app.get('/', (_req, res) => void res.set(fields).send('page'));
    return { site: await serve(app), clock };
  }
});

describe('the option targets', () => {
  it.each<[unknown, string]>([
    ['CDN-Cache-Control', 'no list'],
    [['cdn cache'], 'no name of a field'],
    [['Cache-Control'], 'what counts without any'],
    [[1], 'no string'],
  ])('refuses %j: %s', (targets) => {
    expect(() => cachePage({ ttl: 'origin', targets: targets as string[] })).toThrow(ConfigError);
  });

  it('refuses to stand without the standard profile', () => {
    expect(() => cachePage({ ttl: 60, targets: ['CDN-Cache-Control'] })).toThrow(
      /cachePage\.targets.*with ttl: 'origin'/,
    );
  });
});
