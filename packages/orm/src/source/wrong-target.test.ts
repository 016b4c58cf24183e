import { describe, expect, it } from '@jest/globals';
import { readWatchOptions } from './read-options.js';
import { wrongTarget } from './wrong-target.js';

const call = (): void => {};

class BoundPool {
  options = {};
  totalCount = 0;
  connect = call;
  query = call;
}

describe('the error for what a watch cannot watch', () => {
  it('says what it is, and not what it has inside', () => {
    expect(wrongTarget('watchDrizzle', new BoundPool(), 'a database of drizzle()').message).toBe(
      "watchDrizzle: a BoundPool is not allowed; use a database of drizzle(); did you mean watchPg() of '@viewcache/orm/pg'?",
    );
  });

  it.each<[string, unknown]>([
    ['watchPrisma', { _originalClient: {} }],
    ['watchTypeOrm', { createQueryRunner: call, getRepository: call }],
    ['watchSequelize', { getDialect: call, addHook: call }],
    ['watchMikroOrm', { em: { getDriver: call } }],
    ['watchKnex', Object.assign(() => {}, { client: { acquireConnection: call } })],
    ['watchKysely', { createDriver: call, createQueryCompiler: call }],
    ['watchDrizzle', { transaction: call, select: call, session: {} }],
    ['watchMongoose', { connection: { openUri: call } }],
    ['watchMongo', { db: call, startSession: call }],
    ['watchPg', { connect: call, query: call, escapeIdentifier: call }],
    ['watchPg', { Pool: call, Client: call }],
    ['watchMysql2', { getConnection: call, query: call, execute: call }],
    ['watchMysql2', { beginTransaction: call, query: call, execute: call }],
    ['watchMysql2', { Pool: call, Connection: call }],
    ['watchBetterSqlite3', { pragma: call, prepare: call, transaction: call }],
    ['watchSqlJs', { prepare: call, getRowsModified: call, export: call }],
  ])('points to %s where that is the one', (right, target) => {
    expect(wrongTarget('watchX', target, 'an X').suggestion).toMatch(new RegExp(`^${right}\\(\\) of '@viewcache/orm/`));
    expect(wrongTarget(right, target, 'an X').suggestion).toBeUndefined();
  });

  it.each([null, undefined, 7, {}, 'postgres://'])('points nowhere for %p', (target) => {
    expect(wrongTarget('watchX', target, 'an X').suggestion).toBeUndefined();
  });
});

describe('the error for an option', () => {
  it.each<[string, unknown, string]>([
    ['null', null, 'watch: null is not allowed; use a cache, or an object with some of cache, namespace'],
    ['log', { log: 'yes' }, "watch.log: 'yes' is not allowed; use true, false, or a function that is handed each line"],
    [
      'opaque',
      { opaque: 'nothing' },
      "watch.opaque: 'nothing' is not allowed; use 'everything', 'ignore', or a function that returns the tables",
    ],
    [
      'pk',
      { tables: { users: { pk: 7 } } },
      "watch.tables.users.pk: 7 is not allowed; use a column, such as 'id', or a list of columns",
    ],
    [
      'cascadesTo',
      { tables: { users: { cascadesTo: 'posts' } } },
      "watch.tables.users.cascadesTo: 'posts' is not allowed; use a list of tables; did you mean ['posts']?",
    ],
  ])('says all that may be given: %s', (_, options, message) => {
    expect(() => readWatchOptions('watch', options)).toThrow(message);
  });
});
