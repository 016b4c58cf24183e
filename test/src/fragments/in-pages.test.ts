import { describe, expect, it } from '@jest/globals';
import { type CachePageOptions, cachePage, fragmentsOf } from '@viewcache/express';
import type { Request, RequestHandler } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach } from '../support/site.js';
import { kitchens } from './kitchens.js';
import { type Laid, lay, login, type Table } from './table.js';

closeAfterEach();

const [[, ejs]] = kitchens as [(typeof kitchens)[number]];

/** The pages of EJS, each under `/cached` as well, where it is a cached view. */
async function layCached(laid: Laid = {}, options: Partial<CachePageOptions> = {}): Promise<Table> {
  return await lay(ejs, {
    ...laid,
    routes(app, locals, cache) {
      app.get('/cached/:page', cachePage({ ttl: '1h', cache, ...options }), (req, res) => {
        const page = String(req.params['page']);
        // Of the others nobody asks who has come.
        res.render(page, locals(page === 'named' ? req : {}));
      });
    },
  });
}

describe.each(expresses)('a cached page of %s', (_name, make) => {
  it('is stored with its fragments, and invalidated with any of them, made or found', async () => {
    const { site, cache, count } = await layCached({ make });
    expect((await site.get('/cached/page')).isStored).toBe(true);
    expect((await site.get('/cached/page')).isHit).toBe(true);
    await cache.invalidate({ tags: ['inner'] });
    const { isHit, isStored, text } = await site.get('/cached/page');
    expect([isHit, isStored, text]).toEqual([false, true, expect.stringContaining('inner:2')]);
    // Now both fragments are found, and the page is made.
    await cache.invalidate({ path: '/cached/page' });
    await site.get('/cached/page');
    expect(count('inner')).toBe(2);
    await cache.invalidate({ tags: ['inner'] });
    expect((await site.get('/cached/page')).isHit).toBe(false);
  });

  it('is stored though res.locals has been filled by fragments()', async () => {
    const title: RequestHandler = (_req, res, next) => {
      res.locals['log'] = {};
      next();
    };
    const { site } = await layCached({ make, behind: [title] });
    expect((await site.get('/cached/mine')).isStored).toBe(true);
  });

  it('is not stored where a fragment that is found was made of who asked', async () => {
    const { site, events } = await layCached({ make, front: [login] });
    // In front of no cached page it may be stored, being named.
    expect(await (await site.get('/named', { 'x-who': 'Ada' })).text).toBe('hello:1 Ada');
    const { isStored, text } = await site.get('/cached/named', { 'x-who': 'Ada' });
    expect([isStored, text]).toEqual([false, 'hello:1 Ada']);
    expect(events.some((event) => event.type === 'refused' && event.detail === 'req.user')).toBe(true);
  });

  it('is stored for those of whom nobody is known, and for nobody else, where a fragment names visitors', async () => {
    const { site } = await layCached(
      { make, front: [login] },
      { key: (req) => (Reflect.get(req, 'user') as { id: number } | undefined)?.id },
    );
    expect((await site.get('/cached/named')).isStored).toBe(true);
    for (const name of ['Ada', 'Grace', 'Ada', 'Grace']) {
      const { isStored, isHit, text } = await site.get('/cached/named', { 'x-who': name });
      expect([isStored, isHit, text]).toEqual([false, false, expect.stringContaining(name)]);
    }
    expect((await site.get('/cached/named')).isHit).toBe(true);
  });

  // User 7 of the role 7 opens a page with 7 in its key: that says nothing of whose the page is.
  it.each<[string, Partial<CachePageOptions>]>([
    ['none', {}],
    ['his id by chance', { key: (req) => `${req.get('x-who')}:7` }],
    ['his id', { key: (req) => req.get('x-id') }],
    ['a field that varies by it', { vary: ['x-id'] }],
  ])('is not stored around what is for one visitor, whatever its key is: %s', async (_what, options) => {
    const kitchen = {
      ...ejs,
      pages: { own: `<%- await cache('own', { ttl: 60, visitor: 7 }, () => made('own')) %>` },
    };
    const { site, events } = await lay(kitchen, {
      make,
      routes(app, locals, cache) {
        app.get('/cached/own', cachePage({ ttl: '1h', cache, ...options }), (_req, res) =>
          res.render('own', locals({})),
        );
      },
    });
    // Made, and then found.
    for (let i = 0; i < 2; i++) {
      const page = await site.get('/cached/own', { 'x-who': 'Ada', 'x-id': '7' });
      expect([page.isStored || page.isHit, page.text]).toEqual([false, 'own:1']);
    }
    const details = events.flatMap((event) => (event.type === 'refused' ? [event.detail] : []));
    expect(details).toEqual(['visitor of a fragment', 'visitor of a fragment']);
    const said = events.flatMap((event) => (event.type === 'input' ? [event.message] : [])).join();
    expect(said).toContain('it has a fragment in it that is for one visitor');
    expect(said).toContain('let it say shared: true');
  });

  it('is not shown to another one who has the role in its key', async () => {
    const { site } = await lay(ejs, {
      make,
      front: [login],
      routes(app, locals, cache) {
        const key = (req: Request) => (Reflect.get(req, 'user') === undefined ? 'none' : 'member');
        app.get('/cached/named', cachePage({ ttl: '1h', cache, key }), (req, res) => res.render('named', locals(req)));
      },
    });
    for (const name of ['Ada', 'Grace'])
      expect((await site.get('/cached/named', { 'x-who': name })).text).toContain(name);
  });

  it('is invalidated with a fragment that is rendered for its visitor alone', async () => {
    const kitchen = {
      ...ejs,
      pages: { own: `<%- await cache('own', { ttl: 60, tags: 'carts' }, () => made('own')) %>` },
    };
    const { site, cache } = await lay(kitchen, {
      make,
      routes(app, locals, cache) {
        const page = cachePage({ ttl: '1h', cache, key: (req) => req.get('cookie') });
        app.get('/cached/own', page, (_req, res) => res.render('own', locals({})));
      },
    });
    const cookie = { cookie: 'session=7' };
    for (const target of [{ tags: 'carts' }, { keys: 'fragments:own:*' }] as const) {
      expect((await site.get('/cached/own', cookie)).isStored).toBe(true);
      expect((await site.get('/cached/own', cookie)).isHit).toBe(true);
      await cache.invalidate(target);
    }
    expect((await site.get('/cached/own', cookie)).isHit).toBe(false);
  });
});

describe('a cached page with what was stored for nobody in it', () => {
  const pages = {
    top: `<%- await cache('top', 60, () => made('top') + (locals.user ? ' log out' : ' log in')) %>`,
    own: `<%- await cache('own', { ttl: 60, visitor: locals.user?.id }, () => made('top') + (locals.user ? ' log out' : ' log in')) %>`,
  };
  const cookie = { cookie: 'session=7', 'x-who': 'Ada' };

  it.each([
    ['req.user', '/cached/own', (req: Request) => ({ user: Reflect.get(req, 'user') })],
    ['req.user', '/cached/top', (req: Request) => ({ user: Reflect.get(req, 'user') })],
    ['res.locals.user', '/cached/own', () => ({})],
  ])('is shown to nobody who is known by %s: %s', async (from, path, given) => {
    const { site } = await lay(
      { ...ejs, pages },
      {
        front: [
          login,
          (req, res, next) => {
            const user: unknown = Reflect.get(req, 'user');
            if (from === 'res.locals.user' && user !== undefined) res.locals['user'] = user;
            next();
          },
        ],
        routes(app, locals, cache) {
          app.get('/cached/:page', cachePage({ ttl: '1h', cache }), (req, res) => {
            const { user: _, ...plain } = locals({}) as { user?: unknown };
            res.render(String(req.params['page']), { ...plain, ...given(req) });
          });
        },
      },
    );
    // Rendered, and then found.
    for (let i = 0; i < 2; i++) expect((await site.get(path)).text).toBe('top:1 log in');
    expect((await site.get(path, cookie)).text).toContain('log out');
    expect((await site.get(path)).text).toContain('log in');
  });

  it('is not stored where that was made in no cached page, where nobody has heard what it is made of', async () => {
    const { site } = await lay(ejs, {
      front: [login],
      routes(app, _locals, cache) {
        const answer: RequestHandler = async (req, res) => {
          const top = () => (Reflect.get(req, 'user') === undefined ? 'log in' : 'log out');
          res.send(await fragmentsOf(res)('top', 60, top));
        };
        app.get('/plain', answer);
        app.get('/cached/top', cachePage({ ttl: '1h', cache }), answer);
      },
    });
    expect((await site.get('/plain')).text).toBe('log in');
    expect((await site.get('/cached/top')).isStored).toBe(false);
    expect((await site.get('/cached/top', cookie)).text).toBe('log out');
  });

  it('is stored where it was made in one, and is made of nothing of the request', async () => {
    const { site } = await layCached();
    await site.get('/cached/mine');
    for (const headers of [{}, cookie]) {
      const { isHit, text } = await site.get('/cached/mine', headers);
      expect([isHit, text]).toEqual([true, 'mine:1']);
    }
  });
});

describe('a value', () => {
  it('that has a fragment for nobody in it is not stored', async () => {
    const pages = {
      one: `<%- await value(() => cache('own', { ttl: 60, visitor: user?.name }, () => user ? 'log out' : 'log in')) %>`,
    };
    const { get, locals, cache } = await lay({ ...ejs, pages }, { front: [login] });
    locals['value'] = (make: () => Promise<string>) => cache.getOrSet('value', make, { ttl: 60 });
    expect(await get('/one')).toBe('log in');
    expect(await get('/one', { 'x-who': 'Grace' })).toBe('log out');
  });

  it.each([`{ ttl: 60, visitor: user.name }`, '60'])(
    'that has a fragment with %s in it is not stored',
    async (options) => {
      const pages = { one: `<%- await value(() => cache('own', ${options}, () => 'of ' + user.name)) %>` };
      const { get, locals, cache } = await lay({ ...ejs, pages }, { front: [login] });
      locals['value'] = (make: () => Promise<string>) => cache.getOrSet('value', make, { ttl: 60 });
      expect(await get('/one', { 'x-who': 'Ada' })).toBe('of Ada');
      expect(await get('/one', { 'x-who': 'Grace' })).toBe('of Grace');
    },
  );
});
