import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { RequestHandler } from 'express';
import { countdown, gate } from '../support/gate.js';
import { closeAfterEach } from '../support/site.js';
import { type Kitchen, kitchens } from './kitchens.js';
import { type Laid, lay, login } from './table.js';

closeAfterEach();

describe.each(kitchens)('fragments in %s', (_name, kitchen) => {
  it('are rendered once, and their html is neither escaped twice nor left unescaped', async () => {
    const { get, count } = await lay(kitchen);
    const first = await get('/page');
    expect(first).toBe('<main><p>outer:1 &lt;&amp;&gt; <i>inner:1</i></p></main>');
    expect(await get('/page')).toBe(first);
    expect([count('outer'), count('inner')]).toEqual([1, 1]);
  });

  it('are rendered anew when their ttl has passed', async () => {
    const { get, clock } = await lay(kitchen);
    await get('/page');
    await clock.advance(59_000);
    expect(await get('/page')).toContain('outer:1');
    await clock.advance(2_000);
    expect(await get('/page')).toContain('outer:2');
  });

  it('are rendered anew with those around them, and without those within, when a tag is invalidated', async () => {
    const { get, cache } = await lay(kitchen);
    await get('/page');
    await cache.invalidate({ tags: ['outer'] });
    expect(await get('/page')).toContain('outer:2 &lt;&amp;&gt; <i>inner:1</i>');
    // The outer one was made of what was stored of the inner one.
    await cache.invalidate({ tags: ['inner'] });
    expect(await get('/page')).toContain('outer:3 &lt;&amp;&gt; <i>inner:2</i>');
    expect(await get('/page')).toContain('outer:3 &lt;&amp;&gt; <i>inner:2</i>');
  });

  it('are told apart by what they vary by', async () => {
    const { get, locals } = await lay(kitchen);
    for (const who of ['a', 'b', null, '1', 1]) {
      locals['who'] = who;
      await get('/mine');
    }
    locals['who'] = 'a';
    expect(await get('/mine')).toBe('mine:1');
    locals['who'] = null;
    expect(await get('/mine')).toBe('mine:3');
    locals['who'] = 1;
    expect(await get('/mine')).toBe('mine:5');
  });

  it.each([
    [undefined, "cache('mine').vary: undefined is not allowed"],
    [Number.NaN, "cache('mine').vary: NaN is not allowed"],
    [{ id: 1 }, "cache('mine').vary: an object with id is not allowed"],
  ])('refuse to vary by %p', async (who, message) => {
    const { get, locals, count } = await lay(kitchen);
    locals['who'] = who;
    expect(await get('/mine')).toContain(message);
    expect(count('mine')).toBe(0);
  });

  it('that throw answer with their error, and nothing is stored', async () => {
    const { get, locals } = await lay(kitchen);
    locals['broken'] = { is: true };
    expect(await get('/failing')).toContain('broken');
    locals['broken'] = { is: false };
    expect(await get('/failing')).toBe('failing:2');
    expect(await get('/failing')).toBe('failing:2');
  });

  it('are rendered anew when any template has changed', async () => {
    const { get, views } = await lay(kitchen);
    await get('/hello');
    expect(await get('/hello')).toBe('hello:1 nobody');
    const part = 'hello-part' in kitchen.pages ? 'hello-part' : 'hello';
    const path = join(views, `${part}.${kitchen.extension}`);
    await writeFile(path, String(kitchen.pages[part]).replace('nobody', 'no one'));
    expect(await get('/hello')).toBe('hello:2 no one');
    expect(await get('/hello')).toBe('hello:2 no one');
  });

  it('are named by their keys', async () => {
    const { get, cache } = await lay(kitchen);
    await get('/page');
    await cache.invalidate({ keys: 'fragments:inner:*' });
    expect(await get('/page')).toContain('outer:2 &lt;&amp;&gt; <i>inner:2</i>');
  });

  describe('of a visitor', () => {
    it('are rendered each time where they do not say whom they are for, and a warning says so once', async () => {
      const { get, warnings, cache } = await lay(kitchen, { front: [login] });
      expect(await get('/hello', { 'x-who': 'Ada' })).toBe('hello:1 Ada');
      expect(await get('/hello', { 'x-who': 'Ada' })).toBe('hello:2 Ada');
      expect(await get('/hello', { 'x-who': 'Grace' })).toBe('hello:3 Grace');
      expect(warnings()).toEqual([expect.stringContaining(`, as in ${kitchen.words.whom} where`)]);
      expect(cache.stats().stored).toBe(0);
    });

    it('are stored for each of them where they say whom they are for', async () => {
      const { get, warnings } = await lay(kitchen, { front: [login] });
      await get('/named', { 'x-who': 'Ada' });
      await get('/named', { 'x-who': 'Grace' });
      expect(await get('/named', { 'x-who': 'Ada' })).toBe('hello:1 Ada');
      expect(await get('/named', { 'x-who': 'Grace' })).toBe('hello:2 Grace');
      expect(warnings()).toEqual([]);
    });

    it('are stored once for all where they say that they are shared, whoever came first', async () => {
      const { get } = await lay(kitchen, { front: [login] });
      for (const headers of [{ 'x-who': 'Ada' }, {}, { cookie: 'a=b' }, { 'x-who': 'Grace' }])
        expect((await get('/shown', headers)).trim()).toBe('shown:1');
    });

    it('are not those of nobody', async () => {
      const { get } = await lay(kitchen, { front: [login] });
      expect(await get('/hello')).toBe('hello:1 nobody');
      expect(await get('/hello', { 'x-who': 'Ada' })).toBe('hello:2 Ada');
      expect(await get('/hello')).toBe('hello:1 nobody');
    });

    it('are not stored where they show what is his, wherever they have it from', async () => {
      const { get, locals, warnings } = await lay(kitchen, { front: [login] });
      locals['nickname'] = 'ada';
      expect(await get('/shown', { 'x-who': 'Ada' })).toBe('shown:1 ada');
      expect(await get('/shown', { 'x-who': 'Ada' })).toBe('shown:2 ada');
      locals['nickname'] = 'adamant';
      expect(await get('/shown', { 'x-who': 'Ada' })).toBe('shown:3 adamant');
      expect(await get('/shown', { 'x-who': 'Grace' })).toBe('shown:3 adamant');
      expect(warnings().join()).toContain('fragment shown: it is made of req.user');
    });
  });
});

const waiting = kitchens.filter(([, { isAsync }]) => isAsync);

const PARTS: Readonly<Record<string, string>> = {
  Nunjucks: `{% cache 'list', ttl=60 %}WHAT{% endcache %}`,
  Handlebars: `{{#cache "list" ttl=60}}WHAT{{/cache}}`,
  Pug: `+cache('list', { ttl: 60 })\n  | WHAT`,
};

describe.each(kitchens.filter(([name]) => name in PARTS))('blocks of one name in %s', (name, kitchen) => {
  const part = (what: string) => String(PARTS[name]).replace('WHAT', what);
  const routes: Laid['routes'] = (app) => {
    app.get('/in/:folder', (req, res) => res.render(`${req.params.folder}/index`));
  };

  it('are told apart where they stand at one place of two templates', async () => {
    const pages = { 'users/index': part('users'), 'orders/index': part('orders') };
    const { get } = await lay({ ...kitchen, pages }, { routes });
    for (let i = 0; i < 2; i++) expect([await get('/in/users'), await get('/in/orders')]).toEqual(['users', 'orders']);
  });
});

describe('a block of Pug', () => {
  it('is another one in the same words of another folder, where they include something else', async () => {
    const [, pug] = kitchens.find(([name]) => name === 'Pug') ?? [];
    const index = `+cache('list', { ttl: 60 })\n  include row`;
    const pages = {
      ...{ 'users/index': index, 'orders/index': index, 'users/row': '| users', 'orders/row': '| orders' },
      ...{ one: 'include users/index', two: 'include users/index' },
    };
    const { get, cache } = await lay(
      { ...(pug as Kitchen), pages },
      {
        routes(app) {
          app.get('/in/:folder', (req, res) => res.render(`${req.params.folder}/index`));
        },
      },
    );
    expect([await get('/in/users'), await get('/in/orders')]).toEqual(['users', 'orders']);
    // And the same one wherever that is included.
    expect([await get('/one'), await get('/two'), cache.stats().stored]).toEqual(['users', 'users', 2]);
  });
});

describe.each(waiting)('fragments that wait, in %s', (_name, kitchen) => {
  it('are rendered once for all who ask meanwhile', async () => {
    const come = countdown(4);
    const arrive: RequestHandler = (_req, _res, next) => {
      come.count();
      next();
    };
    const { get, locals, count } = await lay(kitchen, { front: [arrive] });
    const held = gate();
    locals['load'] = () => held.passed.then(() => 'rows');
    const all = Promise.all([1, 2, 3, 4].map(() => get('/loaded')));
    await come.passed;
    held.open();
    expect(new Set(await all)).toEqual(new Set(['loaded:1 rows']));
    expect(count('loaded')).toBe(1);
  });

  it('of what was read before an invalidation are not stored, nor shown to others', async () => {
    const { get } = await lay(kitchen, {
      routes(app, locals, cache) {
        // The rows of the page are read, and then they are changed.
        app.get('/late', (req, res, next) => {
          cache.invalidate({ tags: ['outer'] }).then(() => res.render('page', locals(req)), next);
        });
      },
    });
    expect(await get('/late')).toContain('outer:1');
    expect(await get('/page')).toContain('outer:2');
    expect(await get('/page')).toContain('outer:2');
  });

  it('of a list are rendered one by one, and found together', async () => {
    const { get, locals, cache } = await lay(kitchen);
    locals['items'] = [
      { id: 1, name: 'a' },
      { id: 2, name: '<' },
      { id: 1, name: 'a' },
    ];
    const first = '<ul><li>item:1 a</li><li>item:2 &lt;</li><li>item:1 a</li></ul>';
    expect(await get('/list')).toBe(first);
    expect(await get('/list')).toBe(first);
    await cache.invalidate({ tags: ['items#2'] });
    expect(await get('/list')).toBe(first.replace('item:2', 'item:3'));
  });
});
