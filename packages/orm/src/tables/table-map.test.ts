import { describe, expect, it } from '@jest/globals';
import type { Change, Reference } from './table.js';
import { TableMap } from './table-map.js';

const named = (text: string) => {
  const [table = '', schema] = text.split('.').reverse();
  return { table, schema };
};

const refers = (from: string, onDelete: Reference['onDelete'], onUpdate: Reference['onUpdate'] = 'none') => ({
  from: named(from),
  onDelete,
  onUpdate,
});

function following(map: TableMap, name: string, change: Change): string[] {
  const [table] = map.of(named(name));
  if (table === undefined) throw new Error(`no ${name}`);
  return map
    .changedWith(table, change)
    .map(({ spellings }) => spellings.tag)
    .sort();
}

describe('what changes along with a table', () => {
  it('is what a foreign key leads to, as far as rows go with rows', () => {
    const map = new TableMap();
    map.describe([
      { name: 'users', referredBy: [refers('posts', 'cascade'), refers('profiles', 'set'), refers('logs', 'none')] },
      { name: 'posts', referredBy: [refers('comments', 'cascade')] },
      { name: 'profiles', referredBy: [refers('pictures', 'cascade')] },
    ]);
    expect(following(map, 'users', 'delete')).toEqual(['comments', 'posts', 'profiles']);
    expect(following(map, 'users', 'key')).toEqual([]);
    expect(following(map, 'users', 'other')).toEqual([]);
    expect(following(map, 'users', 'all')).toEqual(['comments', 'logs', 'pictures', 'posts', 'profiles']);
  });

  it('ends where foreign keys lead in a circle', () => {
    const map = new TableMap();
    map.describe([
      { name: 'a', referredBy: [refers('b', 'cascade'), refers('a', 'cascade')] },
      { name: 'b', referredBy: [refers('c', 'cascade')] },
      { name: 'c', referredBy: [refers('a', 'cascade')] },
    ]);
    for (const name of ['a', 'b', 'c']) expect(following(map, name, 'delete')).toEqual(['a', 'b', 'c']);
  });

  it('follows keys that are changed, and triggers on whatever is', () => {
    const map = new TableMap();
    map.describe([{ name: 'users', referredBy: [refers('posts', 'none', 'cascade')] }]);
    map.triggers(named('posts'), [named('audit')]);
    expect(following(map, 'users', 'key')).toEqual(['audit', 'posts']);
    expect(following(map, 'posts', 'other')).toEqual(['audit']);
    expect(map.of(named('posts')).some((table) => map.mayActUnseen(table))).toBe(true);
  });

  it('goes by the columns that others refer to, and on where those refer that others refer to in turn', () => {
    const map = new TableMap();
    map.describe([
      { name: 'a', referredBy: [{ ...refers('b', 'set', 'cascade'), to: ['code'], by: ['a_code'] }] },
      { name: 'b', referredBy: [{ ...refers('c', 'none', 'cascade'), to: ['a_code'] }] },
      { name: 'c', pk: ['id'], referredBy: [{ ...refers('d', 'none', 'cascade'), to: 'key' }] },
    ]);
    const sets = (name: string, columns?: string[]) => map.of(named(name)).some((it) => map.setsReferred(it, columns));
    expect([sets('a', ['code']), sets('a', ['name']), sets('a'), sets('d')]).toEqual([true, false, true, false]);
    expect([sets('c', ['id']), sets('c', ['name'])]).toEqual([true, false]);
    expect(following(map, 'a', 'key')).toEqual(['b', 'c', 'd']);
    expect(following(map, 'a', 'delete')).toEqual(['b', 'c', 'd']);
    map.describe([{ name: 'a', referredBy: [{ ...refers('b', 'set', 'cascade'), to: ['code'], by: ['other'] }] }]);
    expect(following(map, 'a', 'delete')).toEqual(['b']);
  });

  it('is known again when more is told', () => {
    const map = new TableMap();
    map.describe([{ name: 'users', referredBy: [] }]);
    expect(following(map, 'users', 'delete')).toEqual([]);
    map.describe([{ name: 'users', referredBy: [refers('posts', 'cascade')] }]);
    expect(following(map, 'users', 'delete')).toEqual(['posts']);
  });
});

describe('the primary key of a table', () => {
  it('is what was told of it, else that of all', () => {
    const map = new TableMap({ pk: ['_id'] });
    map.describe([
      { name: 'users', pk: [] },
      { name: 'logs', pk: ['at'] },
    ]);
    map.describe([{ name: 'users' }]);
    const keys = ['users', 'logs', 'posts'].map((name) => map.of(named(name))[0]?.pk);
    expect(keys).toEqual([['_id'], ['at'], ['_id']]);
    expect(new TableMap().of(named('users'))[0]?.pk).toEqual([]);
  });

  it('has its columns in one order, whoever tells of it', () => {
    const map = new TableMap();
    map.describe([{ name: 'members', pk: ['usr', 'Org', 'at'] }]);
    expect(map.of(named('members'))[0]?.pk).toEqual(['at', 'Org', 'usr']);
  });

  it('is what the database says, also that there is none, unless the app has said it', () => {
    const map = new TableMap();
    map.describe([{ name: 'told', pk: ['code'], saidBy: 'options' }]);
    map.describe(['told', 'users', 'moments'].map((name) => ({ name, pk: ['name'] })));
    map.describe([
      { name: 'told', pk: ['id'], saidBy: 'database' },
      { name: 'users', pk: ['id'], saidBy: 'database' },
      { name: 'moments', pk: [], saidBy: 'database' },
    ]);
    const keys = ['told', 'users', 'moments'].map((name) => map.of(named(name))[0]?.pk);
    expect(keys).toEqual([['code'], ['id'], []]);
  });
});

describe('a table in tags', () => {
  const spelled = (map: TableMap, name: string) => {
    const [table, another] = map.of(named(name));
    if (table === undefined || another !== undefined) throw new Error(`not one ${name}`);
    const { tag, all, alsoRead, alsoWritten } = table.spellings;
    return { read: tag, written: [...all].sort(), alsoRead, alsoWritten };
  };

  it('is read in one spelling, and written in each that anybody reads it by', () => {
    const map = new TableMap({ path: { schemas: ['app', 'public'], isSure: true } });
    map.describe(['app', 'public', 'billing'].map((schema) => ({ name: `of_${schema}`, schema })));
    const [app, outer] = ['app.of_app', 'billing.of_billing'];
    expect(spelled(map, 'of_app')).toEqual({
      read: app,
      written: [app, 'of_app'],
      alsoRead: ['of_app!any'],
      alsoWritten: [],
    });
    const ofPublic = { read: 'of_public', written: ['of_public'], alsoRead: [], alsoWritten: [] };
    expect(spelled(map, 'of_public')).toEqual(ofPublic);
    expect(spelled(map, 'billing.of_billing')).toEqual({
      read: outer,
      written: [outer],
      alsoRead: ['of_billing!any'],
      alsoWritten: ['of_billing!away'],
    });
  });

  it('leaves its bare name to the one of the usual schema, where there is one', () => {
    const map = new TableMap({ path: { schemas: ['app', 'public'], isSure: true } });
    map.describe(['app', 'public'].map((schema) => ({ name: 'users', schema })));
    expect(spelled(map, 'app.users')).toMatchObject({
      read: 'app.users',
      written: ['app.users'],
      alsoWritten: ['users!away'],
    });
    expect(spelled(map, 'public.users')).toMatchObject({ read: 'users', written: ['users'], alsoWritten: [] });
  });

  it('may be any of its name where nobody knows where names are looked up', () => {
    const map = new TableMap({ path: { schemas: ['app'], isSure: false } });
    expect(spelled(map, 'users')).toMatchObject({ read: 'users', written: ['app.users', 'users'] });
    expect(spelled(map, 'users')).toMatchObject({ alsoRead: ['users!away'], alsoWritten: ['users!any'] });
    expect(spelled(map, 'billing.users')).toMatchObject({ read: 'billing.users', alsoWritten: ['users!away'] });
    map.describe([{ name: 'notes', schema: 'billing', pk: ['id'] }]);
    expect(spelled(map, 'notes')).toMatchObject({
      read: 'notes',
      written: ['billing.notes', 'notes'],
      alsoRead: ['notes!away'],
      alsoWritten: ['notes!any'],
    });
    expect(map.of(named('notes'))[0]?.pk).toEqual(['id']);
  });

  it('is in MySQL called in small letters, and written as it was written, too', () => {
    const map = new TableMap({ speaks: 'mysql', path: { schemas: ['Shop'], isSure: true } });
    expect(spelled(map, 'Users')).toMatchObject({
      read: 'users',
      written: ['Shop.Users', 'Users', 'shop.users', 'users'],
      alsoWritten: [],
    });
  });

  it('has in SQLite no schema: each connection may call what it attaches as it likes', () => {
    const map = new TableMap({ speaks: 'sqlite', path: { schemas: ['main', 'aux'], isSure: true } });
    const expected = { read: 'users', alsoRead: [], alsoWritten: [] };
    expect(spelled(map, 'aux.users')).toEqual({ ...expected, written: ['aux.users', 'users'] });
    expect(spelled(map, 'main.users')).toEqual({ ...expected, written: ['users'] });
  });

  it('is the one that was described without a schema, wherever the database has it', () => {
    for (const isFirst of [true, false]) {
      const map = new TableMap({ path: { schemas: ['app', 'ref'], isSure: true } });
      const told = [{ name: 'cities', pk: ['id'], referredBy: [refers('posts', 'cascade')] }];
      if (isFirst) map.describe(told);
      map.describe([{ name: 'cities', schema: 'ref' }]);
      if (!isFirst) map.describe(told);
      expect(spelled(map, 'cities')).toMatchObject({ read: 'ref.cities', written: ['ref.cities'] });
      expect(map.of(named('ref.cities'))[0]?.pk).toEqual(['id']);
      expect(following(map, 'ref.cities', 'delete')).toEqual(['posts']);
    }
  });
});

describe('a name in a statement', () => {
  const tags = (map: TableMap, name: string) => map.of(named(name)).map(({ spellings }) => spellings.tag);

  it('means the table in the first schema of the search path that has it', () => {
    const map = new TableMap({ path: { schemas: ['app', 'public'], isSure: true } });
    map.describe([
      { name: 'users', schema: 'app' },
      { name: 'users', schema: 'public' },
      { name: 'cities', schema: 'public' },
    ]);
    expect(tags(map, 'users')).toEqual(['app.users']);
    expect(tags(map, 'app.users')).toEqual(['app.users']);
    expect(tags(map, 'public.users')).toEqual(['users']);
    expect(tags(map, 'cities')).toEqual(['cities']);
  });

  it('means any of them once the search path moves', () => {
    const map = new TableMap({ path: { schemas: ['public'], isSure: true } });
    map.describe([
      { name: 'users', schema: 'public' },
      { name: 'users', schema: 'billing' },
    ]);
    map.pathMoves();
    expect(tags(map, 'users').sort()).toEqual(['billing.users', 'users']);
    expect(tags(map, 'billing.users')).toEqual(['billing.users']);
  });

  it('means what a view is made of, through views; one that is made of itself ends', () => {
    const map = new TableMap();
    map.stands(named('active'), [named('people')]);
    map.stands(named('people'), [named('users'), named('teams')]);
    expect(tags(map, 'active')).toEqual(['users', 'teams']);
    map.stands(named('loop'), [named('loop')]);
    expect(tags(map, 'loop')).toEqual(['loop']);
  });

  it('is none of the table that it stands for, be it the same in another schema', () => {
    const map = new TableMap({ path: { schemas: ['public'], isSure: true } });
    map.describe([{ name: 'users', schema: 'public' }]);
    map.stands(named('other.users'), [named('public.users')]);
    const [users] = map.of(named('other.users'));
    const names = ['users', 'public.users', 'other.users'];
    expect(names.map((name) => users && map.isNamed(users, named(name)))).toEqual([true, true, false]);
  });

  it('means what was told last, whatever it has meant when somebody asked before', () => {
    const map = new TableMap({ path: { schemas: ['app', 'public'], isSure: true } });
    map.describe([{ name: 'users', schema: 'public' }]);
    expect(tags(map, 'users')).toEqual(['users']);
    map.describe([{ name: 'users', schema: 'app' }]);
    expect(map.of(named('users')).map(({ schema }) => schema)).toEqual(['app']);
    map.stands(named('app.users'), [named('people')]);
    expect(tags(map, 'users')).toEqual(tags(map, 'people'));
    map.pathMoves();
    expect(tags(map, 'users')).toHaveLength(2);
  });

  it('is found among others only where somebody has told of it', () => {
    const map = new TableMap();
    map.describe([{ name: 'users' }]);
    map.stands(named('people'), [named('users')]);
    expect(map.of(named('stranger'))).toHaveLength(1);
    expect(map.among(new Set(['stranger', 'people', 'set'])).map(({ spellings }) => spellings.tag)).toEqual(['users']);
  });

  it('is the same in any letters where the server says so, with its views, triggers, and what refers to it', () => {
    const map = new TableMap({ speaks: 'mysql', path: { schemas: ['Shop'], isSure: true }, isCaseless: true });
    map.describe([{ name: 'Users', schema: 'shop', pk: ['id'], referredBy: [refers('SHOP.Posts', 'cascade')] }]);
    map.stands(named('People'), [named('USERS')]);
    map.triggers(named('Users'), [named('Audit')]);
    expect(['users', 'USERS', 'SHOP.uSers', 'people'].flatMap((name) => tags(map, name))).toEqual(
      Array(4).fill('users'),
    );
    expect(following(map, 'uSERS', 'delete').sort()).toEqual(['audit', 'posts']);
    expect(map.among(new Set(['PEOPLE'])).map(({ spellings }) => spellings.tag)).toEqual(['users']);
    const [users] = map.of(named('USERS'));
    expect(users && [map.isNamed(users, named('Users')), map.isNamed(users, named('People'))]).toEqual([true, false]);
    expect(tags(new TableMap(), 'Users')).toEqual(['Users']);
  });

  it('costs no more memory however many there are', () => {
    const map = new TableMap();
    for (let i = 0; i < 5_000; i++) expect(tags(map, `temporary_${i}`)).toEqual([`temporary_${i}`]);
    expect([...map.all()].length).toBeLessThanOrEqual(1_000);
  });
});
