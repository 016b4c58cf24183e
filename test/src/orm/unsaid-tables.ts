import type { Cache } from '@viewcache/core';
import type { Keeping } from './kept.js';

/** What is read, and what the database changes of it along with another write. */
export type Unsaid = readonly [what: string, read: string, write: string];

/** What migrations have written, and no entity says. */
export const UNSAID = {
  postgres: [
    'CREATE TABLE likes (id serial PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE)',
    'CREATE VIEW authors AS SELECT u.name, count(p.id) FROM users u LEFT JOIN posts p ON p.user_id = u.id GROUP BY u.id',
    `CREATE FUNCTION rename_user(of int, to_name text) RETURNS void LANGUAGE sql
      AS 'UPDATE users SET name = to_name WHERE id = of'`,
    'CREATE TABLE audit (id serial PRIMARY KEY, note text)',
    `CREATE FUNCTION noting() RETURNS trigger LANGUAGE plpgsql
      AS 'BEGIN INSERT INTO audit (note) VALUES (NEW.name); RETURN NEW; END'`,
    'CREATE TRIGGER noting AFTER UPDATE ON tags FOR EACH ROW EXECUTE FUNCTION noting()',
    'CREATE RULE saying AS ON DELETE TO tags DO ALSO INSERT INTO audit (note) VALUES (OLD.name)',
    'CREATE TABLE days (day int, n int) PARTITION BY LIST (day)',
    'CREATE TABLE monday PARTITION OF days FOR VALUES IN (1)',
  ],
  mysql: elsewhere('int AUTO_INCREMENT PRIMARY KEY'),
  sqlite: elsewhere('integer PRIMARY KEY'),
} as const;

export const DROP_UNSAID = `DROP RULE saying ON tags; DROP TABLE likes, audit, days; DROP VIEW authors;
  DROP FUNCTION rename_user; DROP FUNCTION noting CASCADE`;

const UPDATE_1 = "UPDATE users SET name = 'x' WHERE id = 1";

export const ON_POSTGRES: readonly Unsaid[] = [
  ['a view without an entity', 'SELECT * FROM authors', UPDATE_1],
  ['a function that is called', 'SELECT * FROM users WHERE id = 1', "SELECT rename_user(1, 'y')"],
  ['a trigger', 'SELECT * FROM audit', "UPDATE tags SET name = 'x' WHERE id = 1"],
  ['a rule', 'SELECT * FROM audit', 'DELETE FROM tags WHERE id = 2'],
  ['a cascade', 'SELECT * FROM likes', 'DELETE FROM users WHERE id = 2'],
  ['a partition', 'SELECT * FROM days', 'INSERT INTO monday VALUES (1, 1)'],
  ['the whole of a partition', 'SELECT * FROM monday', 'INSERT INTO days VALUES (1, 1)'],
];

/** Of these, what MariaDB and SQLite have, too. */
export const ELSEWHERE = ON_POSTGRES.filter(([what]) =>
  ['a view without an entity', 'a trigger', 'a cascade'].includes(what),
);

function elsewhere(id: string): readonly string[] {
  return [
    `CREATE TABLE likes (id ${id}, user_id int, FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE)`,
    'CREATE VIEW authors AS SELECT u.name, p.title FROM users u JOIN posts p ON p.user_id = u.id',
    `CREATE TABLE audit (id ${id}, note varchar(100))`,
    "CREATE TRIGGER noting AFTER UPDATE ON tags FOR EACH ROW BEGIN INSERT INTO audit (note) VALUES ('x'); END",
  ];
}

/** Keeps what is read, writes, and says whether it has to be read once more. */
export async function isDropped(
  keeping: Keeping,
  send: (sql: string) => Promise<unknown>,
  [, read, write]: Unsaid,
): Promise<boolean> {
  const kept = await keeping.keep(() => send(read));
  await send(write);
  return await kept.isMadeAgain();
}

export function warningsOf(cache: Cache): string[] {
  const warnings: string[] = [];
  cache.on((event) => void (event.type === 'warning' && warnings.push(event.message)));
  return warnings;
}
