import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createCache } from '@viewcache/core';
import {
  ejsFragments,
  etaFragments,
  fragments,
  handlebarsFragments,
  nunjucksFragments,
  pugFragments,
} from '@viewcache/express';
import ejs from 'ejs';
import { Eta } from 'eta';
import express, { type Express } from 'express';
import { engine as handlebarsEngine } from 'express-handlebars';
import Handlebars from 'handlebars';
import nunjucks from 'nunjucks';
import pug from 'pug';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

/** What a template comes to, or the error that it ends in. */
async function rendered(app: Express, name: string, locals: object = {}): Promise<string> {
  app.use(fragments());
  return await new Promise((resolve) => {
    app.get('/', (_req, res) => {
      res.render(name, locals, (error: Error | null, html: string) => {
        res.end();
        resolve(error === null ? html : error.message);
      });
    });
    const server = app.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      void fetch(`http://127.0.0.1:${port}/`).finally(() => server.close());
    });
  });
}

describe('templates that are wrong', () => {
  let views: string;
  beforeEach(async () => {
    views = await mkdtemp(join(tmpdir(), 'viewcache-views-'));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await rm(views, { recursive: true });
  });

  it('are told where EJS writes a fragment without waiting for it', async () => {
    await writeFile(join(views, 'page.ejs'), `<p><%- cache('a', 60, () => 'x') %></p>`);
    const app = express().set('views', views).engine('ejs', ejsFragments(ejs));
    expect(await rendered(app, 'page.ejs')).toMatch(/without waiting for it; use await: <%- await cache\(…\) %>/);
  });

  it.each([
    ['{% macro row() %}{% cache "a", ttl=60 %}x{% endcache %}{% endmacro %}{{ row() }}', /cannot stand in {% macro %}/],
    [
      '{% macro row() %}x{% endmacro %}\n<p>{% cache "a", ttl=60 %}{{ row() }}{% endcache %}</p>',
      /^<p>x<\/p>|<p>x<\/p>$/,
    ],
    ['{% filter upper %}{% cache "a", ttl=60 %}x{% endcache %}{% endfilter %}', /cannot stand in {% filter %}/],
    ['{% switch 1 %}{% case 1 %}{% cache "a", ttl=60 %}x{% endcache %}{% endswitch %}', /cannot stand in {% switch %}/],
    ['{% cache "a", ttl=60 %}{% block main %}{% endblock %}{% endcache %}', /put {% cache %} into the block/],
  ])('are told where a tag of Nunjucks would lose a fragment: %s', async (template, said) => {
    await writeFile(join(views, 'page.njk'), template);
    const app = express();
    nunjucksFragments(nunjucks.configure(views, { express: app, noCache: true }));
    expect(await rendered(app, 'page.njk')).toMatch(said);
  });

  it.each([
    ["+cache('a')(ttl='5m')", 'cache.ttl'],
    ["+cache('a').wide", 'cache.class'],
    ["+cache('a')&attributes({ ttl: 60 })", 'cache.attributes'],
  ])('are told where Pug would take options for attributes: %s', async (call, setting) => {
    await writeFile(join(views, 'page.pug'), `p page\n${call}\n  | x`);
    const app = express().set('views', views).engine('pug', pugFragments(pug));
    const said = await rendered(app, 'page.pug');
    expect(said).toContain(`${setting}: `);
    expect(said).toContain("stands outside of the options, in page.pug:2; use one pair of brackets: +cache('name'");
  });

  it('are told by Handlebars and Eta which fragment it is', async () => {
    await writeFile(join(views, 'page.handlebars'), `{{#cache "side" tll="5m"}}x{{/cache}}`);
    await writeFile(join(views, 'page.eta'), `<%~ await it.cache('side', { tll: '5m' }, () => 'x') %>`);
    const own = Handlebars.create();
    const engine = handlebarsEngine({ handlebars: own, defaultLayout: false });
    const app = (): Express => express().set('views', views);
    const ofHandlebars = app().engine('handlebars', handlebarsFragments(own, engine as never));
    expect(await rendered(ofHandlebars, 'page.handlebars')).toContain("cache('side').tll: '5m'");
    const ofEta = app().engine('eta', etaFragments(new Eta({ views })));
    expect(await rendered(ofEta, 'page.eta')).toContain("cache('side').tll: '5m'");
  });

  it('go on where nobody waits for a fragment that cannot be rendered', async () => {
    await writeFile(join(views, 'page.ejs'), `<% cache('a', 60, () => { throw new Error('broken') }) %>page`);
    const app = express().set('views', views).engine('ejs', ejsFragments(ejs));
    const unhandled: unknown[] = [];
    const hear = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', hear);
    expect(await rendered(app, 'page.ejs')).toBe('page');
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', hear);
    expect(unhandled).toEqual([]);
  });

  it('are told where Eta writes one without waiting for it, as Eta would', async () => {
    await writeFile(join(views, 'page.eta'), `<p><%~ it.cache('a', 60, () => 'x') %></p>`);
    const app = express().set('views', views);
    app.engine('eta', etaFragments(new Eta({ views })));
    expect(await rendered(app, 'page.eta')).toMatch(/use await: <%~ await it\.cache\(…\) %>/);
  });

  it('are told where EJS includes without waiting, as it could before', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    await writeFile(join(views, 'old.ejs'), `<p><%- include('part') %></p>`);
    await writeFile(join(views, 'part.ejs'), 'part');
    const app = express().set('views', views).engine('ejs', ejsFragments(ejs));
    expect(await rendered(app, 'old.ejs')).toBe('<p>[object Promise]</p>');
    expect(warn.mock.calls.map(([text]) => text)).toEqual([
      expect.stringMatching(/^old\.ejs writes \[object Promise\].*<%- await include\(…\) %>$/),
    ]);
  });

  it.each([
    [`{% cache ttl=60 %}x{% endcache %}`, 'cache.name: undefined is not allowed'],
    [`{% cache 'a', 60, 'b' %}x{% endcache %}`, "cache: 'b' is not allowed; use no more than a name and a ttl"],
    [`{% cache 'a', keys=7 %}x{% endcache %}`, "cache('a').keys: 7 is not allowed; use only ttl, tags, vary"],
    [`{% cache 'a', key=7 %}x{% endcache %}`, 'did you mean vary'],
    [`{% cache 'a', visitor=user %}x{% endcache %}`, 'or null for nobody: `user.id`, `user._id | string`'],
    [`{% cache 'a', vary=nothing %}x{% endcache %}`, 'or a list of these: `page or none`, `row._id | string`'],
    [`{% cacheeach it in list, 'a', 60 %}x{% endcacheeach %}`, "cacheeach('a').key: undefined is not allowed"],
    [`{% cacheeach it in list, key=it %}x{% endcacheeach %}`, 'cacheeach.name: undefined is not allowed'],
    [`{% cacheeach it in list, 'a', key=it, ttl='x' %}x{% endcacheeach %}`, "cacheeach('a').ttl: 'x' is not allowed"],
    [`{% cacheeach it in 7, 'a', key=it %}x{% endcacheeach %}`, 'cacheeach.items: 7 is not allowed'],
  ])('of Nunjucks are told what is wrong, in their own words: %s', async (template, said) => {
    await writeFile(join(views, 'page.njk'), template);
    const app = express();
    nunjucksFragments(nunjucks.configure(views, { express: app, noCache: true }));
    const told = await rendered(app, 'page.njk', { user: { _id: {} }, list: [1] });
    expect(told).toContain(said);
    expect(told).not.toContain('__keywords');
  });

  const row = `{% cache 'row', vary=it, ttl=60 %}<b>{{ it }}</b>{% endcache %}`;

  it.each([
    [`{% for it in list %}{% include 'row.njk' %}{% endfor %}`],
    [`{% set it = 1 %}{% if list %}{% include 'row.njk' %}{% endif %}`],
    [`{% set it = 1 %}{% if list %}{% include 'row.njk' %}{% endif %}{% include 'row.njk' %}`],
    [
      `{% set it = 1 %}{% if list %}{% include 'row.njk' %}{% endif %}{% cache 'late', ttl=60 %}{{ 'x' | awaited }}{% endcache %}`,
    ],
    [`{% cache 'all', ttl=60 %}{% for it in list %}{% include 'row.njk' %}{% endfor %}{% endcache %}`],
    [`{% set it = 1 %}{% set kept %}${row}{% endset %}{{ kept }}`],
    [`{% set it = 1 %}{% include 'around.njk' %}{% cache 'late', ttl=60 %}{{ 'x' | awaited }}{% endcache %}`],
  ])('of Nunjucks are told where it would lose a fragment, found or not: %s', async (template) => {
    await writeFile(join(views, 'page.njk'), template);
    await writeFile(join(views, 'row.njk'), row);
    await writeFile(join(views, 'around.njk'), `{% if list %}{% include 'row.njk' %}{% endif %}`);
    const app = express();
    const environment = nunjucksFragments(nunjucks.configure(views, { express: app }));
    const awaited = (value: string, done: (error: unknown, text: string) => void): void => {
      setImmediate(done, null, value);
    };
    environment.addFilter('awaited', awaited, true);
    app.use(fragments({ cache: makeCache({}, createCache) }));
    const told: string[] = [];
    app.get('/', (_req, res) => {
      res.render('page.njk', { list: [1, 2] }, (error: Error | null, html: string) => {
        told.push(error === null ? html : error.message);
        res.end();
      });
    });
    const site = await serve(app);
    for (const _ of [1, 2]) await site.get('/');
    expect(told).toEqual([1, 2].map(() => expect.stringContaining('Nunjucks has not waited for it')));
  });

  it.each([
    [`{% asyncEach it in list %}{% include 'row.njk' %}{% endeach %}`, '<b>1</b><b>2</b>'],
    [`{% set it = 1 %}{% ifAsync list %}{% include 'row.njk' %}{% endif %}`, '<b>1</b>'],
    [`{% for it in list %}${row}{% endfor %}`, '<b>1</b><b>2</b>'],
    [`{% if list %}{% set it = 1 %}${row}{% endif %}`, '<b>1</b>'],
    [
      `{% for it in nothing %}${row}{% else %}none{% endfor %}{% for it in nothing %}x{% else %}none{% endfor %}`,
      'nonenone',
    ],
    [`{% for it in list %}${row}{% else %}none{% endfor %}`, '<b>1</b><b>2</b>'],
    [`{% asyncAll it in list %}${row}-${row}{% endall %}`, '<b>1</b>-<b>1</b><b>2</b>-<b>2</b>'],
    [`{% cache 'all', ttl=60 %}{% asyncAll it in list %}${row}{% endall %}{% endcache %}`, '<b>1</b><b>2</b>'],
    [
      `{% for it in list %}${row}{% cacheeach a in list, 'b', key=a, vary=it, ttl=60 %}${row}{% endcacheeach %}{% endfor %}`,
      '<b>1</b><b>1</b><b>1</b><b>2</b><b>2</b><b>2</b>',
    ],
    [`{% set it = 7 %}{% cacheeach it in list, 'a', key=it, ttl=60 %}{{ it }}{% endcacheeach %}{{ it }}`, '127'],
  ])('of Nunjucks wait as it has them wait: %s', async (template, html) => {
    await writeFile(join(views, 'page.njk'), template);
    await writeFile(join(views, 'row.njk'), row);
    const app = express();
    nunjucksFragments(nunjucks.configure(views, { express: app, noCache: true }));
    expect(await rendered(app, 'page.njk', { list: [1, 2] })).toBe(html);
  });

  it('of Nunjucks are told where nobody waits for all of it', async () => {
    await writeFile(join(views, 'mail.njk'), row);
    const environment = nunjucksFragments(nunjucks.configure(views));
    expect(() => environment.render('mail.njk', { it: 1 })).toThrow('give render() a function to be told');
  });

  it('of Nunjucks may write what that advises', async () => {
    const template = `{% cache 'a', vary=[nothing or none, user._id | string], visitor=user._id | string %}x{% endcache %}`;
    await writeFile(join(views, 'page.njk'), template);
    const app = express();
    nunjucksFragments(nunjucks.configure(views, { express: app, noCache: true }));
    expect(await rendered(app, 'page.njk', { user: { _id: { toString: () => 'id' } } })).toBe('x');
  });

  it('of Nunjucks see nothing outside of what a fragment sets, whether it is rendered or found', async () => {
    const template = `{% set a = 'out' %}{% set c = 'out' %}{% cache 'x', ttl=60 %}{% set a = 'in' %}{% set b = 'in' %}{% for i in [1, 2] %}{% set a = a + i %}{% set c = i %}{% endfor %}{{ a }}{{ late | awaited }}{{ a }}{% endcache %} {{ a }}{{ b }} {{ c }}`;
    await writeFile(join(views, 'page.njk'), template);
    let rendered = 0;
    const app = express();
    const environment = nunjucksFragments(nunjucks.configure(views, { express: app, noCache: true }));
    const awaited = (_: unknown, done: (error: unknown, text: string) => void): void => {
      setImmediate(done, null, ` ${++rendered} `);
    };
    environment.addFilter('awaited', awaited, true);
    app.use(fragments({ cache: makeCache({}, createCache) }));
    app.get('/', (_req, res) => res.render('page.njk'));
    const site = await serve(app);
    for (const _ of [1, 2]) expect((await site.get('/')).text).toBe('in12 1 in12 out out');
  });

  it.each([
    [`{{#cache "a" 60 "b"}}x{{/cache}}`, "cache: 'b' is not allowed; use no more than a name and a ttl"],
    [`{{#cache "a" key=7}}x{{/cache}}`, 'did you mean vary'],
    [`{{#cache "a" visitor=user}}x{{/cache}}`, 'hand the template a text, where an id is an object'],
    [`{{#cache "a" vary=nothing}}x{{/cache}}`, 'hand the template null for what may be missing'],
    [`{{cache "a"}}`, 'use a block: {{#cache "name"}} … {{/cache}}'],
  ])('of Handlebars are told what is wrong, in their own words: %s', async (template, said) => {
    await writeFile(join(views, 'page.handlebars'), template);
    const app = express().set('views', views);
    const handlebars = Handlebars.create();
    const engine = handlebarsEngine({ handlebars: handlebars as typeof Handlebars, defaultLayout: false });
    app.engine('handlebars', handlebarsFragments(handlebars, engine));
    expect(await rendered(app, 'page.handlebars', { user: { _id: {} } })).toContain(said);
  });

  it('of Handlebars are told where the engine renders with another Handlebars than was given the helper', async () => {
    await writeFile(join(views, 'page.handlebars'), `{{#cache "a" ttl=60}}x{{/cache}}`);
    const app = express().set('views', views);
    const engine = handlebarsEngine({ defaultLayout: false });
    app.engine('handlebars', handlebarsFragments(Handlebars.create(), engine));
    expect(await rendered(app, 'page.handlebars')).toMatch(
      /^Missing helper: "cache": .*engine\(\{ handlebars: Handlebars \}\)$/,
    );
  });
});
