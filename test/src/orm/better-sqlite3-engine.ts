import { describe } from '@jest/globals';
import type { Database } from 'better-sqlite3';
import type { Engine } from './sqlite-driver.js';

/** better-sqlite3 13 ends a Node.js 20 by a segmentation fault: there it must not even be imported. */
const isRunnable = Number(process.versions.node.split('.')[0]) >= 22;

export const describeBetterSqlite3: typeof describe = isRunnable ? describe : (describe.skip as typeof describe);

/** An empty database in memory, or one in a file. */
export async function openBetterSqlite3(file = ':memory:'): Promise<Database> {
  const { default: Database } = await import('better-sqlite3');
  return new Database(file);
}

export function betterSqlite3Engine(database: Database): Engine {
  return {
    rows: (sql, parameters) => database.prepare(sql).all(...parameters),
    run: (sql, parameters) => database.prepare(sql).run(...parameters),
    returning: (sql, parameters) => database.prepare(sql).all(...parameters),
    exec: (sql) => database.exec(sql),
    close: () => void database.close(),
  };
}
