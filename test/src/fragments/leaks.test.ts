import { describe, expect, it } from '@jest/globals';
import { fragmentsOf } from '@viewcache/express';
import type { Request, RequestHandler, Response } from 'express';
import { closeAfterEach } from '../support/site.js';
import { type Kitchen, kitchens } from './kitchens.js';
import { lay, type Table } from './table.js';

closeAfterEach();

const [[, ejs]] = kitchens as [(typeof kitchens)[number]];

/** Two visitors of whom nothing is alike; nobody asks without a name. */
const users: Readonly<Record<string, User>> = {
  Li: { id: 7, name: 'Li', debt: 1234, prefs: { debt: 1234 } },
  Bo: { id: 8, name: 'Bo', debt: 5, prefs: { debt: 5 } },
};

interface User {
  readonly id: number;
  readonly name: string;
  readonly debt: number;
  readonly prefs: { readonly debt: number };
}

/** One way by which what is one visitor's has come into a fragment that says nothing of him. */
interface Leak {
  readonly page: string;
  /** What middleware puts on the request, or into `res.locals`. */
  put(user: User, res: Response): object;
  /** What the template is given. */
  give(user: User, req: Request): object;
}

const asUser = (user: User) => ({ user });

const leaks: Readonly<Record<string, Leak>> = {
  'a row that happens to have his id': {
    page: `<%- await cache('one', { ttl: 60, vary: row.id }, () => row.id === user.id ? 'owes ' + user.debt : '') %>`,
    put: asUser,
    give: (user) => ({ user, row: { id: 7 } }),
  },
  'rows of a list, one of which has his id': {
    page: `<%- await cache.each([{ id: 7 }], (row) => ({ name: 'one', key: row.id, ttl: 60 }), () => 'owes ' + user.debt) %>`,
    put: asUser,
    give: asUser,
  },
  'an object taken out of him before': {
    page: `<% const { prefs } = user; %><%- await cache('one', 60, () => 'owes ' + prefs.debt) %>`,
    put: asUser,
    give: asUser,
  },
  'the lines of his cart': {
    page: `<%- await cache.each(cart.lines, (line) => ({ name: 'one', key: line.of, ttl: 60 }), (line) => 'owes ' + line.debt) %>`,
    put: ({ id, debt }) => ({ session: { userId: id, cart: { lines: [{ of: 'tea', debt }] } } }),
    give: (_user, req) => ({ cart: (Reflect.get(req, 'session') as unknown as { cart: object }).cart }),
  },
  'a local called settings': {
    page: `<%- await cache('one', 60, () => 'owes ' + settings.debt) %>`,
    put: asUser,
    give: ({ prefs }) => ({ settings: prefs }),
  },
  'a local called settings, in what is said to be for everybody': {
    page: `<%- await cache('one', { ttl: 60, shared: true }, () => 'owes ' + settings.debt) %>`,
    put: asUser,
    give: ({ prefs }) => ({ settings: prefs }),
  },
  'a name of two letters': {
    page: `<%- await cache('one', 60, () => hello) %>`,
    put: asUser,
    give: ({ name }) => ({ hello: `Hello ${name}` }),
  },
  'a session that has him as a text': {
    page: `<%- await cache('one', 60, () => 'Hello ' + who) %>`,
    put: ({ name }) => ({ session: { user: name } }),
    give: ({ name }) => ({ who: name }),
  },
  'what a handler has looked up by his id': {
    page: `<%- await cache('one', 60, () => 'owes ' + rows.map((row) => row.debt)) %>`,
    put: asUser,
    give: ({ debt }) => ({ rows: [{ debt }] }),
  },
  'what he shares with others, and another thing that he does not': {
    page: `<%- await cache('one', { ttl: 60, vary: user.role }, () => 'owes ' + user.debt) %>`,
    put: (user) => ({ user: { ...user, role: 'editor' } }),
    give: (_user, req) => ({ user: Reflect.get(req, 'user') }),
  },
};

const as = (name: string) => ({ 'x-who': name });

function layLeak({ page, put, give }: Leak): Promise<Table> {
  const kitchen: Kitchen = { ...ejs, pages: { one: page } };
  const front: RequestHandler = (req, res, next) => {
    const user = users[String(req.get('x-who'))];
    if (user !== undefined) Object.assign(req, put({ ...user }, res));
    next();
  };
  return lay(kitchen, {
    front: [front],
    routes(app, locals) {
      app.get('/one', (req, res) => {
        const user = users[String(req.get('x-who'))];
        res.render('one', { ...locals({}), ...(user === undefined ? {} : give({ ...user }, req)) });
      });
    },
  });
}

describe("what is one visitor's is shown to nobody else", () => {
  it.each(Object.entries(leaks))('by %s', async (_what, leak) => {
    const { get } = await layLeak(leak);
    const first = await get('/one', as('Li'));
    expect(first).toMatch(/owes 1234|Hello Li/);
    expect(await get('/one', as('Bo'))).not.toBe(first);
  });

  it.each<[string, (user: User, res: Response) => object]>([
    ['req.currentUser', (user) => ({ currentUser: user })],
    [
      'another property of the request and res.locals',
      (user, res) => {
        res.locals['currentUser'] = user;
        return { somebody: user };
      },
    ],
  ])('nor to nobody, who is known by %s', async (_what, put) => {
    const { get } = await layLeak({
      page: `<%- await cache('one', 60, () => locals.currentUser ? 'members' : 'log in') %>`,
      put,
      give: (_user, req) =>
        Reflect.get(req, 'currentUser') === undefined ? {} : { currentUser: Reflect.get(req, 'currentUser') },
    });
    expect(await get('/one', as('Li'))).toBe('members');
    expect(await get('/one')).toBe('log in');
    expect(await get('/one', as('Li'))).toBe('members');
  });

  it('by fragmentsOf, which finds him in res.locals', async () => {
    const { get } = await lay(ejs, {
      routes(app) {
        app.get('/one', async (req, res) => {
          const user = users[String(req.get('x-who'))];
          if (user !== undefined) res.locals['user'] = user;
          res.send(await fragmentsOf(res)('one', 60, () => `owes ${user?.debt}`));
        });
      },
    });
    expect([await get('/one', as('Li')), await get('/one', as('Bo')), await get('/one')]).toEqual([
      'owes 1234',
      'owes 5',
      'owes undefined',
    ]);
  });

  it('where a fragment was asked for before he was known', async () => {
    const { get } = await lay(ejs, {
      behind: [
        (req, res, next) => {
          const logIn = () => {
            if (req.get('x-who') !== undefined) Object.assign(req, { user: { id: 7 } });
            next();
          };
          fragmentsOf(res)('top', 60, () => 'top').then(logIn, next);
        },
      ],
      routes(app) {
        app.get('/one', async (req, res) => {
          const isMember = Reflect.get(req, 'user') !== undefined;
          res.send(await fragmentsOf(res)('one', 60, () => (isMember ? 'members' : 'log in')));
        });
      },
    });
    expect([await get('/one', as('Li')), await get('/one')]).toEqual(['members', 'log in']);
    expect(await get('/one', as('Li'))).toBe('members');
  });

  it('where he became known while a fragment was rendered', async () => {
    const { get, warnings } = await lay(ejs, {
      routes(app) {
        app.get('/one', async (req, res) => {
          const render = async () => {
            if (req.get('x-who') !== undefined) Object.assign(req, { user: await Promise.resolve({ id: 7 }) });
            return Reflect.get(req, 'user') === undefined ? 'log in' : 'members';
          };
          res.send(await fragmentsOf(res)('one', 60, render));
        });
      },
    });
    expect([await get('/one', as('Li')), await get('/one')]).toEqual(['members', 'log in']);
    expect(warnings()).toEqual([expect.stringContaining('somebody may have become known while it was rendered')]);
  });
});
