import { describe, expect, it } from '@jest/globals';
import { type CacheEvent, createCache } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { statementsOf } from '../statements/dialect-statements.js';
import type { Dialect } from '../statements/footprint-types.js';
import { writeLine } from '../writes/write-line.js';
import { openSource } from './open-source.js';
import type { Outcome, StatementResult } from './outcome.js';
import { readWatchOptions } from './read-options.js';

const DONE: Outcome = { kind: 'done', results: [] };
const REFUSED: Outcome = { kind: 'failed', isUnknown: false };
const UNKNOWN: Outcome = { kind: 'failed', isUnknown: true };

const ANA = "UPDATE users SET name = 'x' WHERE id = 1";
const RUI = "UPDATE users SET name = 'x' WHERE id = 2";
const USER_1 = ['users', 'users#1'];
const USER_2 = ['users', 'users#2'];

/** A source of a dialect with a connection, and what is invalidated after each statement of it. */
function world(dialect: Dialect) {
  const cache = createCache();
  const tables = { users: { pk: 'id' }, posts: { pk: 'id' } };
  const kind = { name: dialect, dialect, statements: statementsOf(dialect), learns: false };
  const { source, counts } = openSource(readWatchOptions('watch', { cache, tables }), kind);
  const heard: (readonly string[])[] = [];
  cache.on((event) => {
    if (event.type !== 'invalidated') return;
    const tags = event.tags.filter((tag) => !/!(any|away)$/.test(tag));
    heard.push(event.targets.length > 0 ? event.targets : tags.sort());
  });
  const scope = {};
  return {
    counts,
    isOpen: () => source.isOpen(scope),
    /** Carries statements out; what has been invalidated by then. */
    async run(...texts: readonly (string | readonly [sql: string, outcome: Outcome])[]) {
      for (const text of texts) {
        const [sql, outcome] = typeof text === 'string' ? [text, DONE] : text;
        await source.ran(scope, sql, [], outcome);
      }
      return heard.splice(0);
    },
  };
}

function answered(command: string): Outcome {
  const result: StatementResult = { command, affected: undefined };
  return { kind: 'done', results: [result] };
}

describe.each(['postgres', 'mysql', 'sqlite'] as const)('a source of %s', (dialect) => {
  it('delivers what is written outside a transaction at once, and within one when it is committed', async () => {
    const { run, isOpen } = world(dialect);
    expect(await run(ANA)).toEqual([USER_1]);
    expect(await run('BEGIN', ANA, 'SAVEPOINT a', RUI, 'ROLLBACK TO SAVEPOINT a')).toEqual([]);
    expect(await run('COMMIT')).toEqual([USER_1]);
    expect(await run('BEGIN', ANA, 'ROLLBACK', 'COMMIT')).toEqual([]);
    expect(isOpen()).toBe(false);
  });

  it('takes for written what was refused to nobody: an end that was not heard of', async () => {
    const { run, counts } = world(dialect);
    expect(await run([ANA, REFUSED])).toEqual([]);
    expect(await run([ANA, UNKNOWN])).toEqual([USER_1]);
    expect(await run('BEGIN', ANA, [RUI, UNKNOWN], 'ROLLBACK')).toEqual([]);
    expect(await run('BEGIN', ANA, ['COMMIT', UNKNOWN])).toEqual([USER_1]);
    expect(counts()).toMatchObject({ uncertain: 2, failures: 0 });
  });
});

describe('a transaction of SQLite that a statement may have ended by failing', () => {
  const FAILS = ['INSERT OR ROLLBACK INTO users (id) VALUES (1)', REFUSED] as const;

  it('holds nothing back that may be committed already, and tells it again with the commit', async () => {
    const { run } = world('sqlite');
    expect(await run('BEGIN', ANA, FAILS, RUI)).toEqual([USER_2]);
    expect(await run('COMMIT')).toEqual([['users', 'users#1', 'users#2']]);
    expect(await run('BEGIN', ANA, ['INSERT INTO users (id) VALUES (1)', REFUSED], RUI)).toEqual([]);
  });

  it('has ended where another one begins, or where there is none to roll back', async () => {
    const { run, isOpen } = world('sqlite');
    await run('BEGIN', FAILS, ['ROLLBACK', REFUSED]);
    expect(isOpen()).toBe(false);
    expect(await run(ANA)).toEqual([USER_1]);
    await run('BEGIN', FAILS, 'BEGIN');
    expect(await run(ANA)).toEqual([]);
  });
});

describe('the line of a write', () => {
  it('says why everything was invalidated, and what that was the end of', async () => {
    const lines: string[] = [];
    const cache = createCache();
    const kind = { name: 'pg', dialect: 'postgres', statements: statementsOf('postgres'), learns: true } as const;
    const { source, know } = openSource(
      readWatchOptions('watch', { cache, log: (line: string) => lines.push(line) }),
      kind,
    );
    const events: CacheEvent[] = [];
    cache.on((event) => void (event.type === 'invalidated' && events.push(event)));
    const fill = async (): Promise<void> => {
      for (const key of ['a', 'b']) await cache.getOrSet(key, () => 1, { ttl: 60 });
    };
    await fill();
    await source.ran({}, ANA, [], DONE);
    know(() => {});
    await fill();
    await source.ran({}, 'CALL tidy()', [], DONE);
    await source.ran({}, 'CALL tidy()', [], DONE);
    await fill();
    await source.ran({}, 'CALL tidy()', [], UNKNOWN);
    await source.wrote(undefined, { table: 'users', verb: 'update', rows: [[1]] });
    const opaque = 'everything (nobody can tell what it does: see the option opaque)';
    expect(lines).toEqual([
      `viewcache: UPDATE users SET name = ? WHERE id = ? → everything (the tables were not known yet) → 2 dropped: a, b`,
      `viewcache: CALL tidy() → ${opaque} → 2 dropped: a, b`,
      `viewcache: CALL tidy() → ${opaque} → nothing here`,
      `viewcache: CALL tidy() → ${opaque} → 2 dropped: a, b`,
      'viewcache: update users → users, users!bulk → nothing here',
    ]);
    expect(events[1]).toEqual({
      type: 'invalidated',
      tags: [],
      targets: ['all'],
      mode: 'hard',
      durable: true,
      origin: { source: 'pg', statement: 'CALL tidy()', why: 'nobody can tell what it does: see the option opaque' },
      dropped: { count: 2, exact: true, keys: ['a', 'b'] },
    });
  });

  it('says that there is more than was counted', () => {
    const line = (count: number, exact: boolean, keys: string[]) =>
      writeLine({ statement: 'DELETE' }, { tags: ['a'], targets: [] }, { count, exact, keys });
    expect(line(12, false, ['x', 'y'])).toBe('viewcache: DELETE → a → at least 12 dropped: x, y');
    expect(line(0, false, [])).toBe('viewcache: DELETE → a → too much is stored to find what was dropped');
    expect(line(12, true, [])).toBe('viewcache: DELETE → a → 12 dropped');
  });
});

describe('a source of PostgreSQL', () => {
  it('takes back all of a text of which one statement has failed, but for what it has committed itself', async () => {
    const { run } = world('postgres');
    expect(await run([`${ANA}; ${RUI}`, REFUSED])).toEqual([]);
    expect(await run([`BEGIN; ${ANA}; COMMIT; ${RUI}`, REFUSED])).toEqual([['users', 'users#1', 'users#2']]);
  });

  it('hears from the answer that a COMMIT has rolled back', async () => {
    const { run } = world('postgres');
    expect(await run('BEGIN', ANA, ['COMMIT', answered('ROLLBACK')])).toEqual([]);
    expect(await run('BEGIN', ANA, ['COMMIT', answered('COMMIT')])).toEqual([USER_1]);
    expect(await run('BEGIN', ANA, ['COMMIT', REFUSED], 'COMMIT')).toEqual([]);
  });

  it('has DDL within a transaction, and a savepoint only within one', async () => {
    const { run, isOpen } = world('postgres');
    expect(await run('BEGIN', ANA, 'CREATE TABLE more (id int)', 'ROLLBACK')).toEqual([]);
    expect(await run('SAVEPOINT a', ANA)).toEqual([USER_1]);
    expect(isOpen()).toBe(false);
  });

  it('begins the next transaction with the end of one that chains', async () => {
    const { run, isOpen } = world('postgres');
    expect(await run('BEGIN', ANA, 'COMMIT AND CHAIN', RUI)).toEqual([USER_1]);
    expect(isOpen()).toBe(true);
    expect(await run('ROLLBACK AND CHAIN', ANA, 'COMMIT')).toEqual([USER_1]);
  });
});

describe('a source of MySQL', () => {
  it.each([
    ['CREATE TABLE more (id int)', ['more', 'more!bulk']],
    ['ALTER TABLE posts ADD COLUMN a int', ['posts', 'posts!bulk']],
    ['TRUNCATE posts', ['posts', 'posts!bulk']],
  ])('commits what is open, and itself, with %s', async (sql, tags) => {
    const { run, isOpen } = world('mysql');
    expect(await run('BEGIN', ANA, sql)).toEqual([USER_1, tags]);
    expect(isOpen()).toBe(false);
    expect(await run('ROLLBACK')).toEqual([]);
  });

  it.each(['START TRANSACTION', 'BEGIN', 'LOCK TABLES users WRITE', 'CREATE INDEX a ON users (name)'])(
    'commits what is open with %s',
    async (sql) => {
      const { run } = world('mysql');
      const [first] = await run('BEGIN', ANA, sql);
      expect(first).toEqual(USER_1);
    },
  );

  it('makes no commit of a temporary table', async () => {
    const { run } = world('mysql');
    const heard = await run('BEGIN', ANA, 'CREATE TEMPORARY TABLE mine (id int)', 'ROLLBACK');
    expect(heard.flat()).not.toContain('users#1');
  });

  it('begins a transaction with each statement while autocommit is off', async () => {
    const { run, isOpen } = world('mysql');
    expect(await run('SET autocommit = 0', ANA)).toEqual([]);
    expect(await run('COMMIT')).toEqual([USER_1]);
    expect(await run(ANA, 'ROLLBACK', RUI)).toEqual([]);
    expect(await run('SET autocommit = 1')).toEqual([USER_2]);
    expect(await run(ANA)).toEqual([USER_1]);
    expect(isOpen()).toBe(false);
  });

  it('keeps of a text of several statements what was carried out before one failed', async () => {
    const { run } = world('mysql');
    expect(await run([`${ANA}; ${RUI}`, REFUSED])).toEqual([['users', 'users#1', 'users#2']]);
  });

  it('tells at once and with the commit what a failing text has written that begins a transaction', async () => {
    const { run } = world('mysql');
    const both = ['users', 'users#1', 'users#2'];
    // The transaction may be open, or nothing of it may have been reached.
    expect(await run([`BEGIN; ${ANA}; ${RUI}`, REFUSED])).toEqual([both]);
    expect(await run('COMMIT')).toEqual([both]);
    expect(await run([`${ANA}; SELECT * FROM nope; BEGIN`, REFUSED])).toEqual([USER_1]);
    expect(await run(RUI)).toEqual([USER_2]);
    const heard = await run([`COMMIT; BEGIN; ${ANA}; SELECT * FROM nope`, REFUSED]);
    expect(new Set(heard.flat())).toEqual(new Set(both));
    expect(await run('COMMIT')).toEqual([both]);
  });

  it.each([
    'SET autocommit = 1',
    'UNLOCK TABLES',
    'CACHE INDEX users IN hot',
    'LOAD INDEX INTO CACHE users',
    'FLUSH STATUS',
    'ANALYZE FORMAT=JSON SELECT 1',
    'DROP PREPARE x',
  ])('tells at once and with the commit what was written before %s, which may commit nothing', async (sql) => {
    const { run, isOpen } = world('mysql');
    expect(await run('BEGIN', ANA, sql)).toEqual([USER_1]);
    expect(await run(RUI)).toEqual([USER_2]);
    expect(await run('COMMIT')).toEqual([['users', 'users#1', 'users#2']]);
    expect(isOpen()).toBe(false);
  });

  it('has rolled back what it would not commit', async () => {
    const { run } = world('mysql');
    expect(await run('BEGIN', ANA, ['COMMIT', REFUSED], 'COMMIT')).toEqual([]);
  });
});

describe('a source of PostgreSQL', () => {
  it('takes what stands before a BEGIN in its text into the transaction', async () => {
    const { run } = world('postgres');
    expect(await run(`${ANA}; BEGIN`)).toEqual([]);
    expect(await run('COMMIT')).toEqual([USER_1]);
    expect(await run('BEGIN', ANA, `COMMIT; ${RUI}; BEGIN`)).toEqual([USER_1]);
    expect(await run('COMMIT')).toEqual([USER_2]);
    expect(await run(`${ANA}; COMMIT; ${RUI}`)).toEqual([USER_1, USER_2]);
  });
});

describe('a source of SQLite', () => {
  it('does not keep for a commit what a failing text has written before it began a transaction', async () => {
    const { run } = world('sqlite');
    expect(await run([`${ANA}; SELECT * FROM nope; BEGIN`, REFUSED])).toEqual([USER_1]);
    expect(await run(RUI)).toEqual([USER_2]);
  });

  it('begins a transaction with a savepoint, and ends it where that is released', async () => {
    const { run, isOpen } = world('sqlite');
    expect(await run('SAVEPOINT a', ANA, 'SAVEPOINT b', RUI, 'ROLLBACK TO b', 'RELEASE b')).toEqual([]);
    expect(await run('RELEASE a')).toEqual([USER_1]);
    expect(isOpen()).toBe(false);
  });

  it('goes on with a transaction after its savepoint was taken back, and after one of the same name', async () => {
    const { run, isOpen } = world('sqlite');
    expect(await run('SAVEPOINT a', ANA, 'ROLLBACK TO a', 'SAVEPOINT a', RUI, 'RELEASE a')).toEqual([]);
    expect(isOpen()).toBe(true);
    expect(await run('RELEASE a')).toEqual([USER_2]);
  });

  it('ends nothing with a savepoint of a transaction that BEGIN has begun', async () => {
    const { run } = world('sqlite');
    expect(await run('BEGIN', 'SAVEPOINT a', ANA, 'RELEASE a')).toEqual([]);
    expect(await run('END')).toEqual([USER_1]);
  });

  it('keeps a transaction open that it could not commit', async () => {
    const { run, isOpen } = world('sqlite');
    expect(await run('BEGIN', ANA, ['COMMIT', REFUSED])).toEqual([]);
    expect(isOpen()).toBe(true);
    expect(await run('COMMIT')).toEqual([USER_1]);
  });

  it('keeps of a text of several statements what was carried out before one failed', async () => {
    const { run } = world('sqlite');
    expect(await run([`${ANA}; ${RUI}`, REFUSED])).toEqual([['users', 'users#1', 'users#2']]);
  });

  it('has DDL within a transaction', async () => {
    const { run } = world('sqlite');
    expect(await run('BEGIN', ANA, 'CREATE TABLE more (id int)', 'ROLLBACK')).toEqual([]);
  });
});

describe('what has failed and is there all the same', () => {
  it.each([
    'CREATE TABLE users (id int)',
    'TRUNCATE TABLE none',
    'LOCK TABLES none WRITE',
    'CREATE INDEX i ON none (a)',
    'DROP VIEW none',
  ])('is in MySQL what was open when it began with %s', async (sql) => {
    const { run } = world('mysql');
    expect(await run('BEGIN', ANA, [sql, REFUSED], 'ROLLBACK')).toEqual([USER_1]);
    expect(await run('BEGIN', ANA, ['INSERT INTO users (id) VALUES (1)', REFUSED], 'ROLLBACK')).toEqual([]);
  });

  it('is in SQLite what OR FAIL had changed by then, and what OR REPLACE took away', async () => {
    const { run } = world('sqlite');
    expect(await run(["UPDATE OR FAIL users SET name = 'x' WHERE id = 1", REFUSED])).toEqual([USER_1]);
    expect(await run(['UPDATE OR ABORT users SET id = 2 WHERE id = 1', REFUSED])).toEqual([]);
    expect(await run('UPDATE OR REPLACE users SET email = 1 WHERE id = 1')).toEqual([['users', 'users!bulk']]);
  });
});

it('holds everything, too, where nobody has heard the end of it', async () => {
  const clock = new FakeClock(Date.now());
  const cache = createCache({ clock });
  const kind = { name: 'pg', dialect: 'postgres', statements: statementsOf('postgres'), learns: false } as const;
  const { source } = openSource(readWatchOptions('watch', { cache }), kind);
  await source.ran({}, 'CALL tidy()', [], UNKNOWN);
  const made = async (): Promise<string | undefined> => {
    await cache.getOrSet('a', () => 1, { ttl: '5m' });
    return (await cache.explain({ key: 'a' })).stored[0]?.state;
  };
  expect(await made()).toBe('fresh');
  clock.advance('31s');
  expect((await cache.explain({ key: 'a' })).stored[0]?.state).toBe('invalidated');
  expect(await made()).toBe('fresh');
  clock.advance('31s');
  expect((await cache.explain({ key: 'a' })).stored[0]?.state).toBe('fresh');
});

it.each([
  'SET ROLE tenant',
  'SET LOCAL ROLE a',
  'SET SESSION AUTHORIZATION a',
  'RESET ROLE',
  'DISCARD ALL',
  'RESET ALL',
])('takes bare names for tables of any schema behind %s', async (sql) => {
  const cache = createCache();
  const kind = { name: 'pg', dialect: 'postgres', statements: statementsOf('postgres'), learns: false } as const;
  const heard: (readonly string[])[] = [];
  cache.on((event) => void (event.type === 'invalidated' && heard.push(event.tags)));
  const { source } = openSource(
    readWatchOptions('watch', { cache, tables: { users: { pk: 'id' }, 'tenant.users': { pk: 'id' } } }),
    kind,
  );
  await source.ran({}, sql, [], DONE);
  await source.ran({}, ANA, [], DONE);
  expect(heard.flat()).toEqual(expect.arrayContaining(['users', 'tenant.users']));
});
