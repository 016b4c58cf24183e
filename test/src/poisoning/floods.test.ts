import { describe, expect, it } from '@jest/globals';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import type { Express } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

describe.each(expresses)('a flood, on %s', (_version, express) => {
  it.each([
    ['of a field that selects', (i: number) => ({ 'x-lang': `evil-${i}` })],
    ['of long values of it', (i: number) => ({ 'x-lang': `${i}${'x'.repeat(6_000)}` })],
    ['of two fields that select', (i: number) => ({ 'x-lang': `${i % 40}`, 'x-size': `${i}` })],
  ])('%s keeps within its bounds, and leaves visitors their page', async (_what, fields) => {
    const { site, cache } = await siteOf({ maxVariants: 8, vary: ['x-lang', 'x-size'] });
    await site.get('/', { 'x-lang': 'de' });
    await site.get('/', { 'x-lang': 'de' });

    for (let i = 0; i < 100; i++) {
      await site.get('/', fields(i));
      // What visitors use stays.
      if (i % 5 === 0) expect((await site.get('/', { 'x-lang': 'de' })).isHit).toBe(true);
    }

    expect(cache.explain('/').stored.length).toBeLessThanOrEqual(8);
    expect((await site.get('/', { 'x-lang': 'fr' })).text).toBe('for fr undefined');
    expect((await site.get('/', { 'x-lang': 'de' })).text).toBe('for de undefined');
  });

  it('of a field that nobody has named makes no variants without end', async () => {
    const { site, cache } = await siteOf({ maxVariants: 8 });

    for (let i = 0; i < 60; i++) expect((await site.get('/', { 'x-lang': `${i}` })).text).toBe(`for ${i} undefined`);

    expect(cache.explain('/').stored.length).toBeLessThanOrEqual(8);
    expect((await site.get('/')).text).toBe('for undefined undefined');
  });

  it.each([
    ['of queries', (i: number) => ({ path: `/?${i}=evil`, headers: {} })],
    ['of hosts', (i: number) => ({ path: '/', headers: { host: `evil-${i}.example` } })],
    ['of paths', (i: number) => ({ path: `/${i}`, headers: {} })],
  ])('%s takes no more memory than there is, and what is asked for often stays', async (_what, ask) => {
    const { site, cache } = await siteOf({}, { maxBytes: 60_000 });
    await site.get('/home', { host: 'site.example' });

    for (let i = 0; i < 200; i++) {
      const { path, headers } = ask(i);
      await site.get(path, headers);
      if (i % 5 === 0) expect((await site.get('/home', { host: 'site.example' })).isHit).toBe(true);
    }

    expect(cache.stats().bytes).toBeLessThanOrEqual(60_000);
  });

  async function siteOf(
    { maxVariants, ...options }: Partial<CachePageOptions> & { maxVariants?: number },
    settings: { maxBytes?: number } = {},
  ) {
    const cache = makeCache({ ...settings, ...(maxVariants === undefined ? {} : { maxVariants }) });
    const app: Express = express();
    app.use(cachePage({ ttl: 60, cache, ...options }));
    app.use((req, res) => void res.send(`for ${req.headers['x-lang']} ${req.headers['x-size']}`));
    return { site: await serve(app), cache };
  }
});
