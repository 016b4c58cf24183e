import { describe, expect, it } from '@jest/globals';
import { view } from '@viewcache/core';
import type { CachePageOptions } from '@viewcache/express';
import type { RequestHandler } from 'express';
import { Keyv } from 'keyv';
import { REQUEST_DIRECTIVES } from '../../../packages/core/dist/config/view-option-types.js';
import { closeAfterEach } from '../support/site.js';
import { standardSite as siteWith } from './site.js';

closeAfterEach();

function paged(field = 'max-age=60') {
  const state = { pages: 0, asked: [] as (string | undefined)[] };
  const handler: RequestHandler = (req, res) => {
    view().dependsOn('cities');
    state.asked.push(req.headers['if-none-match']);
    res.set({ 'Cache-Control': field, ETag: '"v1"' });
    if (req.headers['if-none-match'] === '"v1"') return void res.status(304).end();
    res.send(`page ${++state.pages}`);
  };
  return { state, handler };
}

const ask = (directive: string) => ({ 'cache-control': directive });

describe.each([
  ['memory', () => undefined],
  ['a Keyv', () => new Keyv()],
])('request directives in the standard profile (RFC 9111 §5.2.1), over %s', (_store, store) => {
  const standardSite = async (handler: RequestHandler, options: Partial<CachePageOptions> = {}) =>
    await siteWith(handler, options, store());

  it.each(['no-cache', 'max-age=0', 'max-stale', 'only-if-cached', 'no-store'])(
    'unasked, %s is not heard',
    async (it) => {
      const { handler } = paged();
      const { site, clock } = await standardSite(handler);
      expect((await site.get('/', ask(it))).status).toBe(200);

      expect((await site.get('/', ask(it))).isHit).toBe(true);
      clock.advance(60_000);
      expect((await site.get('/', ask(it))).isHit).toBe(false);
    },
  );

  it('no-cache validates what is fresh, and makes it fresh anew', async () => {
    const { state, handler } = paged();
    const { site, clock } = await standardSite(handler, { honourRequest: REQUEST_DIRECTIVES });
    await site.get('/');
    clock.advance(30_000);

    const reply = await site.get('/', ask('no-cache'));
    clock.advance(59_999);

    expect([reply.status, reply.text, state.asked]).toEqual([200, 'page 1', [undefined, '"v1"']]);
    expect((await site.get('/')).isHit).toBe(true);
  });

  it.each([
    ['max-age=30', true],
    ['max-age=29', false],
    ['min-fresh=30', true],
    ['min-fresh=31', false],
    ['max-age=30, min-fresh=31', false],
    ['max-age=29, max-stale', false],
  ])('%s of a response that is 30 s old and has 30 s left: a hit is %p', async (directive, isHit) => {
    const { handler } = paged();
    const { site, clock } = await standardSite(handler, { honourRequest: REQUEST_DIRECTIVES });
    await site.get('/');
    clock.advance(30_000);

    expect((await site.get('/', ask(directive))).isHit).toBe(isHit);
  });

  it.each([
    ['max-age=60', 'max-stale', true],
    ['max-age=60', 'max-stale=10', true],
    ['max-age=60', 'max-stale=9', false],
    ['max-age=60, must-revalidate', 'max-stale', false],
    ['max-age=60, proxy-revalidate', 'max-stale', false],
    ['s-maxage=60', 'max-stale', false],
    ['max-age=60', 'max-stale, no-cache', false],
  ])('of %s that is stale for 10 s, %s takes what is stored: %p', async (field, directive, isHit) => {
    const { state, handler } = paged(field);
    const { site, clock } = await standardSite(handler, { honourRequest: REQUEST_DIRECTIVES });
    await site.get('/');
    clock.advance(70_000);

    const reply = await site.get('/', ask(directive));

    expect([reply.isHit, reply.text]).toEqual([isHit, 'page 1']);
    expect(state.asked).toHaveLength(isHit ? 1 : 2);
    if (isHit) expect(reply.headers).toMatchObject({ age: '70', 'cache-status': 'viewcache; hit; ttl=-10' });
  });

  it('max-stale takes nothing that was invalidated', async () => {
    const { state, handler } = paged();
    const { site, clock, cache } = await standardSite(handler, { honourRequest: REQUEST_DIRECTIVES });
    await site.get('/');
    clock.advance(70_000);
    await cache.invalidate({ tags: 'cities' });

    const reply = await site.get('/', ask('max-stale'));

    expect([reply.isHit, state.pages]).toEqual([false, 2]);
  });

  it('only-if-cached gets 504 where nothing will do, and runs no handler', async () => {
    const { state, handler } = paged();
    const { site, clock } = await standardSite(handler, { honourRequest: REQUEST_DIRECTIVES });

    const cold = await site.get('/', ask('only-if-cached'));
    await site.get('/');
    const hit = await site.get('/', ask('only-if-cached'));
    clock.advance(70_000);
    const stale = await site.get('/', ask('only-if-cached'));
    const taken = await site.get('/', ask('only-if-cached, max-stale'));

    expect([cold.status, hit.status, stale.status, taken.status]).toEqual([504, 200, 504, 200]);
    expect(state.asked).toHaveLength(1);
  });

  it('no-store goes past the cache', async () => {
    const { state, handler } = paged();
    const { site } = await standardSite(handler, { honourRequest: REQUEST_DIRECTIVES });

    await site.get('/', ask('no-store'));
    const second = await site.get('/');

    expect([second.isHit, state.pages]).toEqual([false, 2]);
  });
});
