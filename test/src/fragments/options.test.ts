import { describe, expect, it } from '@jest/globals';
import {
  ejsFragments,
  etaFragments,
  type FragmentCache,
  type FragmentsOptions,
  fragments,
  handlebarsFragments,
  nunjucksFragments,
  pugFragments,
} from '@viewcache/express';
import { closeAfterEach } from '../support/site.js';
import { type Kitchen, kitchens } from './kitchens.js';
import { lay } from './table.js';

closeAfterEach();

const [[, ejs]] = kitchens as [(typeof kitchens)[number]];

describe('fragments()', () => {
  it.each<[object, string]>([
    [{ cache: {} }, 'fragments.cache: an object with no keys is not allowed; use a cache made by createCache()'],
    [{ version: Number.NaN }, 'fragments.version: NaN is not allowed; use a string or a number'],
    [{ ignore: 'res.locals.t' }, "did you mean ['res.locals.t']"],
    [{ versions: 1 }, 'did you mean version'],
    [{ ignoreHost: 'shop.example' }, "fragments.ignoreHost: 'shop.example' is not allowed; use true or false"],
    [{ ignoreHost: null }, 'fragments.ignoreHost: null is not allowed; use true or false'],
  ])('refuses %j at once', (options, message) => {
    expect(() => fragments(options as FragmentsOptions)).toThrow(message);
  });

  it('tells fragments of another version apart', async () => {
    const store = { store: 'memory:' } as const;
    const first = await lay(ejs, { cache: store, fragments: { version: 1, ignoreHost: true } });
    const other = await lay(ejs, { fragments: { version: 2, cache: first.cache, ignoreHost: true } });
    const same = await lay(ejs, { fragments: { version: 1, cache: first.cache, ignoreHost: true } });
    expect(await first.get('/mine')).toBe('mine:1');
    other.locals['made'] = () => 'another';
    same.locals['made'] = () => 'the same';
    expect(await other.get('/mine')).toBe('another');
    expect(await same.get('/mine')).toBe('mine:1');
  });
});

describe('the adapters', () => {
  it.each<[string, () => unknown, string]>([
    ['ejsFragments', () => ejsFragments({} as never), "the package: import ejs from 'ejs'"],
    ['etaFragments', () => etaFragments({ renderAsync: () => '', config: {} } as never), 'new Eta({ views })'],
    ['nunjucksFragments', () => nunjucksFragments({} as never), 'nunjucks.configure'],
    ['handlebarsFragments', () => handlebarsFragments({} as never, () => {}), 'import Handlebars'],
    [
      'handlebarsFragments',
      () => handlebarsFragments({ registerHelper() {} }, undefined as never),
      'express-handlebars',
    ],
    ['pugFragments', () => pugFragments(undefined as never), "import pug from 'pug'"],
  ])('%s refuses what is not its engine', (_name, call, message) => {
    expect(call).toThrow(message);
  });
});

describe('what a template says', () => {
  it.each([
    [`cache('', 60, () => '')`, "cache.name: '' is not allowed"],
    [`cache('a', { ttls: 60 }, () => '')`, 'did you mean ttl'],
    [`cache('a', { ttl: -1 }, () => '')`, "cache('a').ttl"],
    [`cache('a', { tags: [''] }, () => '')`, "cache('a').tags"],
    [`cache('a', { key: 7 }, () => '')`, 'did you mean vary'],
    [`cache('a', { user: 7 }, () => '')`, 'did you mean visitor'],
    [`cache('a', 60)`, 'cache.render: undefined is not allowed'],
    [`cache('a', null, () => '')`, "cache('a'): null is not allowed"],
    [`cache('a', { vary: [1, undefined] }, () => '')`, "cache('a').vary: undefined is not allowed"],
    [`cache('a', { visitor: {} }, () => '')`, "cache('a').visitor: an object with no keys is not allowed"],
    [`cache('a', { visitor: NaN }, () => '')`, "cache('a').visitor: NaN is not allowed"],
    [`cache('a', { visitor: true }, () => '')`, "cache('a').visitor: true is not allowed; use a string or a number"],
    [`cache('a', { shared: 1 }, () => '')`, "cache('a').shared: 1 is not allowed; use true"],
    [
      `cache('a', { shared: true, visitor: 7 }, () => '')`,
      "cache('a').shared: true is not allowed; use nothing beside visitor",
    ],
    [
      `cache.each([1], () => ({ name: 'a', key: 1, shared: true, visitor: 7 }), () => '')`,
      "cache.each('a').shared: true",
    ],
    [`cache.each(7, () => ({}), () => '')`, 'cache.each.items: 7 is not allowed'],
    [`cache.each([1], () => ({ name: 'a' }), () => '')`, "cache.each('a').key: undefined is not allowed"],
    [`cache.each([1], () => 'a', () => '')`, "cache.each: 'a' is not allowed"],
  ])('is refused in its place: %s', async (call, message) => {
    const kitchen: Kitchen = { ...ejs, pages: { one: `<%- await ${call} %>` } };
    const { get } = await lay(kitchen);
    expect(await get('/one')).toContain(message);
  });

  it('are for one visitor or for everybody, which the compiler knows', () => {
    const wrong = (cache: FragmentCache, isShared: boolean, id: number | undefined) => {
      void cache('a', { ttl: '5m', shared: isShared }, () => '');
      void cache('a', { ttl: '5m', visitor: id, shared: false }, () => '');
      void cache.each([1], (key) => ({ name: 'a', key, visitor: id ?? null }), String);
      // @ts-expect-error for one of them, or for everybody
      void cache('a', { shared: true, visitor: 1 }, () => '');
      // @ts-expect-error the same of an item
      void cache.each([1], (key) => ({ name: 'a', key, shared: true, visitor: 1 }), String);
    };
    expect(wrong).toBeInstanceOf(Function);
  });

  it('may leave a ttl out, with a warning where there are no tags either', async () => {
    const pages = { one: `<%- await cache('a', {}, () => made('a')) %>` };
    const { get, clock, warnings } = await lay({ ...ejs, pages });
    await get('/one');
    await clock.advance('299s');
    expect(await get('/one')).toBe('a:1');
    await clock.advance('2s');
    expect(await get('/one')).toBe('a:2');
    expect(warnings()).toEqual([expect.stringContaining('fragment a says neither a ttl nor tags')]);
  });

  it('may not write into the template that it stands in: that would be missing on each hit', async () => {
    const { get, warnings } = await lay({ ...ejs, pages: { one: `<% await cache('a', 60, () => { %>block<% }) %>` } });
    expect(await get('/one')).toBe('block');
    expect(await get('/one')).toBe('block');
    expect(warnings()).toEqual([expect.stringContaining('fragment a: its render returns nothing')]);
  });

  it.each([
    [`({ city: 7 })`, '[object Object]', 'its render returns an object, a list or a function'],
    [`['a', 'b']`, 'a,b', 'its render returns an object, a list or a function'],
    [`() => 1`, '() =&gt; 1', 'its render returns an object, a list or a function'],
    [`'<p>' + Promise.resolve('part') + '</p>'`, '<p>[object Promise]</p>', 'it has [object Promise] in it'],
  ])('stores nothing of a render that returns %s', async (value, html, said) => {
    const pages = { one: `<%- await cache('a', 60, () => { made('a'); return ${value} }) %>` };
    const { get, count, warnings } = await lay({ ...ejs, pages });
    for (const _ of [1, 2]) expect((await get('/one')).replaceAll('=>', '=&gt;')).toBe(html);
    expect(count('a')).toBe(2);
    expect(warnings()).toEqual([expect.stringContaining(`fragment a: ${said}`)]);
  });

  it('stores what an engine has marked as html, as its text', async () => {
    const pages = { one: `<%- await cache('a', 60, () => ({ toString: () => made('a') })) %>` };
    const { get, warnings } = await lay({ ...ejs, pages });
    expect([await get('/one'), await get('/one'), warnings()]).toEqual(['a:1', 'a:1', []]);
  });

  it('stores nothing for a ttl of 0, nor where the view that it is says so', async () => {
    const pages = {
      zero: `<%- await cache('a', 0, () => made('a')) %>`,
      one: `<%- await cache('b', 60, () => { forbid(); return made('b') }) %>`,
    };
    const { get, locals } = await lay({ ...ejs, pages });
    const { view } = await import('@viewcache/core');
    locals['forbid'] = () => view().doNotStore();
    for (const path of ['/zero', '/zero', '/one', '/one']) await get(path);
    expect([await get('/zero'), await get('/one')]).toEqual(['a:3', 'b:3']);
  });

  it('counts with what the view that it is has said', async () => {
    const pages = { one: `<%- await cache('a', 60, () => { depend(); return made('a') }) %>` };
    const { get, locals, cache } = await lay({ ...ejs, pages });
    const { view } = await import('@viewcache/core');
    locals['depend'] = () => view().dependsOn('cities#7');
    await get('/one');
    await cache.invalidate({ tags: ['cities#8'] });
    expect(await get('/one')).toBe('a:1');
    await cache.invalidate({ tags: ['cities#7'] });
    expect(await get('/one')).toBe('a:2');
  });
});

describe.each(kitchens)('%s without fragments() in front', (_name, kitchen) => {
  it('renders, and stores nothing', async () => {
    const { get, cache } = await lay(kitchen, {
      routes(app, locals) {
        // As a mail is rendered: nobody asks for it by a request.
        app.get('/mail', (req, res, next) => {
          app.render('page', locals(req), (error, html) => (error ? next(error) : res.send(html)));
        });
      },
    });
    expect(await get('/mail')).toContain('outer:1');
    expect(await get('/mail')).toContain('outer:2 &lt;&amp;&gt; <i>inner:2</i>');
    expect(cache.stats().stored).toBe(0);
  });
});
