import type { ScenarioDriver, Writes } from './driver.js';
import type { ViewName } from './views-site.js';

/** One write, and exactly the views that it must drop: each other one must still answer from what is stored. */
export interface Scenario {
  /** As in the list that all drivers are measured by. */
  readonly id: string;
  readonly what: string;
  readonly drops: readonly ViewName[];
  write(driver: ScenarioDriver): Promise<unknown>;
}

/** What shows any user: all of them, and posts with their authors. */
const ANY_USER = ['VL', 'VP'] as const;
const EACH_USER = ['V1', 'V2', 'V9', ...ANY_USER] as const;
const NOTHING = [] as const;

/** A scenario of one call. */
function call(
  id: string,
  what: string,
  drops: readonly ViewName[],
  write: (writes: Writes<unknown>) => unknown,
): Scenario {
  return { id, what, drops, write: async ({ writes }) => await write(writes) };
}

class Undone extends Error {}

async function undone(work: Promise<unknown>): Promise<void> {
  await work.then(
    () => {
      throw new Error('it was to be rolled back');
    },
    (error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    },
  );
}

/** Statements and calls of one row, of many, and of rows that nobody knows. */
export const SINGLE: readonly Scenario[] = [
  call('1', 'a new row, whose key is told', ANY_USER, (on) => on.insertUser('Eva')),
  call('2', 'a row by its key', ['V1', ...ANY_USER], (on) => on.renameUser(1, 'Anabela')),
  call('3', 'a row that was not changed', NOTHING, (on) => on.saveUnchanged?.(1)),
  call('5', 'rows by another column', EACH_USER, (on) => on.renameUsersWith('ana@example.com', 'Anabela')),
  call('6', 'no row', NOTHING, (on) => on.renameUsersWith('nobody@example.com', 'Nobody')),
  call('7', 'a row by its key or another column', EACH_USER, (on) => on.renameUserOr?.(1, 'rui@example.com', 'Both')),
  call('9', 'INSERT … SELECT', ['VP', 'VC'], (on) =>
    on.raw('INSERT INTO posts (title, user_id) SELECT title, user_id FROM posts'),
  ),
  call('10', 'a statement by its key', ['V1', ...ANY_USER], (on) =>
    on.raw("UPDATE users SET name = 'Anabela' WHERE id = 1"),
  ),
  call('11', 'a statement that names a table in a comment and a text', NOTHING, (on) =>
    on.raw("SELECT 'UPDATE users SET name = 1' AS said /* DELETE FROM users */ -- and users"),
  ),
  call('12', 'a DELETE in a WITH, and what refers to it', ['VP', 'VC', 'comments', 'tags'], (on) =>
    on.raw('WITH gone AS (DELETE FROM posts WHERE id = 1 RETURNING id, user_id) SELECT user_id AS id FROM gone'),
  ),
  call('13', 'TRUNCATE … CASCADE', ['VP', 'VC', 'comments', 'tags'], (on) => on.raw('TRUNCATE posts CASCADE')),
  call('14', 'a new row with the key that was looked for', ['V9', ...ANY_USER], (on) => on.insertUserAs(9, 'Nina')),
  call('15', 'an upsert of a row that is there', ['V1', ...ANY_USER], (on) => on.upsertUser?.(1, 'Anabela')),
  call('16', 'an upsert of a row that is not', ['V9', ...ANY_USER], (on) => on.upsertUser?.(9, 'Nina')),
  call('17', 'an increment', ['VP', 'VC'], (on) => on.increment(1)),
  call('20', 'several new rows', ANY_USER, (on) => on.insertUsers?.(['Eva', 'Ivo'])),
  call(
    '22-25',
    'a row that others refer to: CASCADE over two levels, SET NULL',
    ['V2', ...ANY_USER, 'VC', 'comments', 'profiles', 'tags'],
    (on) => on.deleteUser(2),
  ),
  call('26', 'a row of a table between two', ['tags'], (on) => on.tag(1, 2)),
  call('65', 'DDL', [...EACH_USER], (on) => on.raw('ALTER TABLE users ALTER COLUMN email SET DEFAULT NULL')),
  call('unread', 'a table that no view reads', NOTHING, (on) => on.raw("UPDATE tags SET name = 'x' WHERE id = 99")),
];

/** Transactions and savepoints. */
export const TRANSACTIONS: readonly Scenario[] = [
  {
    id: '31',
    what: 'a transaction that commits',
    drops: ['V1', ...ANY_USER, 'VC'],
    write: (driver) =>
      driver.transaction(async (tx) => {
        await driver.writes.renameUser(1, 'Anabela', tx);
        await driver.writes.insertPost('Third', 1, tx);
      }),
  },
  {
    id: '32',
    what: 'a transaction that is rolled back',
    drops: NOTHING,
    write: (driver) =>
      undone(
        driver.transaction(async (tx) => {
          await driver.writes.renameUser(1, 'Anabela', tx);
          throw new Undone();
        }),
      ),
  },
  {
    id: '34',
    what: 'a savepoint that is rolled back in a transaction that commits',
    drops: ['V1', ...ANY_USER],
    write: (driver) =>
      driver.transaction(async (tx) => {
        await driver.writes.renameUser(1, 'Anabela', tx);
        await undone(
          driver.nested(tx, async (inner) => {
            await driver.writes.renameUser(2, 'Rita', inner);
            await driver.writes.insertPost('Third', 1, inner);
            throw new Undone();
          }),
        );
      }),
  },
  {
    id: '35',
    what: 'a savepoint that is released in a transaction that is rolled back',
    drops: NOTHING,
    write: (driver) =>
      undone(
        driver.transaction(async (tx) => {
          await driver.nested(tx, async (inner) => await driver.writes.renameUser(2, 'Rita', inner));
          throw new Undone();
        }),
      ),
  },
  {
    id: '36',
    what: 'three levels, of which the middle one is rolled back',
    drops: ['V1', ...ANY_USER],
    write: (driver) =>
      driver.transaction(async (tx) => {
        await driver.writes.renameUser(1, 'Anabela', tx);
        await undone(
          driver.nested(tx, async (middle) => {
            await driver.nested(middle, async (inner) => await driver.writes.insertPost('Third', 1, inner));
            throw new Undone();
          }),
        );
        await driver.nested(tx, async (inner) => await driver.writes.renameUser(1, 'Ana Maria', inner));
      }),
  },
  {
    id: '40',
    what: 'a write outside the transaction that is rolled back',
    drops: ['V2', ...ANY_USER],
    write: (driver) =>
      undone(
        driver.transaction(async (tx) => {
          await driver.writes.insertPost('Third', 1, tx);
          await driver.writes.renameUser(2, 'Rita');
          throw new Undone();
        }),
      ),
  },
];
