import type { NotifyClient, NotifyPool } from './notify-types.js';
import { clientsOf } from './own-client.js';

const DEADLINE_MS = 10_000;
/** Two processes that start at once are not to install the same at once: any number that is nobody else's. */
const LOCK = 7_843_692_651;

/** A connection for some statements: of the values that they return only the first column counts. */
export interface Session {
  readonly role: string;
  readonly database: string;
  ask(sql: string, values?: readonly unknown[]): Promise<readonly unknown[]>;
  /** All of it or none, and with the locks of none but this. */
  inTransaction<T>(work: () => Promise<T>): Promise<T>;
}

/** Does something on a connection of its own, alone in the database with what goes this way. */
export async function inSession<T>(what: string, pool: NotifyPool, work: (session: Session) => Promise<T>): Promise<T> {
  const client: NotifyClient = clientsOf(what, pool, DEADLINE_MS)();
  // Whatever waits for an answer hears of it.
  client.on('error', () => {});
  await client.connect();
  try {
    const ask: Session['ask'] = async (sql, values) =>
      (await client.query(sql, values)).rows.map((row) => Object.values(row)[0] as unknown);
    await ask('SELECT pg_advisory_lock($1)', [LOCK]);
    const [role, database] = [await ask('SELECT current_user::text'), await ask('SELECT current_database()::text')];
    return await work({
      role: quoted(String(role[0])),
      database: quoted(String(database[0])),
      ask,
      async inTransaction(inside) {
        await ask('BEGIN');
        try {
          await ask("SET LOCAL lock_timeout = '5s'");
          const result = await inside();
          await ask('COMMIT');
          return result;
        } catch (error) {
          await ask('ROLLBACK').catch(() => {});
          throw error;
        }
      },
    });
  } finally {
    await client.end().catch(() => {});
  }
}

/** A name as SQL has it. */
export function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replace(/"/g, '""')}"`;
}
