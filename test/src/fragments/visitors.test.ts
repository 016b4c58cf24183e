import { describe, expect, it } from '@jest/globals';
import { fragmentsOf } from '@viewcache/express';
import type { RequestHandler, Response } from 'express';
import { countdown, gate } from '../support/gate.js';
import { closeAfterEach } from '../support/site.js';
import { type Kitchen, kitchens } from './kitchens.js';
import { type Laid, lay, login, type Table } from './table.js';

closeAfterEach();

const [[, ejs]] = kitchens as [(typeof kitchens)[number]];

/** A page of EJS that is one fragment. */
function layOne(html: string, options: string, laid: Laid = {}): Promise<Table> {
  const kitchen: Kitchen = {
    ...ejs,
    pages: { one: `<%- await cache('one', ${options}, () => include('part')) %>`, part: `<%= made('one') %> ${html}` },
  };
  return lay(kitchen, { front: [login], ...laid });
}

const as = (name: string) => ({ 'x-who': name });

/** What says that it is the same for everybody, and is not believed where it is seen not to be. */
const SHARED = '{ ttl: 60, shared: true }';

/** Whether a fragment that one visitor has seen is what another one sees. */
async function isShared({ get }: Table): Promise<boolean> {
  const [first, second] = [await get('/one', as('Grace')), await get('/one', as('Edith'))];
  return first === second;
}

const middleware =
  (put: (name: string | undefined) => { req?: object; locals?: object }): RequestHandler =>
  (req, res, next) => {
    const { req: own, locals } = put(req.get('x-who'));
    Object.assign(req, own);
    Object.assign(res.locals, locals);
    next();
  };

/** A class that keeps its fields to itself, as what stands in its place does not. */
class Account {
  readonly #plan: string;
  constructor(plan: string) {
    this.#plan = plan;
  }
  get plan(): string {
    return this.#plan;
  }
  label(): string {
    return `on ${this.#plan}`;
  }
}

describe('a fragment that is said to be the same for everybody is not stored', () => {
  const put = {
    'an object in res.locals': [
      `<%= account.label() + account.plan %>`,
      middleware((name) => ({ locals: { account: new Account(name === 'Grace' ? 'free' : 'paid') } })),
      'res.locals.account',
    ],
    'a function in res.locals': [
      `<%= t('hi') %>`,
      middleware(() => ({ locals: { t: () => 'Hello' } })),
      'res.locals.t',
    ],
    'a session': [`<%= session.cart.length %>`, middleware(() => ({ req: { session: { cart: [] } } })), 'req.session'],
    'what hangs on req.user, under another name': [
      `<%= settings_.theme %>`,
      middleware(() => ({ req: { user: { id: 1, settings: { theme: 'dark' } } } })),
      'req.user',
    ],
    'whether he may, and shows nothing of him': [
      `<%= user.isAdmin ? 'delete' : '' %>`,
      middleware((name) => ({ req: { user: { id: name, isAdmin: true } } })),
      'req.user',
    ],
    'what a handler has looked up by his id': [
      `<%= theirs.phone %>`,
      middleware((name) => ({ req: { user: { id: name } } })),
      'local theirs',
    ],
    'a token that it shows': [
      `<%= csrf_token %>`,
      middleware((name) => ({ locals: { csrf_token: `t0k-${name}` } })),
      'res.locals.csrf_token',
    ],
    'a name that a handler has worked out': [
      `<%= hello %>`,
      middleware((name) => ({ req: { user: { id: 7, firstName: name } } })),
      'req.user',
    ],
  } satisfies Record<string, [string, RequestHandler, string]>;

  it.each(Object.entries(put))('where it reads %s', async (_what, [html, front, input]) => {
    const table = await layOne(html, SHARED, {
      front: [front],
      routes(app, locals) {
        app.get('/one', (req, res) => {
          const user = Reflect.get(req, 'user') as { id?: string; settings?: object; firstName?: string } | undefined;
          const session: unknown = Reflect.get(req, 'session');
          const theirs = { userId: user?.id, phone: '555' };
          const given = {
            theirs,
            settings_: user?.settings,
            hello: `Hi ${user?.firstName}!`,
            ...(session ? { session } : {}),
          };
          res.render('one', { ...locals(req), ...given });
        });
      },
    });
    expect(await isShared(table)).toBe(false);
    expect(table.count('one')).toBe(2);
    expect(table.warnings().join()).toContain(`made of ${input}`);
  });

  it('and one that waits for it is given his own', async () => {
    const come = countdown(2);
    const held = gate();
    const front: RequestHandler = (_req, _res, next) => {
      come.count();
      next();
    };
    const table = await layOne(`<% await load() %><%= user.name %>`, SHARED, { front: [login, front] });
    table.locals['load'] = () => held.passed;
    const both = Promise.all([table.get('/one', as('Grace')), table.get('/one', as('Edith'))]);
    await come.passed;
    held.open();
    expect((await both).map((html) => html.split(' ')[1])).toEqual(['Grace', 'Edith']);
  });

  it('is his alone where it throws: each of those who wait for it renders it for himself', async () => {
    const come = countdown(2);
    const held = gate();
    const front: RequestHandler = (_req, _res, next) => {
      come.count();
      next();
    };
    const table = await layOne(`<% await load(); fail(whose) %>`, SHARED, {
      front: [front],
      routes(app, locals) {
        const fail = (whose: string) => {
          throw new Error(`no card for ${whose}!`);
        };
        app.get('/one', (req, res) => res.render('one', { ...locals(req), fail, whose: req.get('x-who') }));
      },
    });
    table.locals['load'] = () => held.passed;
    const both = Promise.all([table.get('/one', as('Grace')), table.get('/one', as('Edith'))]);
    await come.passed;
    held.open();
    expect((await both).map((text) => /no card for (\w+)!/.exec(text)?.[1])).toEqual(['Grace', 'Edith']);
  });

  it('shows what any engine has escaped in its own way', async () => {
    const html = `<%- name.replaceAll("'", '&#x27;') %>`;
    const front = middleware(() => ({ req: { session: { name: "Conan O'Brien" } } }));
    const table = await layOne(html, SHARED, {
      front: [front],
      routes(app, locals) {
        app.get('/one', (req, res) => res.render('one', { ...locals(req), name: "Conan O'Brien" }));
      },
    });
    expect(await isShared(table)).toBe(false);
  });

  it('is nothing at all for what ignore names', async () => {
    const front = middleware(() => ({ locals: { t: () => 'Hello' } }));
    const table = await layOne(`<%= t('hi') %>`, SHARED, { front: [front], fragments: { ignore: ['res.locals.t'] } });
    expect(await isShared(table)).toBe(true);
  });
});

describe('what stands in the place of what a template is given', () => {
  it('does what that does', async () => {
    const of = new Date(0);
    const map = new Map([['a', 1]]);
    const list = Object.freeze([{ name: 'x' }]);
    const shown = new Account('free');
    const front = middleware(() => ({ locals: { of, map, list, shown, frozen: Object.freeze({ f: () => 'f' }) } }));
    const html = [
      `<%= Object.prototype.toString.call(of) %> <%= of.getTime() %> <%= [...map].join() %> <%= map.get('a') %>`,
      `<%= list.map(({ name }) => name).join() %> <%= Array.isArray(list) %> <%= shown.label() %> <%= frozen.f() %>`,
      `<%= JSON.stringify({ list, frozen }) %> <%= Object.keys(frozen) %> <%= 'f' in frozen %>`,
    ].join(' ');
    const { get } = await layOne(html, '60', { front: [front] });
    expect((await get('/one')).replaceAll('&#34;', '"')).toBe(
      'one:1 [object Date] 0 a,1 1 x true on free f {"list":[{"name":"x"}],"frozen":{}} f true',
    );
  });
});

describe('what is rendered for nobody', () => {
  it.each([
    ['req.user', middleware((name) => (name === undefined ? {} : { req: { user: { id: name } } }))],
    [
      'res.locals.currentUser',
      middleware((name) => (name === undefined ? {} : { locals: { currentUser: { id: name } } })),
    ],
    ['a session', middleware((name) => ({ req: { session: { ...(name === undefined ? {} : { userId: 7 }) } } }))],
  ])('is not shown to somebody who is known by %s, nor the other way', async (_what, front) => {
    const table = await layOne('', '60', { front: [front] });
    expect(await table.get('/one')).toBe('one:1 ');
    expect(await table.get('/one', as('Ada'))).toBe('one:2 ');
    expect(await table.get('/one')).toBe('one:1 ');
    expect(await table.get('/one', as('Grace'))).toBe('one:3 ');
  });

  it.each([
    ['a cookie', { cookie: 'theme=dark' }],
    ['Authorization', { authorization: 'Bearer 7' }],
    ['the user of a proxy', { 'x-forwarded-user': 'Ada' }],
    ['a token', { 'x-api-key': '7' }],
    ['a token of the app', { 'x-amzn-oidc-accesstoken': '7' }],
    ['a certificate that a proxy has seen', { 'client-cert': ':7:' }],
    ['the name of one', { 'x-ssl-client-s-dn': 'CN=Ada' }],
    ['a customer whom a gateway knows', { 'x-customer-id': '7' }],
    ['a key with an underscore', { api_key: '7' }],
  ])("is not shown to a request with %s, which may be somebody's", async (_what, headers) => {
    const table = await layOne('', '60');
    expect(await table.get('/one')).toBe('one:1 ');
    expect(await table.get('/one', headers)).toBe('one:2 ');
    expect(await table.get('/one', headers)).toBe('one:3 ');
    expect(await table.get('/one')).toBe('one:1 ');
  });
});

describe('what a template is given', () => {
  it.each([
    'userId',
    'user_id',
    'uid',
    'username',
    'accountId',
    'customer_id',
    'memberid',
    'loggedIn',
    'isAuthenticated',
  ])('makes somebody known by the name %s, if there is anything in it', async (name) => {
    const table = await layOne('', '60');
    const get = async (value: unknown) => {
      table.locals[name] = value;
      return await table.get('/one');
    };
    expect([await get(undefined), await get(41), await get(42), await get(false)]).toEqual([
      'one:1 ',
      'one:2 ',
      'one:3 ',
      'one:1 ',
    ]);
  });

  it('makes nobody known by a function that could say it, as that of Passport', async () => {
    const table = await layOne('', '60');
    table.locals['isAuthenticated'] = () => false;
    expect([await table.get('/one'), await table.get('/one')]).toEqual(['one:1 ', 'one:1 ']);
  });

  it('is looked for in what is said to be the same for everybody, by such a name', async () => {
    const table = await layOne('<%= username %>', SHARED);
    for (const name of ['Ada Lovelace', 'Grace Hopper']) {
      table.locals['username'] = name;
      expect(await table.get('/one')).toContain(name);
    }
    expect(table.warnings().join()).toContain('made of local username');
  });
});

describe('what is rendered for a browser', () => {
  it('is rendered for all of them alike, who are nobody by what browsers and proxies send', async () => {
    const table = await layOne('', '60');
    const headers = {
      'user-agent': 'x',
      'sec-fetch-user': '?1',
      'x-forwarded-for': '127.0.0.1',
      'x-appengine-user-ip': '127.0.0.1',
      'accept-language': 'de',
      'upgrade-insecure-requests': '1',
    };
    for (let i = 0; i < 2; i++) expect(await table.get('/one', headers)).toBe('one:1 ');
  });

  it('is rendered for all of them alike, where ignore names what a gateway adds to each request', async () => {
    const table = await layOne('', '60', { fragments: { ignore: ['header x-tenant-id'] } });
    for (let i = 0; i < 2; i++) expect(await table.get('/one', { 'x-tenant-id': '7' })).toBe('one:1 ');
    expect(await table.get('/one', { 'x-tenant-id': '7', 'x-user': '7' })).toBe('one:2 ');
  });

  it.each<[string, string, (res: Response) => void]>([
    ['that is given a cookie', 'GET', (res) => res.cookie('token', '7')],
    ['that has sent a form', 'POST', () => {}],
  ])('is for nobody else where it is for one %s', async (_what, method, answer) => {
    const table = await layOne('', '60', {
      routes(app, locals) {
        app.all('/form', (req, res) => {
          answer(res);
          res.render('one', locals(req));
        });
      },
    });
    const send = async () => await (await fetch(`${table.site.url}/form`, { method })).text();
    expect([await send(), await send(), await table.get('/one')]).toEqual(['one:1 ', 'one:2 ', 'one:3 ']);
  });
});

describe('fragments within one another', () => {
  const nested = (outer: string, inner: string): Kitchen => ({
    ...ejs,
    pages: {
      one: `<%- await cache('around', ${outer}, () => include('around')) %>`,
      around: `<%= made('around') %> <%- await cache('inner', ${inner}, () => include('inner')) %>`,
      inner: `<%= made('inner') %>`,
    },
  });
  const mine = '{ ttl: 60, visitor: user?.name }';
  const sharedAndMine: readonly (readonly [string, string])[] = [
    [SHARED, mine],
    [SHARED, '60'],
    ['60', `{ ttl: 60, visitor: 'x' }`],
  ];

  it.each(sharedAndMine)("are not stored around what is one visitor's: %s around %s", async (outer, inner) => {
    const table = await lay(nested(outer, inner), { front: [login] });
    const first = outer === '60' ? {} : as('Ada');
    await table.get('/one', first);
    expect(await table.get('/one', first)).toMatch(/^around:2 /);
    expect(await table.get('/one', outer === '60' ? {} : as('Grace'))).toMatch(/^around:3 /);
    expect(table.warnings().join()).toContain('fragment around: within it is a fragment for one visitor');
  });

  it.each([
    [mine, SHARED],
    [mine, mine],
    [mine, '60'],
  ])('are stored around what is for him or for everybody: %s around %s', async (outer, inner) => {
    const table = await lay(nested(outer, inner), { front: [login] });
    const html = await table.get('/one', as('Ada'));
    expect(await table.get('/one', as('Ada'))).toBe(html);
    expect(await table.get('/one', as('Grace'))).toMatch(/^around:2 /);
  });

  it.each([
    [SHARED, mine],
    [SHARED, '60'],
    ['{ ttl: 60, visitor: 7 }', mine],
  ])(
    'are not stored around what is for nobody, and is another one as soon as somebody is known: %s around %s',
    async (outer, inner) => {
      const kitchen = nested(outer, inner);
      const part = `<%= made('inner') %> <%= user ? 'log out' : 'log in' %>`;
      const { get } = await lay({ ...kitchen, pages: { ...kitchen.pages, inner: part } }, { front: [login] });
      expect(await get('/one')).toBe('around:1 inner:1 log in');
      expect(await get('/one', as('Ada'))).toBe('around:2 inner:2 log out');
      // What is for nobody is found, though.
      expect(await get('/one')).toBe('around:3 inner:1 log in');
    },
  );

  it('are stored for nobody around what is for nobody', async () => {
    const { get } = await lay(nested('60', mine), { front: [login] });
    for (let i = 0; i < 2; i++) expect(await get('/one')).toBe('around:1 inner:1');
    expect(await get('/one', as('Ada'))).toBe('around:2 inner:2');
  });

  it('are not stored for one visitor around what is for another one', async () => {
    const table = await lay(nested(`{ ttl: 60, visitor: 7 }`, `{ ttl: 60, visitor: 8 }`), { front: [login] });
    await table.get('/one', as('Ada'));
    expect(await table.get('/one', as('Ada'))).toBe('around:2 inner:1');
  });
});

describe('fragmentsOf', () => {
  it('keeps html that no engine has made, and looks at what that shows', async () => {
    let made = 0;
    const table = await layOne('', '60', {
      routes(app) {
        app.get('/free', async (req, res) => {
          const cache = fragmentsOf(res);
          const { name } = Reflect.get(req, 'user') as { name: string };
          const open = await cache('open', { ttl: 60, shared: true }, () => `open ${++made}`);
          res.send(`${open}, ${await cache('own', 60, () => Promise.resolve(`${name} ${++made}`))}`);
        });
      },
    });
    expect(await table.get('/free', as('Ada'))).toBe('open 1, Ada 2');
    expect(await table.get('/free', as('Grace'))).toBe('open 1, Grace 3');
  });
});
