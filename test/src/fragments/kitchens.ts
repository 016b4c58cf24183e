import type { FragmentsOptions } from '@viewcache/express';
import { ejsFragments, etaFragments, handlebarsFragments, nunjucksFragments, pugFragments } from '@viewcache/express';
import ejs from 'ejs';
import { Eta } from 'eta';
import type { Express } from 'express';
import { engine as handlebarsEngine } from 'express-handlebars';
import Handlebars from 'handlebars';
import nunjucks from 'nunjucks';
import pug from 'pug';

/** One engine: how an app is given it, and the same pages as it writes them. */
export interface Kitchen {
  readonly name: string;
  readonly extension: string;
  /** Waits for a shared store, or cannot. */
  readonly isAsync: boolean;
  /** What warnings advise, in words of its templates: whom a fragment is for, and what tells the items of a loop apart. */
  readonly words: { readonly whom: string; readonly apart: string };
  readonly pages: Readonly<Record<string, string>>;
  install(app: Express, views: string, options: FragmentsOptions): void;
}

/**
 * The pages that every engine has. `made` counts what is rendered, `text` has something to escape.
 *
 * - `page`: `outer` with `inner` in it, each of a tag of its name
 * - `mine`: varies by `who`
 * - `hello`: shows the visitor, and does not say whom it is for; `named` says so; `shown` says that it is for everybody
 * - `failing`: throws while `isBroken`
 * - `loop`: a loop over `items` that does not tell them apart
 * - `loaded`: waits for `load()`, in engines that can
 */
const EJS: Kitchen = {
  name: 'EJS',
  extension: 'ejs',
  isAsync: true,
  words: {
    whom: 'visitor: user.id, or shared: true',
    apart: 'vary: city.id; or ask for the list with cache.each(…)',
  },
  pages: {
    page: `<main><%- await cache('outer', { ttl: 60, tags: 'outer' }, () => include('outer')) %></main>`,
    outer: `<p><%= made('outer') %> <%= text %> <%- await cache('inner', { ttl: 60, tags: ['inner'] }, () => include('inner')) %></p>`,
    inner: `<i><%= made('inner') %></i>`,
    mine: `<%- await cache('mine', { ttl: 60, vary: who }, () => include('mine-part')) %>`,
    'mine-part': `<%= made('mine') %>`,
    hello: `<%- await cache('hello', { ttl: 60 }, () => include('hello-part')) %>`,
    named: `<%- await cache('named', { ttl: 60, visitor: user?.id }, () => include('hello-part')) %>`,
    'hello-part': `<%= made('hello') %> <%= user ? user.name : 'nobody' %>`,
    shown: `<%- await cache('shown', { ttl: 60, shared: true }, () => include('shown-part')) %>`,
    'shown-part': `<%= made('shown') %> <%= nickname %>`,
    failing: `<%- await cache('failing', { ttl: 60 }, () => include('failing-part')) %>`,
    'failing-part': `<%= made('failing') %><% if (broken.is) fail() %>`,
    loaded: `<%- await cache('loaded', { ttl: 60 }, async () => include('loaded-part', { rows: await load() })) %>`,
    'loaded-part': `<%= made('loaded') %> <%= rows %>`,
    list: `<ul><%- await cache.each(items, (item) => ({ name: 'item', key: item.id, ttl: 60, tags: 'items#' + item.id }), (item) => include('item', { item })) %></ul>`,
    loop: `<% for (const item of items) { %><%- await cache('row', { ttl: 60 }, () => include('row', { item })) %><% } %>`,
    row: `<b><%= item.name %></b>`,
    item: `<li><%= made('item') %> <%= item.name %></li>`,
  },
  install(app) {
    app.engine('ejs', ejsFragments(ejs));
  },
};

const ETA: Kitchen = {
  name: 'Eta',
  extension: 'eta',
  isAsync: true,
  words: {
    whom: 'visitor: user.id, or shared: true',
    apart: 'vary: city.id; or ask for the list with it.cache.each(…)',
  },
  pages: {
    page: `<main><%~ await it.cache('outer', { ttl: 60, tags: 'outer' }, () => includeAsync('./outer')) %></main>`,
    outer: `<p><%= it.made('outer') %> <%= it.text %> <%~ await it.cache('inner', { ttl: 60, tags: ['inner'] }, () => captureAsync(async () => { %><i><%= it.made('inner') %></i><% })) %></p>`,
    mine: `<%~ await it.cache('mine', { ttl: 60, vary: it.who }, () => includeAsync('./mine-part')) %>`,
    'mine-part': `<%= it.made('mine') %>`,
    hello: `<%~ await it.cache('hello', { ttl: 60 }, () => includeAsync('./hello-part')) %>`,
    named: `<%~ await it.cache('named', { ttl: 60, visitor: it.user?.id }, () => includeAsync('./hello-part')) %>`,
    'hello-part': `<%= it.made('hello') %> <%= it.user ? it.user.name : 'nobody' %>`,
    shown: `<%~ await it.cache('shown', { ttl: 60, shared: true }, () => includeAsync('./shown-part')) %>`,
    'shown-part': `<%= it.made('shown') %> <%= it.nickname %>`,
    failing: `<%~ await it.cache('failing', { ttl: 60 }, () => includeAsync('./failing-part')) %>`,
    'failing-part': `<%= it.made('failing') %><% if (it.broken.is) it.fail() %>`,
    loaded: `<%~ await it.cache('loaded', { ttl: 60 }, async () => includeAsync('./loaded-part', { rows: await it.load() })) %>`,
    'loaded-part': `<%= it.made('loaded') %> <%= it.rows %>`,
    loop: `<% for (const item of it.items) { %><%~ await it.cache('row', { ttl: 60 }, () => captureAsync(async () => { %><b><%= item.name %></b><% })) %><% } %>`,
    list: `<ul><%~ await it.cache.each(it.items, (item) => ({ name: 'item', key: item.id, ttl: 60, tags: 'items#' + item.id }), (item) => captureAsync(async () => { %><li><%= it.made('item') %> <%= item.name %></li><% })) %></ul>`,
  },
  install(app, views) {
    app.engine('eta', etaFragments(new Eta({ views })));
  },
};

const NUNJUCKS: Kitchen = {
  name: 'Nunjucks',
  extension: 'njk',
  isAsync: true,
  words: {
    whom: 'visitor=user.id, or shared=true',
    apart: "vary=city.id; or ask for the list with {% cacheeach city in cities, 'city', key=city.id %}",
  },
  pages: {
    page: `<main>{% cache 'outer', ttl=60, tags='outer' %}{% include 'outer.njk' %}{% endcache %}</main>`,
    outer: `<p>{{ made('outer') }} {{ text }} {% cache 'inner', ttl=60, tags=['inner'] %}<i>{{ made('inner') }}</i>{% endcache %}</p>`,
    mine: `{% cache 'mine', 60, vary=who %}{{ made('mine') }}{% endcache %}`,
    hello: `{% cache 'hello', ttl=60 %}{% include 'hello-part.njk' %}{% endcache %}`,
    named: `{% cache 'named', ttl=60, visitor=user.id %}{% include 'hello-part.njk' %}{% endcache %}`,
    'hello-part': `{{ made('hello') }} {{ user.name if user else 'nobody' }}`,
    shown: `{% cache 'shown', ttl=60, shared=true %}{{ made('shown') }} {{ nickname }}{% endcache %}`,
    failing: `{% cache 'failing', ttl=60 %}{{ made('failing') }}{% if broken.is %}{{ fail() }}{% endif %}{% endcache %}`,
    loaded: `{% cache 'loaded', ttl=60 %}{{ made('loaded') }} {{ loaded | awaited }}{% endcache %}`,
    loop: `{% for item in items %}{% cache 'row', ttl=60 %}<b>{{ item.name }}</b>{% endcache %}{% endfor %}`,
    list: `<ul>{% cacheeach item in items, 'item', key=item.id, ttl=60, tags='items#' + item.id %}<li>{{ made('item') }} {{ item.name }}</li>{% endcacheeach %}</ul>`,
  },
  install(app, views) {
    const environment = nunjucks.configure(views, { express: app, autoescape: true, noCache: true });
    const awaited = (value: () => Promise<string>, done: (error: unknown, value?: string) => void): void => {
      value().then((text) => done(null, text), done);
    };
    environment.addFilter('awaited', awaited, true);
    nunjucksFragments(environment);
  },
};

const HANDLEBARS: Kitchen = {
  name: 'Handlebars',
  extension: 'handlebars',
  isAsync: false,
  words: { whom: 'visitor=user.id, or shared=true', apart: 'vary=this.id' },
  pages: {
    page: `<main>{{#cache "outer" ttl=60 tags="outer"}}{{> outer}}{{/cache}}</main>`,
    'partials/outer': `<p>{{made "outer"}} {{text}} {{#cache "inner" ttl=60 tags="inner"}}<i>{{made "inner"}}</i>{{/cache}}</p>`,
    mine: `{{#cache "mine" 60 vary=who}}{{made "mine"}}{{/cache}}`,
    hello: `{{#cache "hello" ttl=60}}{{made "hello"}} {{#if user}}{{user.name}}{{else}}nobody{{/if}}{{/cache}}`,
    named: `{{#cache "named" ttl=60 visitor=user.id}}{{made "hello"}} {{user.name}}{{/cache}}`,
    shown: `{{#cache "shown" ttl=60 shared=true}}{{made "shown"}} {{nickname}}{{/cache}}`,
    loop: `{{#each items}}{{#cache "row" ttl=60}}<b>{{name}}</b>{{/cache}}{{/each}}`,
    failing: `{{#cache "failing" ttl=60}}{{made "failing"}}{{#if broken.is}}{{fail 1}}{{/if}}{{/cache}}`,
  },
  install(app) {
    // One of its own, as helpers are.
    const handlebars = Handlebars.create();
    const engine = handlebarsEngine({ handlebars: handlebars as typeof Handlebars, defaultLayout: false });
    app.engine('handlebars', handlebarsFragments(handlebars, engine));
  },
};

const PUG: Kitchen = {
  name: 'Pug',
  extension: 'pug',
  isAsync: false,
  words: { whom: 'visitor: user.id, or shared: true', apart: 'vary: city.id' },
  pages: {
    page: `main\n  +cache('outer', { ttl: 60, tags: 'outer' })\n    include outer`,
    outer: `p #{made('outer')} #{text} \n  +cache('inner', { ttl: 60, tags: ['inner'] })\n    i= made('inner')`,
    mine: `+cache('mine', { ttl: 60, vary: who })= made('mine')`,
    hello: `+cache('hello', { ttl: 60 })\n  = made('hello')\n  |  #{user ? user.name : 'nobody'}`,
    named: `+cache('named', { ttl: 60, visitor: user && user.id })\n  = made('hello')\n  |  #{user && user.name}`,
    shown: `+cache('shown', { ttl: 60, shared: true })\n  = made('shown')\n  |  #{nickname}`,
    loop: `each item in items\n  +cache('row', { ttl: 60 })\n    b= item.name`,
    failing: `+cache('failing', { ttl: 60 })\n  = made('failing')\n  if broken.is\n    = fail()`,
  },
  install(app) {
    app.engine('pug', pugFragments(pug));
  },
};

/** The engines, for `describe.each`. */
export const kitchens: readonly (readonly [name: string, kitchen: Kitchen])[] = [
  EJS,
  ETA,
  NUNJUCKS,
  HANDLEBARS,
  PUG,
].map((kitchen) => [kitchen.name, kitchen]);
